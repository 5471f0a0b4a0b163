"""Part of the write bench: real chat at its real speed, its counters saved in four ways, the same rows in the end.

Time is the recording's own, so that the number of transactions is the one of a live evening, while the bench runs as
fast as the database takes it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from bench.report import Report
from bench.writes_stores import (
    CHAT,
    GUILD,
    RETURNING,
    SECONDS_PER_DAY,
    day_row,
    member_row,
    observed,
    one,
    postgres_store,
    rows_of,
    settle,
    sqlite_store,
    user_of,
    wal_bytes,
    written_bytes,
)
from discord_emulator.replay import read_events
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.statements import UpsertRows
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.policy import WritePolicy
from support.servers import PostgresServer

__all__ = ["Said", "recording", "replay"]

_EPOCH: Final = 1_700_000_000.0
_POLICY: Final = WritePolicy()
WAYS: Final = ("save_per_event", "one_per_message", "grouped", "ours")
Opened: TypeAlias = AbstractAsyncContextManager[tuple[Store, Path]]


class Said(msgspec.Struct, frozen=True):
    """One message of the recording."""

    at: float
    guild_id: int
    user_id: int
    name: str

    @property
    def rows(self) -> list[UpsertRows]:
        return [member_row(self.guild_id, self.user_id, self.name, self.at), day_row(self.guild_id, self.at)]


class _Cost(msgspec.Struct):
    """What one way needed for the whole slice."""

    exact: bool = False
    transactions: int = 0
    rows: int = 0
    wall_s: float = 0.0
    file_bytes: int = 0
    """Given to write() by this process: for SQLite its log and pages, for ours the journal too."""
    wal_bytes: int = 0
    """PostgreSQL's write-ahead log."""
    journal_bytes: int = 0


async def replay(report: Report, server: PostgresServer | None, *, quick: bool) -> None:
    """20,000 messages, 2,000 when quick; on PostgreSQL, where a save takes longer, the first part of them."""
    if not CHAT.is_file():
        report.notes.append(f"The real chat is not here ({CHAT}), so nothing was replayed; set SKYNETBOT_SHARED_DATA.")
        return
    said = recording(2_000 if quick else 20_000)
    postgres = len(said) // (4 if quick else 2)
    await _engine(report, "sqlite", said, sqlite_store)
    if server is not None:
        running = server

        @asynccontextmanager
        async def opened() -> AsyncIterator[tuple[Store, Path]]:
            async with postgres_store(running) as (store, folder):
                await settle(running)
                yield store, folder

        await _engine(report, "postgres", said[:postgres], opened)
    span = said[-1].at - said[0].at
    people = len({(one_of.guild_id, one_of.user_id) for one_of in said})
    report.notes.append(
        f"Replay: the first {len(said):,} messages of 16 live chats, {span:,.0f} s at their own speed "
        f"({len(said) / span:.1f} a second), {people:,} members; on PostgreSQL {postgres:,} of them. "
        "save_per_event is two saves a message, each a transaction: the member's row and the server's day; "
        "one_per_message has both in one transaction; grouped has the same single rows, unmerged, in one transaction "
        "each 5 s; ours is the default policy (5 s or 100 rows)."
    )
    report.notes.append(
        "Replay: bytes are, for SQLite, all that the process gave to write() with the journal and the last checkpoint; "
        "for PostgreSQL those of its write-ahead log and of the journal. The journal is no transaction, but on a live "
        "evening it is synced up to 20 times a second."
    )


def recording(count: int) -> list[Said]:
    """The first messages of the 16 chats, each a server."""
    guilds: dict[str, int] = {}
    users: dict[str, int] = {}
    messages = (event for event in read_events(CHAT) if event.k in ("m", "a"))
    return [
        Said(
            at=_EPOCH + event.t / 1000,
            guild_id=guilds.setdefault(event.c, GUILD + len(guilds)),
            user_id=users.setdefault(event.u, user_of(len(users))),
            name=event.u,
        )
        for event in islice(messages, count)
    ]


async def _engine(report: Report, engine: str, said: Sequence[Said], opened: Callable[[], Any]) -> None:
    ways: dict[str, Callable[[Store, Path, Sequence[Said], _Cost], Awaitable[None]]] = {
        "save_per_event": _save_per_event,
        "one_per_message": _one_per_message,
        "grouped": _grouped,
        "ours": _ours,
    }
    costs: dict[str, _Cost] = {}
    for name, way in ways.items():
        cost = costs[name] = await _measured(way, said, opened)
        report.gates[f"replay_{engine}_{name}_equals_recount"] = cost.exact
        prefix = f"replay_{engine}_{name}"
        report.figures[f"{prefix}_transactions"] = cost.transactions
        report.figures[f"{prefix}_transactions_per_message"] = round(cost.transactions / len(said), 5)
        report.figures[f"{prefix}_rows_per_message"] = round(cost.rows / len(said), 4)
        report.figures[f"{prefix}_rows_per_transaction"] = round(cost.rows / cost.transactions, 2)
        size = cost.file_bytes if engine == "sqlite" else cost.wal_bytes + cost.journal_bytes
        report.figures[f"{prefix}_bytes_per_message"] = round(size / len(said), 1)
        if cost.journal_bytes:
            report.figures[f"{prefix}_of_these_journal_bytes"] = round(cost.journal_bytes / len(said), 1)
        report.figures[f"{prefix}_wall_us_per_message"] = round(cost.wall_s / len(said) * 1e6, 1)
    _compare(report, engine, costs, len(said))


def _compare(report: Report, engine: str, costs: dict[str, _Cost], messages: int) -> None:
    ours = costs["ours"]
    mark = "" if engine == "sqlite" else "postgres_"

    def size(cost: _Cost) -> int:
        return cost.file_bytes if engine == "sqlite" else cost.wal_bytes + cost.journal_bytes

    for name, word in (
        ("save_per_event", "save_per_event"),
        ("one_per_message", "one_per_message"),
        ("grouped", "grouped_unmerged"),
    ):
        theirs = costs[name]
        report.ratios[f"{mark}transactions_vs_{word}"] = round(theirs.transactions / ours.transactions, 2)
        report.ratios[f"{mark}bytes_vs_{word}"] = round(size(theirs) / size(ours), 2)
        report.ratios[f"{mark}wall_vs_{word}"] = round(theirs.wall_s / ours.wall_s, 2)
    report.ratios[f"{mark}merging_operations_per_row"] = round(4 * messages / ours.rows, 3)
    report.ratios[f"{mark}merging_unmerged_rows_per_row"] = round(costs["grouped"].rows / ours.rows, 3)
    report.ratios[f"{mark}grouping_rows_per_transaction"] = round(ours.rows / ours.transactions, 2)


async def _measured(
    way: Callable[[Store, Path, Sequence[Said], _Cost], Awaitable[None]],
    said: Sequence[Said],
    opened: Callable[[], Opened],
) -> _Cost:
    cost = _Cost()
    async with opened() as (store, folder):
        postgres = isinstance(store, PostgresStore)
        wal = await wal_bytes(store) if postgres else 0
        written = written_bytes()
        transactions = store.stats()["queries"]
        began = time.perf_counter()
        await way(store, folder, said, cost)
        cost.wall_s = time.perf_counter() - began
        cost.transactions = store.stats()["queries"] - transactions
        cost.wal_bytes = await wal_bytes(store) - wal if postgres else 0
        cost.exact = await _equals_recount(store, said)
    # The last checkpoint, when a database is closed, is part of what it writes.
    cost.file_bytes = written_bytes() - written
    return cost


async def _save_per_event(store: Store, folder: Path, said: Sequence[Said], cost: _Cost) -> None:
    """Each changed document saved by itself."""
    for message in said:
        for row in message.rows:
            await store.run("bench", "save", lambda row=row: one(row))  # type: ignore[misc]
            cost.rows += 1


async def _one_per_message(store: Store, folder: Path, said: Sequence[Said], cost: _Cost) -> None:
    for message in said:
        rows = message.rows
        await store.run("bench", "save", lambda rows=rows: one(*rows))  # type: ignore[misc]
        cost.rows += len(rows)


async def _grouped(store: Store, folder: Path, said: Sequence[Said], cost: _Cost) -> None:
    """All of a window in one transaction, one statement a row, nothing merged."""
    waiting: list[UpsertRows] = []

    async def save() -> None:
        rows = list(waiting)
        waiting.clear()
        if rows:
            await store.run("bench", "save", lambda: one(*rows))
            cost.rows += len(rows)

    due = said[0].at + _POLICY.interval_s
    for message in said:
        while message.at >= due:
            await save()
            due += _POLICY.interval_s
        waiting += message.rows
    await save()


async def _ours(store: Store, folder: Path, said: Sequence[Said], cost: _Cost) -> None:
    """`WriteBehind.run` by the recording's clock: every 5 s, and at once when enough rows wait."""
    at = said[0].at
    writes = WriteBehind(store, folder / "journal", Metrics(), policy=_POLICY, returning=RETURNING, now=lambda: at)
    await writes.open()
    _count_journal(writes, cost)
    due = at + _POLICY.interval_s
    for message in said:
        while message.at >= due:
            at = due
            await writes.flush()
            due += _POLICY.interval_s
        at = message.at
        writes.soon_nowait(*observed(message.guild_id, message.user_id, message.name, at))
        await asyncio.sleep(0)  # each message is an event by itself, and journalled by itself
        if writes.waiting_keys >= _POLICY.keys:
            await writes.flush()
            due = at + _POLICY.interval_s
    await writes.close()
    cost.rows = writes.tally.rows


def _count_journal(writes: WriteBehind, cost: _Cost) -> None:
    journal = writes._journal
    assert journal is not None
    write = journal._write

    def counted(record: bytes) -> None:
        cost.journal_bytes += len(record)
        write(record)

    journal._write = counted  # type: ignore[method-assign]


async def _equals_recount(store: Store, said: Sequence[Said]) -> bool:
    members: dict[tuple[int, int], tuple[int, str, float]] = {}
    days: dict[tuple[int, int], int] = {}
    for message in said:
        key = (message.guild_id, message.user_id)
        count, _, last = members.get(key, (0, "", 0.0))
        members[key] = (count + 1, message.name, max(last, message.at))
        day = (message.guild_id, int(message.at // SECONDS_PER_DAY))
        days[day] = days.get(day, 0) + 1
    stored = await rows_of(store, "SELECT guild_id, user_id, messages, name, last_message_at FROM members")
    stored_days = await rows_of(store, "SELECT guild_id, day, messages FROM guild_days")
    return {row[:2]: row[2:] for row in stored} == members and {row[:2]: row[2] for row in stored_days} == days
