"""Part of the job bench: ours. Durable inserts, how fast due jobs are fired, and how late at a steady rate.

The runner works in this process, as in the bot, on jobs that do nothing. Every part ends with a count: each job was
fired once, and its table is empty.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.kinds import JobKind, JobRun
from skynetbot.jobs.runner import JobRunner
from skynetbot.jobs.service import Jobs
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.store import Store

__all__ = ["BATCH", "CONCURRENCY", "Sample", "Sizes", "percentile_ms", "take"]

BATCH: Final = 1_000
CONCURRENCY: Final = 200
_QUEUE: Final = "bench"
_LEAD_S: Final = 1.0
_LIMIT_S: Final = 60.0


class Sizes(msgspec.Struct, frozen=True):
    """How much is done; the peers get their own."""

    inserts: int
    """Jobs inserted in batches; these and the singles are fired."""
    singles: int
    """Jobs inserted in a transaction each."""
    per_s: int
    count: int
    """Jobs that are due one after the other, so many a second."""


class Sample(msgspec.Struct):
    """What one engine did."""

    inserts_per_s: float
    single_inserts_per_s: float
    fired_per_s: float
    lateness: list[float]
    once: bool
    """Every job was fired once, none before its time, and none is left."""


async def take(store: Store, sizes: Sizes) -> Sample:
    """All parts on an open, empty database."""
    bus = LocalBus()
    jobs = Jobs(store, bus)
    started = time.perf_counter()
    for first in range(0, sizes.inserts, BATCH):
        now = time.time()
        await jobs.schedule(*(_job(number, now) for number in range(first, min(first + BATCH, sizes.inserts))))
    inserts_per_s = sizes.inserts / (time.perf_counter() - started)

    started = time.perf_counter()
    for number in range(sizes.singles):
        await jobs.schedule(_job(number, time.time()))
    single_inserts_per_s = sizes.singles / (time.perf_counter() - started)

    everything = sizes.inserts + sizes.singles
    fired: Counter[int] = Counter()

    async def note(run: JobRun) -> None:
        fired[run.job.id] += 1

    started = time.perf_counter()
    async with _working(jobs, bus, note) as runner:
        # Ours counts until each is deleted, durably; the peers' time ends when the last was fired.
        await _until(lambda: len(fired) == everything and not any(runner.stats().values()), _LIMIT_S)
        fired_per_s = everything / (time.perf_counter() - started)
    once = set(fired.values()) == {1} and not await jobs.repository.counts()

    lateness, steady_once = await _steady(jobs, bus, sizes)
    return Sample(inserts_per_s, single_inserts_per_s, fired_per_s, lateness, once and steady_once)


async def _steady(jobs: Jobs, bus: LocalBus, sizes: Sizes) -> tuple[list[float], bool]:
    """(From each due time to its handler, sorted; whether each was fired once.)"""
    count = sizes.count
    seen: list[tuple[int, float]] = []

    async def note(run: JobRun) -> None:
        seen.append((run.job.id, time.time() - run.job.due))

    async with _working(jobs, bus, note) as runner:
        start = time.time() + _LEAD_S
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            await jobs.schedule(*(_job(number, start + number / sizes.per_s) for number in numbers))
        await _until(lambda: len(seen) >= count and not any(runner.stats().values()), count / sizes.per_s + _LIMIT_S)
    lateness = sorted(late for _, late in seen)
    once = len({id_ for id_, _ in seen}) == len(seen) == count and not await jobs.repository.counts()
    return lateness, once and lateness[0] >= 0


def _job(number: int, due: float) -> NewJob:
    return NewJob(queue=_QUEUE, due=due, payload=f'{{"n":{number}}}', guild_id=1 + number % 100, title="bench")


@asynccontextmanager
async def _working(jobs: Jobs, bus: LocalBus, handler: Callable[[JobRun], Awaitable[None]]) -> AsyncIterator[JobRunner]:
    """A runner at work, as the app runs it."""
    kind = JobKind(queue=_QUEUE, handler=handler, concurrency=CONCURRENCY)
    runner = JobRunner(jobs.repository, [kind], bus, Metrics(), worker="bench", next_time=lambda *_: None)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.close()


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def percentile_ms(values: list[float], share: float) -> float:
    """Of sorted values."""
    return round(values[min(int(len(values) * share), len(values) - 1)] * 1e3, 2)
