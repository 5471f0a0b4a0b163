"""Write-behind: operations are safe in the journal at once, in the tables soon, and applied exactly once.

`docs/writes.md` states the guarantee; `effects` is the algebra, `batch` the transaction, `journal` the file.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from skynetbot.errors import SkynetBotError
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import RowRefused, StorageError
from skynetbot.storage.positions import read_position
from skynetbot.storage.rows import Key
from skynetbot.storage.statements import Work, WorkFactory
from skynetbot.storage.store import Store
from skynetbot.storage.tables import TABLES, Table
from skynetbot.writes.batch import Batch, Outcome, apply_batch, flush_work
from skynetbot.writes.checks import Checks
from skynetbot.writes.commit import Committer
from skynetbot.writes.durability import Durability
from skynetbot.writes.journal import Journal, JournalError, claim, orphans
from skynetbot.writes.operations import Operation
from skynetbot.writes.policy import WritePolicy
from skynetbot.writes.records import encode_group
from skynetbot.writes.tally import WriteTally
from skynetbot.writes.views import Committed, Overlay

__all__ = ["Committed", "Overlay", "WriteBehind", "WritesFull"]

T = TypeVar("T")
_log = get_logger(__name__)
_MAX_REREADS: Final = 100
_YIELD_AFTER: Final = 200
"""Operations."""


class WritesFull(SkynetBotError):
    """Too much waits for the database; the operation was not accepted."""


class WriteBehind:
    """One process's batched writes. ``open``, then ``run`` in a task, and ``close`` at the end."""

    def __init__(
        self,
        store: Store,
        journals: Path,
        metrics: Metrics,
        *,
        policy: WritePolicy | None = None,
        tables: Mapping[str, Table] = TABLES,
        returning: Mapping[str, tuple[str, ...]] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``journals`` is a folder on this machine; ``returning`` names fields that listeners want to see."""
        self._store = store
        self._journals = journals
        self._tables = tables
        self._returning = returning or {}
        self._policy = policy or WritePolicy()
        self._now = now
        self._checks = Checks(tables)
        self._committer = Committer(store, tables, self._checks, now)
        self._journal: Journal | None = None
        self._durability: Durability | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._due = asyncio.Event()
        self._room = asyncio.Event()
        self._pending = Batch(0)
        self._in_flight: Batch | None = None
        self._committed = 0
        self._sequence = 0
        self._staged: list[bytes] = []
        self._write_scheduled = False
        self._unyielded = 0
        self._companions: list[Callable[[], tuple[Operation, ...]]] = []
        self._companions_due = False
        self._listeners: list[Callable[[Committed], None]] = []
        self.tally = WriteTally(metrics, self)

    # -- life ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Claim a journal and take up what an earlier process left in it, and in journals that nobody holds.

        Raises:
            JournalError, StorageError: they cannot be used.
        """
        journal = self._journal = claim(self._journals)
        self._durability = Durability(journal, self._policy.sync, self._due.set)
        position = await self._committer.position(journal)
        self._pending = self._committer.replayed(journal, position)
        self._committed = position
        self._sequence = self._durability.synced = journal.appended
        if self._pending.upto > position:
            _log.info("taking up journalled writes", operations=self._pending.operations, rows=self._pending.keys)
            self._due.set()
        for orphan in orphans(self._journals):
            await self._committer.adopt(orphan)
        self._syncing = asyncio.create_task(self._durability.run(), name="journal sync")

    def listen(self, listener: Callable[[Committed], None]) -> None:
        """Call ``listener`` after each commit, from the event loop."""
        self._listeners.append(listener)

    def accompany(self, companion: Callable[[], tuple[Operation, ...]]) -> None:
        """Ask ``companion`` for operations whenever ones of `soon_nowait` are about to be journalled.

        They go into the same record, so after a crash either both are there or neither.
        """
        self._companions.append(companion)

    async def run(self) -> None:
        """Flush when due; after a failure wait longer and longer. Ends only by cancellation."""
        backoff = 0.0
        while True:
            try:
                async with asyncio.timeout(self._policy.interval_s):
                    await self._due.wait()
            except TimeoutError:
                pass
            try:
                await self.flush()
                backoff = 0.0
                if not self.crowded:
                    await asyncio.sleep(self._policy.gap_s)
            except StorageError as error:
                backoff = min(max(backoff * 2, self._policy.min_backoff_s), self._policy.max_backoff_s)
                _log.error("writes not committed yet, kept", error=str(error), rows=self.waiting_keys, retry_s=backoff)
                await asyncio.sleep(backoff * random.uniform(0.8, 1.2))

    async def close(self) -> None:
        """Flush what waits and release the journal; what cannot be flushed is taken up at the next start."""
        journal, durability = self._journal, self._durability
        if journal is None or durability is None:
            return
        self._write_out()
        try:
            async with asyncio.timeout(self._policy.close_timeout_s):
                await self.flush()
        except (StorageError, TimeoutError) as error:
            _log.error("writes stay in the journal until the next start", rows=self.waiting_keys, error=str(error))
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)
        durability.close()
        journal.close(self._committed)
        self._journal = None

    # -- writing ---------------------------------------------------------------------------------------------------

    async def soon(self, *operations: Operation) -> None:
        """Accept operations together; returned means journalled (on the disk too when the policy says "always").

        Raises:
            WriteRefused: one of them does not fit its table.
            JournalError: the journal could not take them. With "always" they are in memory then, and may still
                be written; otherwise they are not.
            WritesFull: too much waits, and did not get less in time.
        """
        if self.crowded:
            await self._wait_for_room()
        if self._policy.sync == "always":
            # Many callers of one turn of the loop share one write and one sync.
            self.soon_nowait(*operations)
            await self._opened_durability().covers(self._sequence)
            return
        tables = [self._checks.table_of(operation) for operation in operations]
        self._add_companions()
        self._stage(operations)
        try:
            self._write_out()
        except JournalError:
            self._staged.pop()
            self._sequence -= 1
            raise
        self._merge(tables, operations)
        self._unyielded += len(operations)
        if self._unyielded >= _YIELD_AFTER:
            # A loop that only writes never waits for anything; flushing and syncing have to run beside it.
            self._unyielded = 0
            await asyncio.sleep(0)

    def soon_nowait(self, *operations: Operation) -> None:
        """Accept operations together without waiting; they are journalled before the event loop waits again.

        Raises:
            WriteRefused: one of them does not fit its table.
            WritesFull: twice the bound waits already; heed `crowded`.
        """
        if self.waiting_keys >= 2 * self._policy.max_keys:
            raise WritesFull(f"{self.waiting_keys:,} rows wait for the database, which is the bound.")
        tables = [self._checks.table_of(operation) for operation in operations]
        self._stage(operations)
        self._merge(tables, operations)
        self._companions_due = True
        if not self._write_scheduled:
            self._write_scheduled = True
            asyncio.get_running_loop().call_soon(self._write_staged)

    async def on_disk(self) -> None:
        """Return when everything accepted so far would survive a power cut."""
        self._write_out()
        await self._opened_durability().covers(self._sequence)

    async def now(self, *operations: Operation) -> None:
        """Commit operations before returning, after whatever waits for the same rows.

        Raises:
            WriteRefused: one of them does not fit its table.
            StorageError: they were not committed.
        """
        batch = Batch(0)
        for operation in operations:
            batch.add(self._checks.table_of(operation), operation)

        def work() -> Work[None]:
            yield from apply_batch(self._tables, batch, {})

        await self.transaction("writes", "now", work, [(o.collection, o.key) for o in operations])

    async def transaction(self, collection: str, verb: str, work: WorkFactory[T], keys: Iterable[tuple[str, Key]]) -> T:
        """Run a transaction that reads or writes these rows of batched tables: it sees all that was accepted before.

        Raises:
            StorageError: nothing of ``work`` was kept; what waited still waits.
        """
        keys = list(keys)
        async with self._lock:
            if self._in_flight is not None and self._in_flight.touches(keys):
                await self._flush_once()
            if not self._pending.touches(keys):
                return await self._store.run(collection, verb, work)
            if self._in_flight is not None:
                await self._flush_once()
            batch = self._in_flight = self._take()
            started = time.perf_counter()
            try:
                outcome, result = await self._store.run(collection, verb, lambda: self._both(batch, work))
            except RowRefused:
                # Of the batch or of the work? Each for itself tells.
                await self._flush_once()
                return await self._store.run(collection, verb, work)
            self.tally.flushed(batch, time.perf_counter() - started)
            self._done(batch, outcome)
            return result

    async def flush(self) -> None:
        """Commit everything that was accepted before this call.

        Raises:
            StorageError: it was not; nothing is lost, and the next flush tries again.
        """
        target = self._sequence
        async with self._lock:
            while self._committed < target:
                await self._flush_once()

    # -- reading ---------------------------------------------------------------------------------------------------

    def waiting(self, table: str, *prefix: int | str) -> set[Key]:
        """The keys of the table, beginning with ``prefix``, that have operations waiting."""
        batches = (self._pending,) if self._in_flight is None else (self._in_flight, self._pending)
        width = len(prefix)
        return {key for batch in batches for key in batch.rows.get(table, ()) if key[:width] == prefix}

    async def view(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> tuple[T, Overlay]:
        """Read a snapshot, with what to lay over it so that everything accepted is seen, once."""
        writer = self._opened_journal().writer

        def snapshot() -> Work[tuple[int, T]]:
            position = yield from read_position(writer)
            return position, (yield from work())

        for _ in range(_MAX_REREADS):
            position, result = await self._store.read(collection, verb, snapshot, scan=scan)
            # Older than a batch that was committed and let go meanwhile: read again.
            if position >= self._committed:
                batches = (self._pending,) if self._in_flight is None else (self._in_flight, self._pending)
                return result, Overlay(tuple(batch for batch in batches if batch.upto > position))
        raise StorageError("The database shows an older state than it had committed. Was it restored meanwhile?")

    # -- state -----------------------------------------------------------------------------------------------------

    @property
    def writer(self) -> str:
        """The name of this process's journal: no other living process has it. Known once open."""
        return self._opened_journal().writer

    @property
    def waiting_keys(self) -> int:
        """Rows with operations that are not committed."""
        return self._pending.keys + (self._in_flight.keys if self._in_flight is not None else 0)

    @property
    def crowded(self) -> bool:
        """Whether whoever brings operations should wait (see `wait_for_room`)."""
        return self.waiting_keys >= self._policy.max_keys

    async def wait_for_room(self) -> None:
        """Return when operations are welcome again, however long that takes."""
        while self.crowded:
            self._room.clear()
            self._due.set()
            await self._room.wait()

    def lag_s(self) -> float:
        """Age of the oldest operation that is not committed; 0 when there is none."""
        oldest = self._in_flight or self._pending
        return max(0.0, self._now() - oldest.opened_at) if oldest.operations else 0.0

    def journal_bytes(self) -> int:
        return 0 if self._journal is None else self._journal.bytes_on_disk()

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self._policy.max_wait_s):
                await self.wait_for_room()
        except TimeoutError:
            message = f"{self.waiting_keys:,} rows wait for the database, and it takes none. Try again later."
            raise WritesFull(message) from None

    def _stage(self, operations: tuple[Operation, ...]) -> None:
        self._staged.append(encode_group(operations))
        self._sequence += 1

    def _merge(self, tables: list[Table], operations: tuple[Operation, ...]) -> None:
        batch = self._pending
        if not batch.operations:
            batch.opened_at = self._now()
        before = batch.keys
        for table, operation in zip(tables, operations, strict=True):
            batch.add(table, operation)
        batch.upto = self._sequence
        self.tally.accepted(len(operations), batch.keys - before)
        if batch.keys >= self._policy.keys or batch.bytes >= self._policy.bytes:
            self._due.set()

    def _write_staged(self) -> None:
        self._write_scheduled = False
        try:
            self._write_out()
        except JournalError as error:
            # Accepted already, and now only in memory: what is left is to commit them quickly.
            self.tally.journal_failed()
            _log.error("operations are not journalled; flushing them at once", error=str(error))
            self._opened_durability().failed(error)

    def _add_companions(self) -> None:
        if not self._companions_due:
            return
        self._companions_due = False
        for companion in self._companions:
            operations = companion()
            if operations:
                tables = [self._checks.table_of(operation) for operation in operations]
                self._stage(operations)
                self._merge(tables, operations)

    def _write_out(self) -> None:
        self._add_companions()
        if self._staged:
            self._opened_journal().append(self._sequence - len(self._staged) + 1, self._staged)
            self._pending.bytes += sum(map(len, self._staged))
            self._staged = []
            self._opened_durability().touch()

    def _take(self) -> Batch:
        batch, self._pending = self._pending, Batch(self._pending.upto)
        self._due.clear()
        return batch

    async def _flush_once(self) -> None:
        """Commit one batch; the lock must be held."""
        batch = self._in_flight
        if batch is None:
            batch = self._in_flight = self._take()
        started = time.perf_counter()
        self._write_staged()
        if batch.prepared is None:
            for _ in batch.prepare(self._tables):
                await asyncio.sleep(0)
        try:
            outcome = await self._committer.commit(self._opened_journal(), batch, self._returning)
        except StorageError:
            self.tally.failed()
            self._opened_durability().give_up(batch.upto)
            raise
        self.tally.flushed(batch, time.perf_counter() - started)
        self._done(batch, outcome)

    def _both(self, batch: Batch, work: WorkFactory[T]) -> Work[tuple[Outcome, T]]:
        writer = self._opened_journal().writer
        outcome = yield from flush_work(writer, self._tables, batch, self._returning, self._now())
        return outcome, (yield from work())

    def _done(self, batch: Batch, outcome: Outcome) -> None:
        self._in_flight = None
        self._committed = batch.upto
        unwritten = self._sequence - self._opened_journal().appended
        if self._staged and batch.upto > self._sequence - unwritten:
            # Operations that the journal refused are in the tables now; it need not have them any more.
            del self._staged[: batch.upto - (self._sequence - unwritten)]
        self._opened_journal().drop(batch.upto)
        self._opened_durability().kept(batch.upto)
        if not self.crowded:
            self._room.set()
        for letter in outcome.dead:
            self.tally.died()
            _log.error("an operation was refused and put aside", operation=letter.operation, reason=letter.reason)
        committed = Committed(batch.rows, outcome.values)
        for listener in self._listeners:
            asyncio.get_running_loop().call_soon(listener, committed)

    def _opened_journal(self) -> Journal:
        if self._journal is None:
            raise JournalError("The write-behind is not open.")
        return self._journal

    def _opened_durability(self) -> Durability:
        if self._durability is None:
            raise JournalError("The write-behind is not open.")
        return self._durability
