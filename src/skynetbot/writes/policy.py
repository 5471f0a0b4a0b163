"""When a batch is flushed and how much may wait."""

import msgspec

from skynetbot.writes.durability import SyncPolicy

__all__ = ["WritePolicy"]


class WritePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The mission's numbers are the defaults: every 5 s, or at once when 100 rows wait."""

    interval_s: float = 5.0
    keys: int = 100
    """Rows that wait before a flush begins at once; more gather while one is under way."""
    bytes: int = 1 << 20
    """Journal bytes that wait before a flush begins at once."""
    max_keys: int = 200_000
    """Rows that may wait at all; `soon` waits for room above it."""
    max_wait_s: float = 10.0
    """How long `soon` waits for room before it refuses."""
    gap_s: float = 0.05
    """The shortest pause between two flushes: at full load batches grow instead of following each other."""
    sync: SyncPolicy = "interval"
    min_backoff_s: float = 0.25
    max_backoff_s: float = 30.0
    close_timeout_s: float = 10.0
    """How long shutdown tries to flush; what is left stays in the journal for the next start."""
