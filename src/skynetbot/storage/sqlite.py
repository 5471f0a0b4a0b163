"""The embedded engine: one SQLite file, written by one thread in the order in which it was asked.

apsw brings its own current SQLite. The write-ahead log with ``synchronous=FULL`` keeps what was committed through
the death of the process and through a power cut. Short reads run in the event loop on a connection that can only
read (4 us instead of a thread's 100); scans run in a second thread.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.dialect import sqlite_delete, sqlite_select, sqlite_upsert
from skynetbot.storage.errors import RowRefused, StorageError, StorageUnavailable
from skynetbot.storage.migrations import SQLITE_WORDS, pending
from skynetbot.storage.statements import (
    DeleteRows,
    Fetch,
    Mode,
    Row,
    SelectRows,
    Statement,
    UpsertRows,
    Work,
    WorkFactory,
)
from skynetbot.storage.store import QueryClock, select_one
from skynetbot.storage.tables import Table

__all__ = ["SqliteStore"]

T = TypeVar("T")

_ROWS_PER_STATEMENT: Final = 128
"""A power of two: what is left over is written by statements of half the size, so that few are ever prepared."""
_LOCK_TRIES: Final = 10_000
_LOCK_PAUSE_S: Final = 0.001
_READER_TIMEOUT_MS: Final = 250
"""In the write-ahead log readers wait for nobody, except for a moment while another process recovers it."""
_DATA_ERRORS: Final = (
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.TooBigError,
    OverflowError,
    TypeError,
    UnicodeError,
)
_AWAY_ERRORS: Final = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.IOError,
    apsw.FullError,
    apsw.CantOpenError,
    apsw.NoMemError,
    apsw.InterruptError,
)


class SqliteStore:
    """An open embedded database (see `Store`)."""

    def __init__(self, path: Path, metrics: Metrics, *, power_safe: bool = True) -> None:
        self._path = path
        self._clock = QueryClock(metrics)
        self._synchronous = "FULL" if power_safe else "NORMAL"
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._scanner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-scan")
        self._write: apsw.Connection | None = None
        self._scan: apsw.Connection | None = None
        self._here: apsw.Connection | None = None

    @property
    def name(self) -> str:
        return str(self._path)

    async def open(self) -> int:
        def connect() -> int:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = apsw.Connection(str(self._path))
            connection.set_busy_handler(_wait_for_lock)
            _use_write_ahead_log(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute("PRAGMA cache_size = -65536")  # KiB
            # Pages; a checkpoint writes each changed page once, so fewer of them write less.
            connection.execute("PRAGMA wal_autocheckpoint = 8000")
            self._write = connection
            schema = _migrate(connection)
            self._scan = self._reader()
            self._here = self._reader()
            return schema

        try:
            return await self._in(self._writer, connect)
        except (apsw.Error, OSError) as error:
            message = f"The database {self._path} cannot be opened: {error}. Check the folder's rights and space."
            raise StorageError(message) from error

    async def run(self, collection: str, verb: str, work: WorkFactory[T]) -> T:
        def transaction() -> T:
            connection = _opened(self._write)
            try:
                # IMMEDIATE takes the write lock first, so that nothing read in the transaction can be outdated.
                connection.execute("BEGIN IMMEDIATE")
                try:
                    result = _drive(connection, work(), statements)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except (apsw.Error, OverflowError) as error:
                raise _translated(error, collection, verb) from error
            return result

        started = time.perf_counter()
        statements: list[str] = []
        try:
            return await self._in(self._writer, transaction)
        finally:
            self._clock.observe(collection, verb, started, statements)

    async def read(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> T:
        def snapshot(connection: apsw.Connection) -> T:
            try:
                connection.execute("BEGIN")
                try:
                    return _drive(connection, work(), statements)
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
            except (apsw.Error, OverflowError) as error:
                raise _translated(error, collection, verb) from error

        started = time.perf_counter()
        statements: list[str] = []
        try:
            if scan:
                return await self._in(self._scanner, lambda: snapshot(_opened(self._scan)))
            return snapshot(_opened(self._here))
        finally:
            self._clock.observe(collection, verb, started, statements)

    async def ping(self) -> None:
        await self.read("health", "ping", select_one)

    async def close(self) -> None:
        if self._write is not None:
            await self._in(self._scanner, lambda: None)
            await self._in(self._writer, self._disconnect)
        self._scanner.shutdown(wait=True)
        self._writer.shutdown(wait=True)

    def stats(self) -> dict[str, int]:
        return {"queries": self._clock.queries, "connections": 0 if self._write is None else 3}

    def queries_by_verb(self) -> dict[tuple[str, str], int]:
        """How often each (collection, verb) ran."""
        return dict(self._clock.by_verb)

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            future = asyncio.get_running_loop().run_in_executor(executor, work)
        except RuntimeError as error:  # its threads have ended
            raise StorageError("The database is not open.") from error
        return await future

    def _reader(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path))
        connection.set_busy_timeout(_READER_TIMEOUT_MS)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _disconnect(self) -> None:
        # The writer goes last: the last connection checkpoints the log, and readers may not.
        for connection in (self._here, self._scan, self._write):
            if connection is not None:
                connection.close()
        self._here = self._scan = self._write = None


def _wait_for_lock(tries: int) -> bool:
    # SQLite's own handler pauses up to 100 ms between tries, and starves beside a process that writes all the time.
    time.sleep(_LOCK_PAUSE_S)
    return tries < _LOCK_TRIES


def _use_write_ahead_log(connection: apsw.Connection) -> None:
    # Of two that change a new file at once one is told so without its handler being asked: both would wait for ever.
    deadline = time.monotonic() + _LOCK_TRIES * _LOCK_PAUSE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_PAUSE_S)
        else:
            return


def _opened(connection: apsw.Connection | None) -> apsw.Connection:
    if connection is None:
        raise StorageError("The database is not open.")
    return connection


def _drive(connection: apsw.Connection, work: Work[T], statements: list[str]) -> T:
    """Run a transaction's body to its end; a statement that fails is raised inside it first."""
    try:
        statement = next(work)
        while True:
            try:
                rows = _execute(connection, statement, statements)
            except (apsw.Error, *_DATA_ERRORS) as error:
                statement = work.throw(_translated(error, "statement", type(statement).__name__))
            else:
                statement = work.send(rows)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        work.close()


def _execute(connection: apsw.Connection, statement: Statement, statements: list[str]) -> list[Row]:
    match statement:
        case Fetch(sql, args):
            statements.append(sql)
            return list(connection.execute(sql, args))
        case UpsertRows(table, fields, rows, returning):
            return _upsert(connection, table, fields, rows, returning, statements)
        case SelectRows(table, names, keys, _):
            sql = sqlite_select(table, names)
            statements.append(sql)
            return list(connection.executemany(sql, keys))
        case DeleteRows(table, prefixes):
            if not prefixes:
                return []
            sql = sqlite_delete(table, len(prefixes[0]))
            statements.append(sql)
            return list(connection.executemany(sql, prefixes))


def _upsert(
    connection: apsw.Connection,
    table: Table,
    fields: tuple[tuple[str, Mode], ...],
    rows: Sequence[Row],
    returning: tuple[str, ...],
    statements: list[str],
) -> list[Row]:
    # Many rows a statement: SQLite works longer without the interpreter's lock, which the event loop wants.
    answer: list[Row] = []
    start, size = 0, _ROWS_PER_STATEMENT
    statements.append(sqlite_upsert(table, fields, returning, 1))
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        sql = sqlite_upsert(table, fields, returning, size)
        answer += connection.execute(sql, tuple(chain.from_iterable(rows[start : start + size])))
        start += size
    return answer


def _translated(error: Exception, collection: str, verb: str) -> StorageError:
    if isinstance(error, StorageError):
        return error
    message = f"{verb} on {collection} failed: {error}"
    if isinstance(error, _DATA_ERRORS):
        return RowRefused(message)
    if isinstance(error, _AWAY_ERRORS):
        return StorageUnavailable(message)
    return StorageError(message)


def _migrate(connection: apsw.Connection) -> int:
    current = _scalar(connection, "PRAGMA user_version")
    if not pending(current, SQLITE_WORDS):
        return current
    connection.execute("BEGIN IMMEDIATE")
    try:
        current = _scalar(connection, "PRAGMA user_version")
        for number, text in pending(current, SQLITE_WORDS):
            connection.execute(text)
            connection.execute(f"PRAGMA user_version = {number}")
            current = number
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return current


def _scalar(connection: apsw.Connection, sql: str) -> int:
    row: Any = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
