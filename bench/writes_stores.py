"""What the parts of the write bench share: databases, the members in them, counters of bytes, the chat's location."""

import math
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Row, UpsertRows, Work, fetch
from skynetbot.storage.store import Store
from skynetbot.storage.tables import GUILD_DAYS, MEMBERS
from skynetbot.writes.operations import Increment, Max, Operation, Set
from support.servers import PostgresServer

__all__ = [
    "CHAT",
    "GUILD",
    "RETURNING",
    "SECONDS_PER_DAY",
    "day_row",
    "fill",
    "member_row",
    "observed",
    "one",
    "postgres_store",
    "rows_of",
    "settle",
    "sqlite_store",
    "user_of",
    "wal_bytes",
    "written_bytes",
]

_DATA: Final = Path(os.environ.get("SKYNETBOT_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
CHAT: Final = _DATA / "chat" / "dev" / "twitch_16_streams.jsonl.zst"
SECONDS_PER_DAY: Final = 86_400
RETURNING: Final = {"members": ("messages",)}
"""As the app asks for it, for ranks."""
GUILD: Final = 1_100_000_000_000_000_000
_FIRST_USER: Final = 200_000_000_000_000_000
_USER_STEP: Final = 4_194_304
_MEMBER_SHAPE: Final = (("messages", "add"), ("name", "set"), ("last_message_at", "max"))
_DAY_SHAPE: Final = (("messages", "add"),)


def observed(guild_id: int, user_id: int, name: str, at: float) -> tuple[Operation, ...]:
    """The operations that the activity feature makes of one message (`features.activity.feature.observe`)."""
    member = (guild_id, user_id)
    return (
        Increment("members", member, "messages"),
        Set("members", member, "name", name),
        Max("members", member, "last_message_at", at),
        Increment("guild_days", (guild_id, int(at // SECONDS_PER_DAY)), "messages"),
    )


def member_row(guild_id: int, user_id: int, name: str, at: float) -> UpsertRows:
    """The same of the member's row, as a statement by itself."""
    return UpsertRows(MEMBERS, _MEMBER_SHAPE, [(guild_id, user_id, 1, name, at)])


def day_row(guild_id: int, at: float) -> UpsertRows:
    return UpsertRows(GUILD_DAYS, _DAY_SHAPE, [(guild_id, int(at // SECONDS_PER_DAY), 1)])


def one(*statements: UpsertRows) -> Work[None]:
    """A transaction of these statements."""
    for statement in statements:  # noqa: UP028 - a Work is a generator that is sent rows
        yield statement


def user_of(number: int) -> int:
    return _FIRST_USER + number * _USER_STEP


async def fill(store: Store, rows: int) -> None:
    """Members 0 ... rows-1 of one server, each with a name and no message yet."""
    if isinstance(store, PostgresStore):
        numbers = f"SELECT generate_series(0::bigint, {rows - 1}) AS i"
    else:
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) SELECT i FROM n"  # noqa: S608

    def work() -> Work[None]:
        yield from fetch(
            "INSERT INTO members (guild_id, user_id, messages, name, last_message_at) "  # noqa: S608 - our numbers
            f"SELECT {GUILD}, {_FIRST_USER} + i * {_USER_STEP}, 0, 'user-' || i, 1700000000.0 FROM ({numbers}) AS them"
        )

    await store.run("members", "fill", work)


async def rows_of(store: Store, sql: str) -> list[Row]:
    def work() -> Work[list[Row]]:
        return (yield from fetch(sql))

    return await store.read("bench", "check", work, scan=True)


@asynccontextmanager
async def sqlite_store(*, power_safe: bool = True) -> AsyncIterator[tuple[SqliteStore, Path]]:
    """A new database in a folder of its own where temporary files go, and the folder."""
    with tempfile.TemporaryDirectory(prefix="bench-writes-") as name:
        folder = Path(name)
        store = SqliteStore(folder / "bench.sqlite3", Metrics(), power_safe=power_safe)
        _silence(store)
        await store.open()
        try:
            yield store, folder
        finally:
            await store.close()


@asynccontextmanager
async def postgres_store(server: PostgresServer) -> AsyncIterator[tuple[PostgresStore, Path]]:
    """A new database of the server, and a folder for journals."""
    url = server.create_database()
    with tempfile.TemporaryDirectory(prefix="bench-writes-") as name:
        # Filling a table with a million rows takes longer than the product's limit for one statement.
        store = PostgresStore(url, Metrics(), timeout_s=60.0)
        _silence(store)
        await store.open()
        try:
            yield store, Path(name)
        finally:
            await store.close()
            server.drop_database(url)


def _silence(store: SqliteStore | PostgresStore) -> None:
    """No log line about a slow transaction: with 1,000 callers in a queue every one of the peers' is slow."""
    store._clock._slow_s = math.inf


async def settle(server: PostgresServer) -> None:
    """A checkpoint now, so that each way meets the same state."""
    connection: Any = await asyncpg.connect(server.url)
    try:
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def written_bytes() -> int:
    """What this process has given to write() so far, pages and journals, all of it to files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])


async def wal_bytes(store: Store) -> int:
    """How far the server's write-ahead log has come."""
    ((position,),) = await rows_of(store, "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")
    return int(position)
