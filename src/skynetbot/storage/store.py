"""The door to a database: transactions in, rows out; timed by collection and verb, whatever the engine."""

import time
from typing import Final, Protocol, TypeVar

from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.statements import Work, WorkFactory, fetch

__all__ = ["QueryClock", "Store", "select_one"]

T = TypeVar("T")
_log = get_logger(__name__)
SLOW_QUERY_S: Final = 0.25


class Store(Protocol):
    """An open database. Every verb is awaited; every error is a `StorageError`."""

    @property
    def name(self) -> str:
        """What people call this database: the file, or the server without its password."""

    async def open(self) -> int:
        """Connect and migrate; the schema number that the database now has.

        Raises:
            StorageError: it cannot be opened, or belongs to a newer version of SkynetBot.
        """

    async def run(self, collection: str, verb: str, work: WorkFactory[T]) -> T:
        """Run the body as one transaction, committed when this returns.

        Raises:
            RowRefused: the data broke a rule of the table; nothing was kept.
            StorageUnavailable: the database is away or busy; nothing was kept (`OutcomeUnknown`: perhaps it was).
        """

    async def read(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> T:
        """Run the body on one consistent snapshot that it cannot change.

        ``scan`` says that it may touch many rows, so that it must not run in the event loop.
        """

    async def ping(self) -> None:
        """Return when the database answers; raise `StorageUnavailable` when it does not."""

    async def close(self) -> None:
        """Finish what was asked for, then close; calling it twice is harmless."""

    def queries_by_verb(self) -> dict[tuple[str, str], int]:
        """How often each (collection, verb) ran."""

    def stats(self) -> dict[str, int]:
        """``queries``, and the engine's own numbers."""


class QueryClock:
    """Times each transaction and names the slow ones in the log."""

    def __init__(self, metrics: Metrics, slow_s: float = SLOW_QUERY_S) -> None:
        self._metrics = metrics
        self._slow_s = slow_s
        self.queries = 0
        self.by_verb: dict[tuple[str, str], int] = {}

    def observe(self, collection: str, verb: str, started: float, statements: list[str]) -> None:
        """Called at the end, well or not; ``started`` is of ``perf_counter``."""
        took = time.perf_counter() - started
        self.queries += 1
        key = (collection, verb)
        self.by_verb[key] = self.by_verb.get(key, 0) + 1
        self._metrics.query_seconds.labels(collection, verb).observe(took)
        if took >= self._slow_s:
            self._metrics.slow_queries.labels(collection, verb).inc()
            _log.warning("slow query", collection=collection, verb=verb, seconds=round(took, 3), sql=statements[:5])


def select_one() -> Work[None]:
    """The body of a ping."""
    yield from fetch("SELECT 1")
