"""Part of the write bench: durable operations a second, and how long an acknowledgement takes.

Callers in a closed loop, each adding to a random one of 10,000 members that exist; ours, SQLite with a transaction an
operation, and Red's JSON driver. Every system runs in one process with one event loop, on the file system where
temporary files go. The settings take turns in random order, so that a noisy neighbour hits all alike.
"""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Final, Literal, TypeAlias

import apsw
import msgspec

from bench.clients import red_json
from bench.report import Report
from bench.writes_stores import GUILD, RETURNING, fill, one, rows_of, sqlite_store, user_of
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.dialect import sqlite_upsert
from skynetbot.storage.statements import UpsertRows
from skynetbot.storage.store import Store
from skynetbot.storage.tables import MEMBERS
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.operations import Increment
from skynetbot.writes.policy import WritePolicy

__all__ = ["callers"]

System: TypeAlias = Literal["always", "interval", "sqlite_full", "sqlite_normal"]
Act: TypeAlias = Callable[[int], Awaitable[None]]

_SYSTEMS: Final[tuple[System, ...]] = ("always", "interval", "sqlite_full", "sqlite_normal")
_MEMBERS: Final = 10_000
_RED_ACCOUNTS: Final = 1_000
_RED_CALLERS: Final = 100
_RED_SETS: Final = 200


class _Sample(msgspec.Struct):
    """One setting's turn."""

    ops_per_s: float
    acks: list[float]
    counted: bool
    """Whether the table holds each operation that was acknowledged, once."""


async def callers(report: Report, *, quick: bool) -> None:
    """Three turns of 1 s with 1, 10, 100 and 1,000 callers; one of 0.5 s with 100 and 1,000 when quick."""
    levels, turns, seconds = ((100, 1_000), 1, 0.5) if quick else ((1, 10, 100, 1_000), 3, 1.0)
    samples: dict[tuple[System, int], list[_Sample]] = {(s, n): [] for s in _SYSTEMS for n in levels}
    red: list[float] = []
    for _ in range(turns):
        for system, count in random.sample(list(samples), k=len(samples)):
            samples[system, count].append(await _turn(system, count, seconds))
        _measure_red(report, red)
    for name in ("full", "normal"):
        rates = [await _alone(name, seconds) for _ in range(turns)]
        report.figures[f"sqlite_{name}_without_callers_ops_per_s"] = round(statistics.median(rates), 1)
    for (system, count), taken in samples.items():
        prefix = f"{system}_{count}"
        acks = sorted(ack for sample in taken for ack in sample.acks)
        report.gates[f"{prefix}_holds_what_was_acknowledged"] = all(sample.counted for sample in taken)
        report.figures[f"{prefix}_ops_per_s"] = round(statistics.median(s.ops_per_s for s in taken), 1)
        report.figures[f"{prefix}_ack_p50_ms"] = round(acks[len(acks) // 2] * 1e3, 4)
        report.figures[f"{prefix}_ack_p99_ms"] = round(acks[int(len(acks) * 0.99)] * 1e3, 4)
    figures = report.figures
    figures["durable_ops_per_s"] = figures["always_1000_ops_per_s"]
    figures["interval_ops_per_s"] = figures["interval_1000_ops_per_s"]
    figures["ack_p99_ms"] = max(figures["always_1000_ack_p99_ms"], figures["interval_1000_ack_p99_ms"])
    always = [sample.ops_per_s for sample in samples["always", _RED_CALLERS]]
    if red:
        report.ratios["red_json_driver"] = _paired(always, red)
    pairs: list[tuple[System, System, str]] = [
        ("sqlite_full", "always", ""),
        ("sqlite_normal", "always", ""),
        ("sqlite_full", "interval", "_interval"),
        ("sqlite_normal", "interval", "_interval"),
    ]
    for peer, ours, mark in pairs:
        for count in levels:
            name = f"{peer}{mark}" if count == levels[-1] else f"{peer}{mark}_{count}_callers"
            report.ratios[name] = _paired(
                [s.ops_per_s for s in samples[ours, count]], [s.ops_per_s for s in samples[peer, count]]
            )
    report.notes.append(
        "Callers: always is acknowledged when the disk has it, interval when it survives the process's death (the disk "
        "follows within 50 ms); so sqlite_full is the peer of always, sqlite_normal that of interval. Ratios are ours "
        "over theirs at 1,000 callers where no number is named. An ack is from call to return; each caller lets "
        "the others run after each of them, in every system. without_callers is the bare engine in one loop."
    )
    report.notes.append(
        f"Red {red_json.RED_VERSION}: {_RED_CALLERS} callers, {_RED_ACCOUNTS:,} accounts in its one file, which each "
        f"set rewrites and syncs; ours has {_MEMBERS:,} members."
    )


def _paired(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


def _measure_red(report: Report, red: list[float]) -> None:
    found = red_json.measure(_RED_ACCOUNTS, _RED_SETS, _RED_CALLERS)
    if isinstance(found, str):
        if found not in report.notes:
            report.notes.append(found)
        return
    red.append(found["sets_per_s"])
    report.gates["red_holds_what_was_acknowledged"] = found["gate"] and report.gates.get(
        "red_holds_what_was_acknowledged", True
    )
    report.figures["red_json_100_ops_per_s"] = round(statistics.median(red), 1)
    report.figures["red_json_100_ack_p50_ms"] = found["ack_p50_ms"]
    report.figures["red_json_100_ack_p99_ms"] = found["ack_p99_ms"]


async def _alone(synchronous: str, seconds: float) -> float:
    """Transactions a second of the bare engine: one thread, no event loop, nobody to answer."""
    async with sqlite_store() as (store, folder):
        await fill(store, _MEMBERS)
        connection = apsw.Connection(f"{folder}/bench.sqlite3")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        sql = sqlite_upsert(MEMBERS, (("messages", "add"),), (), 1)
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            connection.execute(sql, (GUILD, user_of(random.randrange(_MEMBERS)), 1))
            done += 1
        took = time.perf_counter() - began
        connection.close()
    return done / took


async def _turn(system: System, count: int, seconds: float) -> _Sample:
    async with sqlite_store(power_safe=system != "sqlite_normal") as (store, folder):
        await fill(store, _MEMBERS)
        if system in ("always", "interval"):
            policy = WritePolicy(sync="always" if system == "always" else "interval")
            async with running(
                WriteBehind(store, folder / "journal", Metrics(), policy=policy, returning=RETURNING)
            ) as writes:
                _, warm = await _loop(soon(writes), count, seconds / 4)
                took, acks = await _loop(soon(writes), count, seconds)
                await writes.flush()
        else:
            _, warm = await _loop(saved(store), count, seconds / 4)
            took, acks = await _loop(saved(store), count, seconds)
        ((total,),) = await rows_of(store, "SELECT sum(messages) FROM members")
    return _Sample(len(acks) / took, acks, total == len(warm) + len(acks))


@asynccontextmanager
async def running(writes: WriteBehind) -> AsyncIterator[WriteBehind]:
    """Open, with its flush task, as the app runs it."""
    await writes.open()
    task = asyncio.create_task(writes.run())
    try:
        yield writes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await writes.close()


def soon(writes: WriteBehind) -> Act:
    async def act(user_id: int) -> None:
        await writes.soon(Increment("members", (GUILD, user_id), "messages"))

    return act


def saved(store: Store) -> Act:
    """The operation as a transaction by itself."""

    async def act(user_id: int) -> None:
        row = UpsertRows(MEMBERS, (("messages", "add"),), [(GUILD, user_id, 1)])
        await store.run("bench", "save", lambda: one(row))

    return act


async def _loop(act: Act, count: int, seconds: float) -> tuple[float, list[float]]:
    """(How long it took, each acknowledgement's time)."""
    acks: list[float] = []
    users = cycle([user_of(random.randrange(_MEMBERS)) for _ in range(50_000)])
    clock = time.perf_counter
    started = clock()
    deadline = started + seconds

    async def caller() -> None:
        while (began := clock()) < deadline:
            await act(next(users))
            acks.append(clock() - began)
            # An acknowledgement need not suspend its caller; real ones wait for their next message.
            await asyncio.sleep(0)

    await asyncio.gather(*(caller() for _ in range(count)))
    return clock() - started, acks
