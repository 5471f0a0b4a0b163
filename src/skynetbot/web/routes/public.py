"""What anybody may see: the landing page and the site's own files."""

from litestar import Response, get
from litestar.exceptions import NotFoundException

from skynetbot.web.routes.parameters import AnyRequest, TheSite

__all__ = ["landing", "static_file"]


@get("/")
async def landing(request: AnyRequest, site: TheSite) -> Response[str]:
    return site.pages.page("landing.html", session=await site.sessions.load(request))


@get("/static/{name:path}")
async def static_file(request: AnyRequest, site: TheSite, name: str) -> Response[bytes]:
    """A file with its tag; under the address that names its hash it may be kept for ever."""
    asset = site.assets.get(str(name).lstrip("/"))
    if asset is None:
        raise NotFoundException
    named = request.query_params.get("v") == asset.tag[:12]
    headers = {
        "ETag": f'"{asset.tag}"',
        "Cache-Control": "public, max-age=31536000, immutable" if named else "no-cache",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=asset.content_type)
    return Response(asset.body, headers=headers, media_type=asset.content_type)
