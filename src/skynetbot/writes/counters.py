"""Activity counters on their way to the database: merged by key, flushed together, kept until committed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.activity import ActivityRepository, CounterBatch
from skynetbot.storage.database import StorageError

__all__ = ["CounterBuffer"]

_log = get_logger(__name__)
_FLUSH_AT_KEYS: Final = 2_000
_MAX_BACKOFF_S: Final = 30.0


class CounterBuffer:
    """Counts in the event loop without waiting; ``run`` flushes until it is cancelled, ``flush`` does it now.

    A batch that fails stays and is tried again with a growing pause; what is counted meanwhile merges behind it.
    ``on_flushed`` gets each committed batch with the members' new totals.
    A kill -9 loses at most the last flush interval, never what was committed.
    """

    def __init__(
        self,
        activity: ActivityRepository,
        metrics: Metrics,
        *,
        interval_s: float,
        on_flushed: Callable[[CounterBatch, Mapping[tuple[int, int], int]], None],
    ) -> None:
        self._activity = activity
        self._metrics = metrics
        self._interval_s = interval_s
        self._on_flushed = on_flushed
        self._pending = CounterBatch()
        self._in_flight: CounterBatch | None = None
        self._lock = asyncio.Lock()
        self._full = asyncio.Event()

    def count_message(self, guild_id: int, user_id: int, name: str, day: int) -> None:
        """One more message of the member on that day (days since 1970-01-01, UTC)."""
        pending = self._pending
        member = (guild_id, user_id)
        pending.members[member] = pending.members.get(member, 0) + 1
        pending.names[member] = name
        key = (guild_id, day)
        pending.days[key] = pending.days.get(key, 0) + 1
        if len(pending.members) >= _FLUSH_AT_KEYS:
            self._full.set()

    def pending_messages(self, guild_id: int, user_id: int) -> int:
        """What is counted but not yet committed, so that readers see it."""
        key = (guild_id, user_id)
        total = self._pending.members.get(key, 0)
        if self._in_flight is not None:
            total += self._in_flight.members.get(key, 0)
        return total

    async def run(self) -> None:
        """Flush every interval, or sooner when many keys wait; ends only by cancellation."""
        backoff = self._interval_s
        while True:
            try:
                async with asyncio.timeout(backoff):
                    await self._full.wait()
            except TimeoutError:
                pass
            try:
                await self.flush()
                backoff = self._interval_s
            except StorageError as error:
                backoff = min(backoff * 2, _MAX_BACKOFF_S)
                _log.error("counters not committed yet, kept for the next try", error=str(error), retry_s=backoff)

    async def flush(self) -> None:
        """Commit everything counted before this call.

        Raises:
            StorageError: nothing was lost; the batch is tried again at the next flush.
        """
        async with self._lock:
            # A batch whose commit failed goes first; what was counted since merges behind it.
            if self._in_flight is not None:
                await self._commit(self._in_flight)
            if len(self._pending):
                self._in_flight, self._pending = self._pending, CounterBatch()
                self._full.clear()
                await self._commit(self._in_flight)
            self._metrics.counters_pending.set(len(self._pending))

    async def _commit(self, batch: CounterBatch) -> None:
        try:
            totals = await self._activity.apply(batch)
        except StorageError:
            self._metrics.counter_flushes.labels("failed").inc()
            raise
        self._in_flight = None
        self._metrics.counter_flushes.labels("ok").inc()
        self._on_flushed(batch, totals)

    def stats(self) -> dict[str, int]:
        return {"pending_keys": len(self._pending), "in_flight_keys": len(self._in_flight or ())}
