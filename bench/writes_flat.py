"""Part of the write bench: whether an operation costs the same however many rows its table has.

The activity feature's operations on random members of one server, flushed every 100 messages. Each flush changes 50
different rows, whatever the size, so that merging is the same. The sizes take turns in random order.
"""

import asyncio
import random
import statistics
import time
from contextlib import AsyncExitStack
from typing import Final

import msgspec

from bench.report import Report
from bench.writes_stores import (
    GUILD,
    RETURNING,
    fill,
    observed,
    postgres_store,
    rows_of,
    settle,
    sqlite_store,
    user_of,
    written_bytes,
)
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind
from support.servers import PostgresServer

__all__ = ["flat"]

_SIZES: Final = {100: "100", 10_000: "ten_thousand", 1_000_000: "million"}
_MEMBERS_PER_FLUSH: Final = 50
_MESSAGES_EACH: Final = 2
_OPERATIONS_PER_FLUSH: Final = _MEMBERS_PER_FLUSH * _MESSAGES_EACH * 4
_AT: Final = 1_700_000_000.0


class _Side(msgspec.Struct):
    store: Store
    writes: WriteBehind
    size: int
    wall_us: list[float] = []
    cpu_us: list[float] = []
    bytes_written: list[float] = []
    messages: int = 0


async def flat(report: Report, server: PostgresServer | None, *, quick: bool) -> None:
    """12 turns of 40 flushes a size; 4 of 10 when quick, and then without PostgreSQL."""
    turns, flushes = (4, 10) if quick else (12, 40)
    await _engine(report, "sqlite", None, turns, flushes)
    if server is not None and not quick:
        await _engine(report, "postgres", server, turns, flushes)
    report.notes.append(
        "Flat cost: a microsecond figure is of one typed operation with its share of the flush (100 messages, 400 "
        "operations, 51 rows, one transaction), by the clock and in processor time. Members are drawn evenly, so the "
        "50 rows of a large table lie on 50 pages, and their index entries on as many: bytes_per_operation shows it."
    )


async def _engine(report: Report, engine: str, server: PostgresServer | None, turns: int, flushes: int) -> None:
    mark = "" if engine == "sqlite" else "postgres_"
    async with AsyncExitStack() as stack:
        sides = [await _side(stack, size, server) for size in _SIZES]
        if server is not None:
            await settle(server)
        for number in range(turns + 1):
            for side in random.sample(sides, k=len(sides)):
                await _turn(side, flushes, keep=number > 0)  # the first turn warms up
        for side in sides:
            name = _SIZES[side.size]
            report.gates[f"{mark}flat_{name}_counts"] = await _counts(side)
            report.figures[f"{mark}cost_us_at_{name}"] = round(statistics.median(side.wall_us), 3)
            report.figures[f"{mark}cost_cpu_us_at_{name}"] = round(statistics.median(side.cpu_us), 3)
            if server is None:
                report.figures[f"bytes_per_operation_at_{name}"] = round(statistics.mean(side.bytes_written), 1)
        for side in sides[1:]:
            ratio = f"{mark}cost_{_SIZES[side.size]}_vs_hundred"
            report.ratios[ratio] = _paired(side.wall_us, sides[0].wall_us)
            report.ratios[ratio.replace("cost_", "cost_cpu_")] = _paired(side.cpu_us, sides[0].cpu_us)


async def _side(stack: AsyncExitStack, size: int, server: PostgresServer | None) -> _Side:
    store: Store
    if server is None:
        store, folder = await stack.enter_async_context(sqlite_store())
    else:
        store, folder = await stack.enter_async_context(postgres_store(server))
    await fill(store, size)
    writes = WriteBehind(store, folder / "journal", Metrics(), returning=RETURNING)
    await writes.open()
    stack.push_async_callback(writes.close)
    return _Side(store, writes, size)


async def _turn(side: _Side, flushes: int, *, keep: bool) -> None:
    chosen = [random.sample(range(side.size), k=_MEMBERS_PER_FLUSH) * _MESSAGES_EACH for _ in range(flushes)]
    writes = side.writes
    written, cpu, wall = written_bytes(), time.process_time(), time.perf_counter()
    for members in chosen:
        for number in members:
            writes.soon_nowait(*observed(GUILD, user_of(number), f"user-{number}", _AT))
            await asyncio.sleep(0)
        await writes.flush()
    operations = flushes * _OPERATIONS_PER_FLUSH
    if keep:
        side.wall_us.append((time.perf_counter() - wall) / operations * 1e6)
        side.cpu_us.append((time.process_time() - cpu) / operations * 1e6)
        side.bytes_written.append((written_bytes() - written) / operations)
    side.messages += operations // 4


async def _counts(side: _Side) -> bool:
    ((members, rows),) = await rows_of(side.store, "SELECT sum(messages), count(*) FROM members")
    ((days,),) = await rows_of(side.store, "SELECT sum(messages) FROM guild_days")
    return (int(members), rows, int(days)) == (side.messages, side.size, side.messages)


def _paired(theirs: list[float], ours: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(theirs, ours, strict=True)), 3)
