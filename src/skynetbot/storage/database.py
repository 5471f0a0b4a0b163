"""One SQLite database behind one thread: every statement runs there, in the order in which it was asked for.

apsw brings its own current SQLite. The write-ahead log with ``synchronous=NORMAL`` survives the death of the
process at any instant; a power cut may take the last transactions but never corrupts.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import apsw

from skynetbot.errors import SkynetBotError
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.migrations import MIGRATIONS

__all__ = ["Database", "StorageError"]

T = TypeVar("T")

_BUSY_TIMEOUT_MS: Final = 5_000


class StorageError(SkynetBotError):
    """The database could not do what was asked; nothing of the failed transaction was kept."""


class Database:
    """An open embedded database. Await ``run``; close it when done."""

    def __init__(self, path: Path, metrics: Metrics) -> None:
        self._path = path
        self._metrics = metrics
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._connection: apsw.Connection | None = None
        self._queries = 0

    @property
    def path(self) -> Path:
        return self._path

    async def open(self) -> int:
        """Open (making the folder and file when absent) and migrate; the schema number that it now has.

        Raises:
            StorageError: the file cannot be opened or belongs to a newer version of SkynetBot.
        """
        try:
            return await self._submit(self._open_in_thread)
        except (apsw.Error, OSError) as error:
            message = f"The database {self._path} cannot be opened: {error}. Check the folder's rights and space."
            raise StorageError(message) from error

    async def run(self, collection: str, verb: str, work: Callable[[apsw.Connection], T]) -> T:
        """Run ``work`` in the database's thread, as one transaction, timed under (collection, verb).

        Raises:
            StorageError: SQLite refused; the transaction was rolled back.
        """

        def transaction() -> T:
            connection = self._require()
            self._queries += 1
            with connection:
                result = work(connection)
            return result

        started = time.perf_counter()
        try:
            return await self._submit(transaction)
        except apsw.Error as error:
            raise StorageError(f"{verb} on {collection} failed: {error}") from error
        finally:
            self._metrics.query_seconds.labels(collection, verb).observe(time.perf_counter() - started)

    async def close(self) -> None:
        """Finish what was asked for, then close; calling it twice is harmless."""
        if self._connection is not None:
            await self._submit(self._close_in_thread)
        self._executor.shutdown(wait=True)

    def stats(self) -> dict[str, int]:
        return {"queries": self._queries}

    async def _submit(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _require(self) -> apsw.Connection:
        if self._connection is None:
            raise StorageError("The database is not open.")
        return self._connection

    def _open_in_thread(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = apsw.Connection(str(self._path))
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        self._connection = connection
        return _migrate(connection)

    def _close_in_thread(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _migrate(connection: apsw.Connection) -> int:
    # IMMEDIATE takes the write lock first, so of two processes that start at once only one migrates.
    connection.execute("BEGIN IMMEDIATE")
    try:
        row = connection.execute("PRAGMA user_version").fetchone()
        current = int(row[0]) if row else 0
        newest = MIGRATIONS[-1][0]
        if current > newest:
            message = (
                f"The database has schema {current}, this SkynetBot knows {newest}. "
                "Start the newer version again, or restore the backup made before the upgrade."
            )
            raise StorageError(message)
        for number, statements in MIGRATIONS:
            if number > current:
                connection.execute(statements)
                connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return MIGRATIONS[-1][0]
