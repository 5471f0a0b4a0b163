"""The write-behind's own numbers: plain integers on the hot path, read when somebody asks."""

from typing import TYPE_CHECKING, Final

from skynetbot.observability.metrics import Metrics
from skynetbot.writes.batch import Batch

if TYPE_CHECKING:
    from skynetbot.writes.behind import WriteBehind

__all__ = ["WriteTally"]

_ROW_BUCKETS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000)


class WriteTally:
    """``queued`` operations = ``merged`` (joined a row that waited already) + rows that were opened."""

    def __init__(self, metrics: Metrics, writes: "WriteBehind") -> None:
        self.queued = 0
        self.merged = 0
        self.rows = 0
        self.transactions = 0
        self.errors = 0
        self.dead = 0
        self.journal_failures = 0
        counters = (
            ("queued", "Operations accepted.", lambda: self.queued),
            ("merged", "Operations that joined a row which was waiting already.", lambda: self.merged),
            ("flushed", "Rows written by flushes.", lambda: self.rows),
        )
        for name, text, read in counters:
            metrics.read_at_exposition(f"skynetbot_batch_writes_{name}", text, read)
        metrics.read_at_exposition("skynetbot_batch_write_errors", "Flushes that failed.", lambda: self.errors)
        metrics.read_at_exposition("skynetbot_batch_transactions", "Flushes committed.", lambda: self.transactions)
        metrics.read_at_exposition("skynetbot_batch_dead_writes", "Operations put aside.", lambda: self.dead)
        metrics.read_at_exposition(
            "skynetbot_batch_journal_errors", "Writes that the journal refused.", lambda: self.journal_failures
        )
        metrics.gauge_at_exposition("skynetbot_batch_queue_size", "Rows waiting.", lambda: writes.waiting_keys)
        metrics.gauge_at_exposition("skynetbot_batch_journal_bytes", "Journal on disk.", writes.journal_bytes)
        metrics.gauge_at_exposition("skynetbot_batch_lag_seconds", "Age of the oldest waiting operation.", writes.lag_s)
        self._size = metrics.histogram("skynetbot_batch_size_rows", "Rows of a flush.", _ROW_BUCKETS)
        self._seconds = metrics.histogram("skynetbot_batch_flush_seconds", "Time of a flush.")

    def accepted(self, operations: int, opened: int) -> None:
        self.queued += operations
        self.merged += operations - opened

    def flushed(self, batch: Batch, seconds: float) -> None:
        self.transactions += 1
        self.rows += batch.keys
        self._size.observe(batch.keys)
        self._seconds.observe(seconds)

    def failed(self) -> None:
        self.errors += 1

    def died(self) -> None:
        self.dead += 1

    def journal_failed(self) -> None:
        self.journal_failures += 1
