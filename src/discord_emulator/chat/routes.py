"""Routes that serve the chat page and its files, with a content security policy that allows nothing inline."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from discord_emulator.context import EmulatorContext

__all__ = ["CONTENT_SECURITY_POLICY", "add_routes"]

_STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

_DIRECTIVES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    # Bots put pictures from anywhere into embeds, and Discord shows them; nothing else may come from outside.
    "img-src 'self' data: blob: http: https:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY: Final = "; ".join(_DIRECTIVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    body: bytes
    content_type: str
    etag: str


def _load() -> dict[str, _Asset]:
    """Every file of the page by name, read once: the page is small and must not change under a running tab."""
    assets: dict[str, _Asset] = {}
    for path in sorted(_STATIC.iterdir()):
        content_type = _TYPES.get(path.suffix)
        if content_type is not None:
            body = path.read_bytes()
            etag = hashlib.sha256(body).hexdigest()[:20]
            assets[path.name] = _Asset(body=body, content_type=content_type, etag=etag)
    return assets


def _respond(request: web.Request, asset: _Asset) -> web.Response:
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
        "ETag": f'"{asset.etag}"',
    }
    if any(tag.value == asset.etag for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers)


def add_routes(app: web.Application, context: EmulatorContext) -> None:
    """Add ``GET /`` (the page) and ``GET /chat/{name}`` (its files) to the emulator's application.

    The page needs nothing of ``context``: it talks to the public gateway, REST and control routes like any client.
    """
    del context
    assets = _load()

    async def page(request: web.Request) -> web.Response:
        return _respond(request, assets["index.html"])

    async def file(request: web.Request) -> web.Response:
        asset = assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="The chat page has no such file.")
        return _respond(request, asset)

    app.router.add_get("/", page)
    app.router.add_get("/chat/{name}", file)
