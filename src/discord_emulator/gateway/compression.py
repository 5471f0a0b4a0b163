"""Transport compression of one connection: one context for its whole life, as Discord keeps it.

Source: https://discord.com/developers/docs/events/gateway#encoding-and-compression
"""

import sys
import zlib
from typing import Final, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["COMPRESSIONS", "Compressor", "make_compressor"]


class Compressor(Protocol):
    def compress(self, data: bytes) -> bytes:
        """The whole message, flushed so that the receiver can read it now."""
        ...


class _ZlibStream:
    """Every message ends with the four bytes 00 00 FF FF of a sync flush."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(level=1)

    def compress(self, data: bytes) -> bytes:
        return self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


class _ZstdStream:
    """Every message ends a block; the frame stays open until the connection ends."""

    def __init__(self) -> None:
        self._zstd = zstd.ZstdCompressor(level=1)

    def compress(self, data: bytes) -> bytes:
        return self._zstd.compress(data, mode=zstd.ZstdCompressor.FLUSH_BLOCK)


COMPRESSIONS: Final = ("zlib-stream", "zstd-stream")


def make_compressor(name: str | None) -> Compressor | None:
    """The compressor that ``?compress=`` names; None for none.

    Raises:
        ValueError: no such compression.
    """
    match name:
        case None | "":
            return None
        case "zlib-stream":
            return _ZlibStream()
        case "zstd-stream":
            return _ZstdStream()
        case _:
            raise ValueError(f"compress must be one of {', '.join(COMPRESSIONS)}, not {name!r}")
