"""Moves the journal to the disk: after every group, every few milliseconds, or when the system pleases."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, TypeAlias

from skynetbot.observability.logs import get_logger
from skynetbot.writes.journal import Journal, JournalError

__all__ = ["Durability", "SyncPolicy"]

_log = get_logger(__name__)

SyncPolicy: TypeAlias = Literal["always", "interval", "never"]
"""``always``: an acknowledgement waits for the disk. ``interval``: the disk follows at most 50 ms later."""

_INTERVAL_S: Final = 0.05


class Durability:
    """Syncs in a thread of its own. ``run`` until cancelled."""

    def __init__(self, journal: Journal, policy: SyncPolicy, on_trouble: Callable[[], None]) -> None:
        """``on_trouble`` is called when the disk refuses: what it cannot keep has to be committed quickly."""
        self._journal = journal
        self._policy = policy
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-sync")
        self._dirty = asyncio.Event()
        self._hurry = asyncio.Event()
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.synced = 0
        """The highest sequence number that the disk has."""
        self.syncs = 0
        self._on_trouble = on_trouble
        self._trouble: JournalError | None = None

    def touch(self) -> None:
        """Bytes were appended."""
        if self._policy != "never" and not self._dirty.is_set():
            self._dirty.set()

    async def covers(self, sequence: int) -> None:
        """Return when everything up to ``sequence`` is on the disk, in the journal or in the database.

        Raises:
            JournalError: the disk refused, and the database was away: it is only in memory for now.
        """
        if self.synced >= sequence:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((sequence, waiter))
        self._dirty.set()
        self._hurry.set()
        await waiter

    async def run(self) -> None:
        """Sync whatever is dirty; ends only by cancellation."""
        while True:
            await self._dirty.wait()
            if self._policy == "interval" and not self._hurry.is_set():
                try:
                    async with asyncio.timeout(_INTERVAL_S):
                        await self._hurry.wait()
                except TimeoutError:
                    pass
            self._dirty.clear()
            self._hurry.clear()
            await self.sync()

    async def sync(self) -> None:
        """Sync once, now. After a refusal those who wait go on waiting, for a commit."""
        upto = self._journal.appended
        sync = self._journal.take_unsynced()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, sync)
        except OSError as error:
            _log.error("the journal cannot be synced", error=str(error))
            self.failed(JournalError(f"The journal cannot be synced: {error.strerror}. Check the disk."))
            return
        self.syncs += 1
        self._trouble = None
        self.kept(upto)

    def kept(self, upto: int) -> None:
        """Everything up to there is on a disk: synced, or committed."""
        self.synced = max(self.synced, upto)
        self._answer(upto, None)

    def failed(self, error: JournalError) -> None:
        """The journal's disk refused; see `give_up`."""
        self._trouble = error
        self._on_trouble()

    def give_up(self, upto: int) -> None:
        """The database refused too: if the journal is in trouble, those who wait are told."""
        if self._trouble is not None:
            self._answer(upto, self._trouble)

    def close(self) -> None:
        """Stop the thread; whoever still waits is told so."""
        self._thread.shutdown(wait=True)
        self._answer(None, JournalError("The journal was closed before this was on the disk."))

    def _answer(self, upto: int | None, error: JournalError | None) -> None:
        while self._waiting and (upto is None or self._waiting[0][0] <= upto):
            _, waiter = self._waiting.popleft()
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
