"""Numbers messages and holds them until they are sent; when it is full the oldest go, which leaves a visible hole."""

from collections import deque
from typing import Final

import msgspec

__all__ = ["Outbox"]

_BATCH: Final = 256
_BATCH_BYTES: Final = 64 * 1024


class Outbox:
    """Bounded in messages and in bytes. The newest message is always kept, so the hole before it shows."""

    def __init__(self, limit: int, limit_bytes: int) -> None:
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._waiting: deque[msgspec.Raw] = deque()
        self._bytes = 0
        self._taken: int | None = None
        self.last = 0
        """The number of the newest message; numbers begin at 1."""
        self.sent = 0
        self.dropped = 0

    def put(self, packed: msgspec.Raw) -> None:
        self.last += 1
        self._waiting.append(packed)
        self._bytes += len(packed)
        while len(self._waiting) > 1 and (len(self._waiting) > self._limit or self._bytes > self._limit_bytes):
            self._bytes -= len(self._waiting.popleft())
            self.dropped += 1

    def take(self) -> tuple[int, list[msgspec.Raw]]:
        """The oldest messages, as many as go well together, and the number of the first; report with ``done``."""
        first = self.last - len(self._waiting) + 1
        batch: list[msgspec.Raw] = []
        size = 0
        while self._waiting and len(batch) < _BATCH and (not batch or size + len(self._waiting[0]) <= _BATCH_BYTES):
            packed = self._waiting.popleft()
            size += len(packed)
            batch.append(packed)
        self._bytes -= size
        if batch:
            self._taken = first
        return first, batch

    def done(self, count: int) -> None:
        """What was taken, ``count`` messages, is sent."""
        self._taken = None
        self.sent += count

    @property
    def settled(self) -> int:
        """Everything up to this number is sent, or dropped."""
        return self.last - len(self._waiting) if self._taken is None else self._taken - 1

    def __len__(self) -> int:
        return len(self._waiting)
