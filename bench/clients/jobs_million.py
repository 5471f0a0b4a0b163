"""A fresh process that takes up a table of many jobs, as the bot does at its start, and measures itself.

    python -m bench.clients.jobs_million DATABASE PENDING

One JSON object on stdout: how long until the first due job was fired, what the memory grew by, and what it costs to
move and to cancel one by its key. `bench.jobs_million` fills the table.
"""

import asyncio
import gc
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.kinds import JobKind, JobRun
from skynetbot.jobs.runner import JobRunner
from skynetbot.jobs.service import Jobs, JobWriter
from skynetbot.observability.logs import configure_logging
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.opening import store_for
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Work
from skynetbot.storage.store import Store

__all__ = ["Found"]

_CHANGES: Final = 300
_SETTLE_S: Final = 30.0


class Found(msgspec.Struct):
    start_s: float
    """From before the database is opened until the handler of a job that was due runs."""
    grown_mib: float
    """The most that the process took afterwards, less what it took before."""
    move_us: float
    cancel_us: float
    """By a transaction each, the median."""
    move_batch_us: float
    cancel_batch_us: float
    """Of many in one transaction."""
    fired: int
    """How often the one due job was fired."""
    counted: int
    """Jobs that the runner found waiting."""
    changed: bool
    """Each move and cancel found its job."""


async def _main(database: str, pending: int) -> Found:
    fired = asyncio.Event()
    times = 0

    async def handler(_: JobRun) -> None:
        nonlocal times
        times += 1
        fired.set()

    gc.collect()
    before = _resident_kib("VmRSS")
    started = time.perf_counter()
    store: Store
    if "://" in database:
        store = store_for(OperatorSettings(database_url=database), Metrics())
    else:
        store = SqliteStore(Path(database), Metrics())
    await store.open()
    bus = LocalBus()
    jobs = Jobs(store, bus)
    kind = JobKind(queue="bench", handler=handler)
    runner = JobRunner(jobs.repository, [kind], bus, Metrics(), worker="bench", next_time=lambda *_: None)
    task = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(_SETTLE_S):
            await fired.wait()
            start_s = time.perf_counter() - started
            # Its first count looks at the whole table.
            while not runner.tally.pending:
                await asyncio.sleep(0.05)
        grown_kib = _resident_kib("VmHWM") - before
        counted = runner.tally.pending.get(("bench", 0), 0)

        far = time.time() + 90 * 86_400
        chosen = [f"key-{number}" for number in random.sample(range(1, pending), k=4 * _CHANGES)]
        groups = [chosen[part::4] for part in range(4)]
        move_us, moved = await _each(groups[0], lambda key: jobs.move("bench", key, far))
        cancel_us, cancelled = await _each(groups[1], lambda key: jobs.cancel("bench", key))
        move_batch_us, moves = await _together(jobs, groups[2], lambda writer, key: writer.move("bench", key, far))
        cancel_batch_us, cancels = await _together(jobs, groups[3], lambda writer, key: writer.cancel("bench", key))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.close()
        await store.close()
    return Found(
        start_s=start_s,
        grown_mib=grown_kib / 1024,
        move_us=move_us,
        cancel_us=cancel_us,
        move_batch_us=move_batch_us,
        cancel_batch_us=cancel_batch_us,
        fired=times,
        counted=counted,
        changed=moved and cancelled and moves and cancels,
    )


async def _each(keys: Sequence[str], act: Callable[[str], Awaitable[bool]]) -> tuple[float, bool]:
    """(Median microseconds of one, whether each found its job.)"""
    took: list[float] = []
    found = True
    for key in keys:
        began = time.perf_counter()
        found = await act(key) and found
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6, found


async def _together(jobs: Jobs, keys: Sequence[str], act: Callable[[JobWriter, str], Work[bool]]) -> tuple[float, bool]:
    """The same of one transaction for all, its commit included."""

    def work(writer: JobWriter) -> Work[bool]:
        found = True
        for key in keys:
            found = (yield from act(writer, key)) and found
        return found

    began = time.perf_counter()
    found = await jobs.transaction("jobs", "change", work)
    return (time.perf_counter() - began) / len(keys) * 1e6, found


def _resident_kib(name: str) -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields[name].split()[0])


if __name__ == "__main__":
    configure_logging()  # to stderr
    sys.stdout.write(msgspec.json.encode(asyncio.run(_main(sys.argv[1], int(sys.argv[2])))).decode() + "\n")
