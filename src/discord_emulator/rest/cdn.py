"""The content delivery network: uploads as they came, and pictures drawn from the id where somebody has one.

Source: https://discord.com/developers/docs/reference#image-formatting
"""

import hashlib
import struct
import zlib
from typing import Any, Final

from aiohttp import web

from discord_emulator.context import EmulatorContext

__all__ = ["add_cdn_routes"]

_SIZES: Final = (16, 32, 64, 80, 96, 128, 256, 512)
_HEADERS: Final = {
    "Cache-Control": "public, max-age=86400",
    "X-Content-Type-Options": "nosniff",
    # What people upload is shown as a picture or not at all, never run as a page of this origin.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Access-Control-Allow-Origin": "*",
}
_SHOWN: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "audio/mpeg", "text/plain")


def add_cdn_routes(app: web.Application, context: EmulatorContext) -> None:
    """Add ``/cdn/...``: attachments, avatars, server icons and the default avatars."""

    async def attachment(request: web.Request) -> web.Response:
        uploads: dict[int, tuple[str, bytes]] = context.rooms.get("uploads", {})
        text = request.match_info["attachment_id"]
        found = uploads.get(int(text)) if text.isdigit() else None
        if found is None:
            raise web.HTTPNotFound(text="This attachment is not here, or no longer.")
        content_type, content = found
        content_type = content_type if content_type in _SHOWN else "application/octet-stream"
        return web.Response(body=content, content_type=content_type, headers=_HEADERS)

    async def picture(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        stem, _, kind = name.rpartition(".")
        seed = f"{request.match_info.get('owner_id', '')}/{stem}"
        if kind == "svg":
            return web.Response(text=_svg(seed), content_type="image/svg+xml", headers=_HEADERS)
        if kind not in ("png", "webp", "jpg", "jpeg", "gif"):
            raise web.HTTPUnsupportedMediaType(text="Ask for .png or .svg.")
        return web.Response(body=_png(seed, _size(request)), content_type="image/png", headers=_HEADERS)

    app.router.add_get("/cdn/attachments/{attachment_id}/{name}", attachment)
    app.router.add_get("/cdn/embed/avatars/{name}", picture)
    for place in ("avatars", "icons", "banners", "splashes", "app-icons", "role-icons"):
        app.router.add_get(f"/cdn/{place}/{{owner_id}}/{{name}}", picture)


def _size(request: web.Request) -> int:
    text = request.query.get("size", "128")
    wanted = int(text) if text.isdigit() and len(text) <= 5 else 128
    return next((size for size in _SIZES if size >= wanted), _SIZES[-1])


def _blocks(seed: str) -> tuple[tuple[int, int, int], list[list[bool]]]:
    """A colour and five rows of five blocks, mirrored so that they look like something."""
    digest = hashlib.sha256(seed.encode()).digest()
    colour = (96 + digest[0] % 128, 96 + digest[1] % 128, 96 + digest[2] % 128)
    rows = []
    for row in range(5):
        half = [bool(digest[3 + row * 3 + column] & 1) for column in range(3)]
        rows.append([*half, half[1], half[0]])
    return colour, rows


def _svg(seed: str) -> str:
    (red, green, blue), rows = _blocks(seed)
    cells = "".join(
        f'<rect x="{column + 1}" y="{row + 1}" width="1" height="1"/>'
        for row, line in enumerate(rows)
        for column, filled in enumerate(line)
        if filled
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 7" shape-rendering="crispEdges">'
        f'<rect width="7" height="7" fill="#2b2d31"/><g fill="rgb({red},{green},{blue})">{cells}</g></svg>'
    )


def _png(seed: str, size: int) -> bytes:
    """The same picture as a PNG with a palette of two colours: https://www.w3.org/TR/png-3/."""
    colour, rows = _blocks(seed)
    lines = []
    for y in range(size):
        row = y * 7 // size - 1
        cells = bytearray(size)
        if 0 <= row < 5:
            for x in range(size):
                column = x * 7 // size - 1
                cells[x] = 0 <= column < 5 and rows[row][column]
        lines.append(b"\0" + bytes(cells))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header: tuple[Any, ...] = (size, size, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
        + chunk(b"PLTE", bytes((0x2B, 0x2D, 0x31, *colour)))
        + chunk(b"IDAT", zlib.compress(b"".join(lines)))
        + chunk(b"IEND", b"")
    )
