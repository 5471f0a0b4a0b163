"""The server engine: PostgreSQL through an asyncpg pool. A batch is one statement over arrays, not one a row."""

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import asyncpg

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.addresses import UNREADABLE, server_name
from skynetbot.storage.dialect import postgres_delete, postgres_select, postgres_upsert
from skynetbot.storage.errors import OutcomeUnknown, RowRefused, StorageError, StorageUnavailable
from skynetbot.storage.migrations import POSTGRES_WORDS, pending
from skynetbot.storage.statements import DeleteRows, Fetch, Row, SelectRows, Statement, UpsertRows, Work, WorkFactory
from skynetbot.storage.store import QueryClock, select_one

__all__ = ["PostgresStore"]

T = TypeVar("T")

_SCHEMA_LOCK: Final = 0x5C1E7B07
"""The advisory lock that one migrating process holds; the number means nothing."""
_MARK: Final = re.compile(r"\?(\d+)")
_RETRIES: Final = 3
# A deadlock or a serialization conflict was rolled back for certain, so the body runs again.
_AGAIN: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_DATA_ERRORS: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.UntranslatableCharacterError,
    OverflowError,
)
_AWAY_ERRORS: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.InternalClientError,
)


class PostgresStore:
    """An open PostgreSQL database (see `Store`). Lost connections are replaced when they are next needed."""

    def __init__(self, url: str, metrics: Metrics, *, pool_size: int = 10, timeout_s: float = 10.0) -> None:
        self._url = url
        self._clock = QueryClock(metrics)
        self._pool_size = pool_size
        self._timeout_s = timeout_s
        self._pool: Any = None
        self._running = 0
        self._settled = asyncio.Event()
        self._settled.set()
        metrics.gauge_at_exposition(
            "skynetbot_database_pool_connections", "Open connections.", lambda: self.stats()["connections"]
        )
        metrics.gauge_at_exposition("skynetbot_database_pool_idle", "Idle connections.", lambda: self.stats()["idle"])

    @property
    def name(self) -> str:
        return server_name(self._url) or "of SKYNETBOT_DATABASE_URL"

    async def open(self) -> int:
        if server_name(self._url) is None:
            raise StorageError(UNREADABLE)
        try:
            # Rights and an answer come first: a pool that cannot connect says less.
            connection = await asyncpg.connect(self._url, timeout=self._timeout_s)
            try:
                schema = await _migrate(connection)
            finally:
                await connection.close()
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=self._pool_size,
                timeout=self._timeout_s,
                command_timeout=self._timeout_s,
                server_settings={"application_name": "skynetbot"},
            )
        except (asyncpg.PostgresError, *_AWAY_ERRORS, ValueError, OverflowError) as error:
            if isinstance(error, ValueError | OverflowError) and not isinstance(error, asyncpg.InterfaceError):
                # It quotes the part that is not a number, and that may be of the password.
                raise StorageError(UNREADABLE) from None
            message = (
                f"The database {self.name} cannot be opened: {error or type(error).__name__}. "
                "Check SKYNETBOT_DATABASE_URL, and that the server runs and knows this user."
            )
            raise StorageError(message) from error
        return schema

    async def run(self, collection: str, verb: str, work: WorkFactory[T]) -> T:
        return await self._transaction(collection, verb, work, "BEGIN", "COMMIT")

    async def read(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> T:
        del scan  # nothing of it runs in the loop anyway
        return await self._transaction(
            collection, verb, work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK"
        )

    async def ping(self) -> None:
        await self.read("health", "ping", select_one)

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                # A closing pool breaks off who still waits for a connection.
                await self._settled.wait()
                await pool.close()
        except (TimeoutError, asyncpg.PostgresError, OSError):
            pool.terminate()

    def stats(self) -> dict[str, int]:
        pool = self._pool
        return {
            "queries": self._clock.queries,
            "connections": pool.get_size() if pool is not None else 0,
            "idle": pool.get_idle_size() if pool is not None else 0,
        }

    def queries_by_verb(self) -> dict[tuple[str, str], int]:
        """How often each (collection, verb) ran."""
        return dict(self._clock.by_verb)

    async def _transaction(self, collection: str, verb: str, work: WorkFactory[T], begin: str, end: str) -> T:
        started = time.perf_counter()
        statements: list[str] = []
        pool = self._pool
        if pool is None:
            raise StorageError("The database is not open.")
        self._running += 1
        self._settled.clear()
        try:
            attempt = 1
            while True:
                try:
                    connection = await pool.acquire(timeout=self._timeout_s)
                    try:
                        return await self._on(connection, work, begin, end, statements)
                    finally:
                        await _give_back(pool, connection)
                except _AGAIN:
                    if attempt == _RETRIES:
                        raise
                    attempt += 1
        except (asyncpg.PostgresError, *_DATA_ERRORS, *_AWAY_ERRORS) as error:
            raise _translated(error, collection, verb) from error
        finally:
            self._running -= 1
            if not self._running:
                self._settled.set()
            self._clock.observe(collection, verb, started, statements)

    async def _on(self, connection: Any, work: WorkFactory[T], begin: str, end: str, statements: list[str]) -> T:
        try:
            await connection.execute(begin)
            result = await _drive(connection, work(), statements)
        except BaseException:
            await _roll_back(connection)
            raise
        try:
            ended = await connection.execute(end)
        except BaseException as error:
            _terminate(connection)
            if isinstance(error, _AWAY_ERRORS) and not isinstance(error, _AGAIN) and end == "COMMIT":
                raise OutcomeUnknown(
                    f"The connection died while committing: {error or type(error).__name__}"
                ) from error
            raise
        if ended != end:
            raise StorageError(
                "The transaction was rolled back: it went on after a refused statement, without a savepoint."
            )
        return result


async def _roll_back(connection: Any) -> None:
    try:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, *_AWAY_ERRORS):
        # Closing the connection makes the server roll back.
        _terminate(connection)


async def _give_back(pool: Any, connection: Any) -> None:
    # What was committed is no failure when the connection dies afterwards; the pool ends it then.
    with contextlib.suppress(asyncpg.PostgresError, *_AWAY_ERRORS):
        await pool.release(connection)


def _terminate(connection: Any) -> None:
    # The pool takes a connection that died away from who holds it, and then every call of it is an InterfaceError.
    with contextlib.suppress(asyncpg.InterfaceError):
        connection.terminate()


async def _drive(connection: Any, work: Work[T], statements: list[str]) -> T:
    """Run a transaction's body to its end; a statement that is refused is raised inside it first."""
    try:
        statement = next(work)
        while True:
            try:
                rows = await _execute(connection, statement, statements)
            except _DATA_ERRORS as error:
                statement = work.throw(_translated(error, "statement", type(statement).__name__))
            else:
                statement = work.send(rows)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        work.close()


async def _execute(connection: Any, statement: Statement, statements: list[str]) -> list[Row]:
    sql, args = _rendered(statement)
    statements.append(sql)
    if not args and not isinstance(statement, Fetch):
        return []  # no rows to write, to delete or to look for
    return [tuple(record) for record in await connection.fetch(sql, *args)]


def _rendered(statement: Statement) -> tuple[str, tuple[Any, ...]]:
    match statement:
        case UpsertRows(table, fields, rows, returning):
            return postgres_upsert(table, fields, returning), _arrays(rows)
        case SelectRows(table, names, keys, lock):
            return postgres_select(table, names, lock), _arrays(keys)
        case DeleteRows(table, prefixes):
            return postgres_delete(table, len(prefixes[0]) if prefixes else 1), _arrays(prefixes)
        case Fetch(sql, args):
            return _marks(sql), args


def _arrays(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


@lru_cache(maxsize=1024)
def _marks(sql: str) -> str:
    return _MARK.sub(r"$\1", sql)


def _translated(error: BaseException, collection: str, verb: str) -> StorageError:
    if isinstance(error, StorageError):
        return error
    message = f"{verb} on {collection} failed: {str(error) or type(error).__name__}"
    # asyncpg's own client errors are both; what it says of the data comes first.
    if isinstance(error, _DATA_ERRORS):
        return RowRefused(message)
    if isinstance(error, _AWAY_ERRORS):
        return StorageUnavailable(message)
    return StorageError(message)


async def _migrate(connection: Any) -> int:
    async with connection.transaction():
        # Held until the commit, so of two processes that start at once only one migrates.
        await connection.execute(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        current = await connection.fetchval("SELECT max(version) FROM schema_version") or 0
        for number, text in pending(current, POSTGRES_WORDS):
            await connection.execute(text)
            await connection.execute("INSERT INTO schema_version VALUES ($1)", number)
            current = number
    return int(current)
