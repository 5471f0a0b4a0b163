"""Holding leases and taking back those of workers that are gone, without trusting anybody's wall clock."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError
from skynetbot.storage.jobs import JobRepository

__all__ = ["LeaseWatch"]

_log = get_logger(__name__)
_BEATS: Final = 3
"""Signs of life in the length of a lease."""


class LeaseWatch:
    """Beats for what this worker holds, and watches the beats of the others. ``run`` until cancelled."""

    def __init__(
        self,
        repository: JobRepository,
        worker: str,
        lease_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = repository
        self._worker = worker
        self._lease_s = lease_s
        self._clock = clock
        self._held: dict[int, int] = {}
        self._seen: dict[int, tuple[int, int, float]] = {}
        """id -> (token, beat, since when it stands still)."""
        self._missed: set[int] = set()

    def hold(self, id_: int, token: int) -> None:
        self._held[id_] = token

    def drop(self, id_: int) -> None:
        self._held.pop(id_, None)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / _BEATS)
            try:
                await self.round()
            except StorageError as error:
                _log.warning("leases cannot be renewed", error=str(error))

    async def round(self) -> int:
        """Beat once and look at the others once; how many jobs were taken back."""
        held = tuple(self._held.items())
        gone = set(await self._repository.beat(held)) if held else set()
        # One that is done and being deleted just now is missed, too, but only once.
        for id_ in gone & self._missed & self._held.keys():
            _log.warning("a job was taken by another worker", job=id_)
        self._missed = gone
        now = self._clock()
        seen: dict[int, tuple[int, int, float]] = {}
        stale: list[tuple[int, int, int]] = []
        for id_, token, beat, worker in await self._repository.leased():
            if worker == self._worker and id_ in self._held:
                continue
            before = self._seen.get(id_)
            since = before[2] if before is not None and before[:2] == (token, beat) else now
            seen[id_] = (token, beat, since)
            if now - since >= self._lease_s:
                stale.append((id_, token, beat))
        self._seen = seen
        if not stale:
            return 0
        taken = await self._repository.take_back(stale)
        if taken:
            _log.warning("jobs of a worker that gives no sign of life were taken back", jobs=taken)
        return taken
