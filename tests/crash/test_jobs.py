"""kill -9 of real workers at random instants: every job has its effect, none has it twice.

Two workers at once; `make crash` sets SKYNETBOT_TEST_KILLS for the long run.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.service import Jobs
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Row, Work, fetch
from support import job_worker
from support.servers import PostgresServer, postgres_problem

KILLS = int(os.environ.get("SKYNETBOT_TEST_KILLS", "12"))
JOBS_A_KILL = 60
LEASE_S = 3


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    problem = postgres_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=True) as started:
        yield started


def start(database: str, folder: Path, number: int) -> "subprocess.Popen[bytes]":
    arguments = [database, str(folder / "journal"), str(folder / "sink")]
    report = folder / f"worker-{number}.txt"
    # Into a file, which never makes it wait.
    with report.open("wb") as out:
        process = subprocess.Popen([sys.executable, job_worker.__file__, *arguments], stdout=out)
    until = time.monotonic() + 30
    while "ready\n" not in report.read_text():
        assert process.poll() is None, "it did not start"
        assert time.monotonic() < until, "it does not start"
        time.sleep(0.005)
    return process


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


async def scenario(database: str, folder: Path) -> None:
    (folder / "sink").mkdir()
    store = job_worker.store_at(database)
    await store.open()
    jobs = Jobs(store, LocalBus())
    number = 0

    async def schedule(seconds: float) -> None:
        nonlocal number
        new: list[NewJob] = []
        for _ in range(JOBS_A_KILL):
            number += 1
            queue = random.choice(["ledger", "posts"])
            new.append(NewJob(queue=queue, due=time.time() + random.uniform(0, seconds), guild_id=number))
        await jobs.schedule(*new)

    running: list[subprocess.Popen[bytes]] = []
    try:
        for life in range(KILLS):
            await schedule(0.8)
            running.append(await asyncio.to_thread(start, database, folder, life))
            await asyncio.sleep(random.uniform(0, 0.5))
            if len(running) == 2:
                await asyncio.to_thread(end, running.pop(random.randrange(2)))
        running.append(await asyncio.to_thread(start, database, folder, KILLS))
        async with asyncio.timeout(30 + 3 * LEASE_S):
            while await jobs.repository.counts():
                await asyncio.sleep(0.05)
    finally:
        for process in running:
            end(process)

    def effects() -> Work[list[Row]]:
        return (yield from fetch("SELECT guild_id, messages FROM guild_days"))

    ledger = {int(guild_id): int(count) for guild_id, count in await store.read("test", "effects", effects)}
    posts = [int(path.name.split("-")[0]) for path in (folder / "sink").iterdir()]
    await store.close()
    assert set(ledger.values()) <= {1}, "an effect happened twice"
    assert len(posts) == len(set(posts)), "something was posted twice"
    assert sorted([*ledger, *posts]) == list(range(1, number + 1)), "a job did not have its effect"
    print(f"{KILLS} kills, {number} jobs, {len(ledger)} ledger, {len(posts)} posts")


@pytest.mark.timeout(90 + 3 * KILLS)
async def test_on_sqlite(tmp_path: Path) -> None:
    await scenario(str(tmp_path / "jobs.sqlite3"), tmp_path)


@pytest.mark.timeout(90 + 3 * KILLS)
async def test_on_postgres(tmp_path: Path, server: PostgresServer) -> None:
    await scenario(server.create_database(), tmp_path)
