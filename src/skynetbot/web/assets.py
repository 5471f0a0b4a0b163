"""The dashboard's own files: read once, named with their hash, served from memory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Asset", "Assets"]

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    content_type: str
    tag: str
    """First half of the body's SHA-256, in hex."""


class Assets:
    """All files of the static folder; a name outside of it cannot be asked for, because it is not in the table."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }

    def get(self, name: str) -> Asset | None:
        return self._files.get(name)

    def url(self, name: str) -> str:
        """The address that changes with the content. Raises KeyError for a file that is not there."""
        return f"/static/{name}?v={self._files[name].tag[:12]}"


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:32])
