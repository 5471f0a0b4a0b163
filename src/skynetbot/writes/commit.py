"""From a journal into the tables: a batch committed for its writer, and what earlier processes left behind."""

import asyncio
import time
from collections.abc import Callable, Mapping

from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import RowRefused
from skynetbot.storage.positions import lock_position
from skynetbot.storage.store import Store
from skynetbot.storage.tables import Table
from skynetbot.writes.batch import Batch, Outcome, dead_letter, flush_work, isolating_flush_work
from skynetbot.writes.checks import Checks, WriteRefused
from skynetbot.writes.journal import Journal

__all__ = ["Committer"]

_log = get_logger(__name__)


class Committer:
    """Commits batches of any journal, each exactly once."""

    def __init__(
        self, store: Store, tables: Mapping[str, Table], checks: Checks, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._tables = tables
        self._checks = checks
        self._now = now

    async def position(self, journal: Journal) -> int:
        """How far the journal is contained in the tables; its place is made when it is new."""
        writer = journal.writer
        return await self._store.run("write_positions", "open", lambda: lock_position(writer, self._now()))

    def replayed(self, journal: Journal, position: int) -> Batch:
        """What the journal holds after ``position``, as one batch."""
        batch = Batch(position)
        batch.opened_at = self._now()
        for group in journal.replay(position):
            for operation in group.operations:
                try:
                    batch.add(self._checks.table_of(operation), operation)
                except WriteRefused as error:
                    letter = dead_letter(journal.writer, group.sequence, operation, str(error), self._now())
                    batch.unfit.append(letter)
            batch.upto = group.sequence
        return batch

    async def commit(self, journal: Journal, batch: Batch, returning: Mapping[str, tuple[str, ...]]) -> Outcome:
        """One transaction; a batch that is refused is taken apart, and what cannot be stored is put aside.

        Raises:
            StorageUnavailable: nothing is lost; the same batch may be committed again.
        """
        writer, tables = journal.writer, self._tables
        try:
            return await self._store.run(
                "writes", "flush", lambda: flush_work(writer, tables, batch, returning, self._now())
            )
        except RowRefused as error:
            _log.warning("a batch was refused; looking for what is wrong in it", error=str(error), rows=batch.keys)
        groups = await asyncio.to_thread(lambda: list(journal.read(batch.after, batch.upto)))
        journalled = {group.sequence: group.operations for group in groups}
        return await self._store.run(
            "writes",
            "isolate",
            lambda: isolating_flush_work(writer, tables, batch, returning, self._now(), journalled),
        )

    async def adopt(self, journal: Journal) -> None:
        """Commit what a process left behind that never came back, and let go of its journal."""
        committed = 0
        try:
            committed = await self.position(journal)
            batch = self.replayed(journal, committed)
            if batch.upto > committed:
                await self.commit(journal, batch, {})
                _log.info("took up the writes of a process that is gone", operations=batch.operations)
                committed = batch.upto
        finally:
            journal.close(committed)
