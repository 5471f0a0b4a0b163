"""Open live streams: how many, whose, and how they end (logout, shutdown, too many)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from litestar.exceptions import HTTPException

__all__ = ["Stream", "StreamRegistry", "TooManyStreams"]

# Granian holds at most 5000 connections for us (see server.py); pages need their share.
_MAX_STREAMS: Final = 4000


class TooManyStreams(HTTPException):
    status_code = 429
    detail = "Too many open live pages. Close some tabs."


class Stream:
    """One open stream; ``ending`` is set when it has to finish."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.ending = asyncio.Event()


class StreamRegistry:
    """All open streams of this process, by session."""

    def __init__(self, max_per_owner: int, max_total: int = _MAX_STREAMS) -> None:
        self._max_per_owner = max_per_owner
        self._max_total = max_total
        self._open: dict[str, set[Stream]] = {}
        self._count = 0
        self._closed = False

    def check(self, owner: str) -> None:
        """Raises TooManyStreams when ``owner`` may not open another one."""
        if self._count >= self._max_total or len(self._open.get(owner, ())) >= self._max_per_owner:
            raise TooManyStreams

    @contextmanager
    def opened(self, owner: str) -> Iterator[Stream]:
        stream = Stream(owner)
        if self._closed:
            stream.ending.set()
        self._open.setdefault(owner, set()).add(stream)
        self._count += 1
        try:
            yield stream
        finally:
            self._count -= 1
            mine = self._open[owner]
            mine.discard(stream)
            if not mine:
                del self._open[owner]

    def end(self, owner: str) -> None:
        for stream in self._open.get(owner, ()):
            stream.ending.set()

    def close(self) -> None:
        """End all streams, and at once every one that still comes."""
        self._closed = True
        for owner in self._open:
            self.end(owner)

    def stats(self) -> dict[str, int]:
        return {"streams": self._count, "sessions": len(self._open)}
