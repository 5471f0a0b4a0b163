"""Other job libraries doing what the job bench does: insert, fire what is due, and fire at a steady rate.

    python -I queues.py apscheduler|pgqueuer|saq --place FILE_OR_URL --inserts N --per-s N --count N

`bench.jobs_peers` makes the environment that has them; this file is the script that runs in there, so it needs only the
standard library outside of the peers' own functions. Each is used as its documentation says, without its logs. Jobs
do nothing but note the time.
"""

import argparse
import asyncio
import json
import logging
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

_BATCH: Final = 1_000
_PGQUEUER_BATCH: Final = 1_000
_PGQUEUER_STEADY_BATCH: Final = 50
"""Of 10, 50, 200 and 1,000 in three turns each the one fires fastest, and the other is least late."""
_SAQ_CONCURRENCY: Final = 20
"""The fastest of 10, 20, 50, 100 and 200 in three turns each; they differ little below 100."""
_PATIENCE_S: Final = 60.0

seen: list[tuple[int, float]] = []
"""(number, lateness in seconds) of each run. Of the module, because APScheduler finds its functions by name."""


class Peer(Protocol):
    async def insert(self, dues: Sequence[tuple[int, float]]) -> None:
        """Keep jobs, each with a number and when it is due (seconds since 1970)."""

    def working(self, *, steady: bool) -> Any:
        """A context in which its worker runs; ``steady``: as is best where a few are due at a time."""


async def fire(number: int, due: float) -> None:
    seen.append((number, time.time() - due))


@asynccontextmanager
async def apscheduler(place: str) -> AsyncIterator[Peer]:
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # type: ignore[import-not-found]
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-not-found]

    # A write-ahead log, as ours has; its own choice, a rollback journal, syncs twice as often.
    with sqlite3.connect(place) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    store = SQLAlchemyJobStore(url=f"sqlite:///{place}")
    scheduler = AsyncIOScheduler(jobstores={"default": store}, timezone=UTC)

    class Mine:
        async def insert(self, dues: Sequence[tuple[int, float]]) -> None:
            for number, due in dues:  # it has no call for many
                when = datetime.fromtimestamp(due, UTC)
                scheduler.add_job(fire, "date", run_date=when, args=(number, due), misfire_grace_time=None)

        @asynccontextmanager
        async def working(self, *, steady: bool) -> AsyncIterator[None]:
            scheduler.resume()
            yield
            scheduler.pause()

    scheduler.start(paused=True)
    yield Mine()
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0.1)  # it ends in a later turn of the loop


@asynccontextmanager
async def pgqueuer(place: str) -> AsyncIterator[Peer]:
    import asyncpg
    from pgqueuer.db import AsyncpgPoolDriver  # type: ignore[import-not-found]
    from pgqueuer.qm import QueueManager  # type: ignore[import-not-found]
    from pgqueuer.queries import Queries  # type: ignore[import-not-found]

    async with asyncpg.create_pool(place, min_size=2, max_size=10) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))
        await queries.install()

        class Mine:
            async def insert(self, dues: Sequence[tuple[int, float]]) -> None:
                for first in range(0, len(dues), _BATCH):
                    part = dues[first : first + _BATCH]
                    now = time.time()
                    await queries.enqueue(
                        ["fire"] * len(part),
                        [b"%d" % number for number, _ in part],
                        [0] * len(part),
                        [timedelta(seconds=max(0.0, due - now)) for _, due in part],
                    )

            @asynccontextmanager
            async def working(self, *, steady: bool) -> AsyncIterator[None]:
                manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))

                @manager.entrypoint("fire")  # type: ignore[untyped-decorator]
                async def handler(job: Any) -> None:
                    # Its due time is the server's, so what it waited is counted from that.
                    await fire(int(job.payload), job.execute_after.timestamp())

                batch = _PGQUEUER_STEADY_BATCH if steady else _PGQUEUER_BATCH
                task = asyncio.create_task(manager.run(batch_size=batch))
                yield
                manager.shutdown.set()
                await task

        yield Mine()


@asynccontextmanager
async def saq(place: str) -> AsyncIterator[Peer]:
    from saq import Queue, Worker  # type: ignore[import-not-found]

    async def handler(_: Any, *, number: int, due: float) -> None:
        await fire(number, due)

    queue = Queue.from_url(place)
    await queue.connect()

    class Mine:
        async def insert(self, dues: Sequence[tuple[int, float]]) -> None:
            now = time.time()
            for first in range(0, len(dues), _BATCH):  # it has no call for many, but takes 20 at a time
                part = dues[first : first + _BATCH]
                await asyncio.gather(
                    *(
                        # Scheduled for 0 it is due at once.
                        queue.enqueue("fire", number=number, due=due, scheduled=due if due > now else 0)
                        for number, due in part
                    )
                )

        @asynccontextmanager
        async def working(self, *, steady: bool) -> AsyncIterator[None]:
            worker = Worker(queue, functions=[("fire", handler)], concurrency=_SAQ_CONCURRENCY)
            task = asyncio.create_task(worker.start())
            yield
            await worker.stop()
            await task

    yield Mine()
    await queue.disconnect()


PEERS: Final[dict[str, Callable[[str], Any]]] = {"apscheduler": apscheduler, "pgqueuer": pgqueuer, "saq": saq}


async def measure(peer: Peer, inserts: int, per_s: int, count: int) -> dict[str, Any]:
    began = time.perf_counter()
    now = time.time()
    await peer.insert([(number, now) for number in range(inserts)])
    inserting_s = time.perf_counter() - began

    began = time.perf_counter()
    async with peer.working(steady=False):
        await until(lambda: len(seen) >= inserts)
        firing_s = time.perf_counter() - began
    once = sorted(number for number, _ in seen) == list(range(inserts))
    seen.clear()

    # The first is due when all are kept.
    start = time.time() + 1.0 + 1.5 * count * inserting_s / inserts
    await peer.insert([(number, start + number / per_s) for number in range(count)])
    in_time = time.time() < start
    async with peer.working(steady=True):
        await until(lambda: len(seen) >= count)
    lateness = sorted(late for _, late in seen)
    return {
        "inserts_per_s": inserts / inserting_s,
        "fired_per_s": inserts / firing_s,
        "lateness": lateness,
        "once": once and in_time and sorted(number for number, _ in seen) == list(range(count)),
    }


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    async with PEERS[options.peer](options.place) as peer:
        return await measure(peer, options.inserts, options.per_s, options.count)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a job library. Runs in the environment that has it.")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--place", required=True)
    for name in ("--inserts", "--per-s", "--count"):
        parser.add_argument(name, type=int, required=True)
    logging.disable(logging.CRITICAL)
    sys.stdout.write(json.dumps(asyncio.run(run(parser.parse_args()))) + "\n")


if __name__ == "__main__":
    main()
