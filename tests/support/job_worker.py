"""A process that works on jobs until somebody kills it.

    python job_worker.py DATABASE JOURNALS SINK

A job of the queue "ledger" adds 1 to a row of its own, in the transaction that finishes it. One of the queue "posts"
makes a file named by its nonce in the folder SINK, as Discord makes one message of two posts with one nonce, and notes
it; every third attempt stops half way with an error.
"""

import asyncio
import random
import sys
from pathlib import Path

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.kinds import JobKind, JobRun
from skynetbot.jobs.retries import RetryPolicy
from skynetbot.jobs.runner import JobRunner
from skynetbot.jobs.service import JobWriter
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.opening import store_for
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind

QUICK = RetryPolicy(attempts=50, first_s=0.02, longest_s=0.1)


def store_at(database: str) -> Store:
    if "://" in database:
        return store_for(OperatorSettings(database_url=database, database_timeout_s=5), Metrics())
    return SqliteStore(Path(database), Metrics())


def kinds(sink: Path) -> tuple[JobKind, ...]:
    async def ledger(run: JobRun) -> None:
        def effect(_: JobWriter) -> Work[None]:
            yield from fetch(
                "INSERT INTO guild_days (guild_id, day, messages) VALUES (?1, 0, 1) ON CONFLICT (guild_id, day) "
                "DO UPDATE SET messages = guild_days.messages + 1",
                run.job.guild_id,
            )

        await asyncio.sleep(random.uniform(0, 0.02))
        await run.commit(effect)

    async def posts(run: JobRun) -> None:
        if run.progress is None:
            path = sink / f"{run.job.guild_id}-{run.nonce}"
            path.touch()
            if random.random() < 0.3:
                raise ConnectionError("the answer was lost")
            await run.note(path.name)
        await asyncio.sleep(random.uniform(0, 0.02))

    return (
        JobKind(queue="ledger", handler=ledger, retries=QUICK),
        JobKind(queue="posts", handler=posts, retries=QUICK),
    )


async def main(database: str, journals: str, sink: str) -> None:
    store = store_at(database)
    await store.open()
    writes = WriteBehind(store, Path(journals), Metrics())
    await writes.open()
    bus = LocalBus()
    from skynetbot.storage.jobs import JobRepository

    runner = JobRunner(
        JobRepository(store),
        kinds(Path(sink)),
        bus,
        Metrics(),
        worker=writes.writer,
        next_time=lambda *_: None,
        lease_s=3,
    )
    print("ready", flush=True)
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3]))
