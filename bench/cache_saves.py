"""Part of the cache bench: how soon a save is in force in the other processes, and that a crowd makes one query.

Four real processes over PostgreSQL: one saves, the other three note when their snapshot has the new revision; once with
Valkey as the bus and the shared cache, once with PostgreSQL's NOTIFY alone.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.cache_ways import Ours, Repositories, Ttl
from bench.report import Report
from bench.writes_stores import GUILD, fill, postgres_store, sqlite_store
from skynetbot.bus.local import LocalBus
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.pending import NothingWaiting
from skynetbot.storage.store import Store
from support.servers import PostgresServer, ValkeyServer

__all__ = ["crowd", "saves"]

_ROOT: Final = Path(__file__).parents[1]
_WATCHERS: Final = 3
_PAUSE_S: Final = 0.02
_START_S: Final = 60.0
_END_S: Final = 90.0
_CROWD: Final = 10_000


async def saves(report: Report, server: PostgresServer, valkey: ValkeyServer | None, *, quick: bool) -> None:
    """200 saves a bus; 20 when quick."""
    count = 20 if quick else 200
    if valkey is not None:
        await _measure(report, server, valkey.url, count, "")
    await _measure(report, server, "-", count, "_postgres")
    report.notes.append(
        f"save_to_effect: {count} saves, one each {_PAUSE_S * 1e3:.0f} ms, in one process; from its acknowledgement "
        f"to the new snapshot in each of {_WATCHERS} others, on {os.cpu_count()} processors. The save itself takes "
        "save_p50_ms (PostgreSQL with fsync). postgres: without Valkey."
    )


async def _measure(report: Report, server: PostgresServer, valkey: str, count: int, mark: str) -> None:
    url = server.create_database()
    processes: list[asyncio.subprocess.Process] = []
    try:
        for role in ("save", *["watch"] * _WATCHERS):
            processes.append(await _process(url, valkey, role, count))  # noqa: PERF401 - each is killed at the end
        await _ready(processes)
        for process in (*processes[1:], processes[0]):  # the saver last
            _go(process)
        async with asyncio.timeout(_END_S):
            answers = [msgspec.json.decode(await _line(process)) for process in processes]
        for process in processes:
            _go(process)
        async with asyncio.timeout(_END_S):
            await asyncio.gather(*(process.wait() for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
        server.drop_database(url)
    saved, watched = answers[0], answers[1:]
    reached = [
        watcher[key] - acknowledged for watcher in watched for key, (_, acknowledged) in saved.items() if key in watcher
    ]
    everywhere = len(saved) == count and len(reached) == count * _WATCHERS
    report.gates[f"every_save_reached_every_process{mark}"] = everywhere
    if not reached:
        return
    delays = sorted(reached)
    took = sorted(acknowledged - began for began, acknowledged in saved.values())
    report.figures[f"save_to_effect_p50{mark}_ms"] = round(delays[len(delays) // 2] * 1e3, 3)
    report.figures[f"save_to_effect_p99{mark}_ms"] = round(delays[int(len(delays) * 0.99)] * 1e3, 3)
    report.figures[f"save_to_effect_max{mark}_ms"] = round(delays[-1] * 1e3, 3)
    report.figures[f"save_p50{mark}_ms"] = round(took[len(took) // 2] * 1e3, 3)


async def _process(url: str, valkey: str, role: str, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.clients.settings_process",
        url,
        valkey,
        role,
        str(count),
        str(_PAUSE_S),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )


async def _ready(processes: list[asyncio.subprocess.Process]) -> None:
    async with asyncio.timeout(_START_S):
        for process in processes:
            line = await _line(process)
            assert line == b"ready\n", line


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("A process of the bench ended too early; see above.")
    return line


def _go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


async def crowd(report: Report, server: PostgresServer | None, *, quick: bool) -> None:
    """10,000 ask for one key that is not there, at once: settings, counters and actions of a server, a session."""
    async with sqlite_store() as (store, _):
        await _crowd(report, store, "sqlite", quick=quick)
    if server is not None:
        async with postgres_store(server) as (store, _):
            await _crowd(report, store, "postgres", quick=quick)
    report.notes.append(
        f"crowd: {_CROWD:,} at once ask for one key that nobody has read; ttl is the original's way, which asks as "
        f"often as it is asked until the first answer is there (of {_crowd_of_ttl(quick):,})."
    )


async def _crowd(report: Report, store: Store, engine: str, *, quick: bool) -> None:
    await fill(store, 1_000)
    bus = LocalBus()
    repositories = Repositories(store, ActivityRepository(store, NothingWaiting(store)))
    ours = Ours(repositories, bus, time.time)
    kinds: dict[str, Any] = {
        "settings": lambda: ours.snapshot(GUILD),
        "counters": lambda: ours.totals(GUILD),
        "actions": lambda: ours.recent_actions(GUILD, 20),
        "session": lambda: ours.sessions.get("session:bench"),
    }
    if quick and engine == "postgres":
        kinds = {"settings": kinds["settings"]}
    most = 0
    for name, ask in kinds.items():
        before = store.stats()["queries"]
        began = time.perf_counter()
        answers = await asyncio.gather(*(ask() for _ in range(_CROWD)))
        report.figures[f"crowd_{engine}_{name}_ms"] = round((time.perf_counter() - began) * 1e3, 1)
        asked = store.stats()["queries"] - before
        most = max(most, asked)
        report.gates[f"crowd_{engine}_{name}_makes_one_query"] = asked == 1 and all(a == answers[0] for a in answers)
    report.figures[f"crowd_{engine}_queries"] = most
    ttl = Ttl(repositories, bus, time.time)
    count = _crowd_of_ttl(quick)
    before = store.stats()["queries"]
    await asyncio.gather(*(ttl.totals(GUILD) for _ in range(count)))
    report.figures[f"crowd_{engine}_queries_ttl"] = store.stats()["queries"] - before
    for cache in ours.caches:
        await cache.close()


def _crowd_of_ttl(quick: bool) -> int:
    return 500 if quick else 5_000
