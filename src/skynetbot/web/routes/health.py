"""For machines that watch: alive, ready, metrics."""

from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

from litestar import Response, get
from litestar.exceptions import HTTPException

from skynetbot.web.routes.parameters import AnyRequest, TheSite

__all__ = ["healthz", "metrics", "readyz"]


@get("/healthz", media_type="text/plain")
async def healthz() -> str:
    """The process answers; nothing more."""
    return "ok\n"


@get("/readyz")
async def readyz(site: TheSite) -> Response[dict[str, Any]]:
    """200 when everything that the bot needs works, otherwise 503 with the reasons."""
    checks = [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in await site.ports.health.readiness()]
    ready = all(check["ok"] for check in checks)
    return Response({"ready": ready, "checks": checks}, status_code=200 if ready else 503)


@get("/metrics")
async def metrics(request: AnyRequest, site: TheSite) -> Response[bytes]:
    """For a collector on this machine, or one that knows the token; a proxy's visitors are neither."""
    if not _is_local(request):
        token = site.config.metrics_token
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or not compare_digest(given.encode(), token.encode()):
            raise HTTPException(status_code=403, detail="Metrics are for this machine, or with the metrics token.")
    body, content_type = site.ports.health.metrics()
    # Litestar adds the charset of a text itself.
    return Response(body, media_type=content_type.replace("; charset=utf-8", ""))


def _is_local(request: AnyRequest) -> bool:
    if request.client is None or any(name in request.headers for name in ("x-forwarded-for", "forwarded")):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
