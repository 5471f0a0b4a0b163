"""kill -9 of real writing processes at random instants: nothing acknowledged is lost, nothing is applied twice.

`make crash` sets SKYNETBOT_TEST_KILLS for the long run. Two processes write one database at once; now and then it
is the database server that dies.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.opening import store_for
from skynetbot.storage.pending import NothingWaiting
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind
from support import crash_writer
from support.servers import PostgresServer, postgres_problem

KILLS = int(os.environ.get("SKYNETBOT_TEST_KILLS", "20"))
SYNCS = ("interval", "always", "never")


@dataclass
class Life:
    """One process from its start to its death. It reports into a file, which never makes it wait."""

    number: int
    process: subprocess.Popen[bytes]
    report: Path
    acknowledged: set[int] = field(default_factory=set)

    def wait_ready(self) -> None:
        until = time.monotonic() + 30
        while "ready\n" not in self.report.read_text():
            assert self.process.poll() is None, "it did not start"
            assert time.monotonic() < until, "it does not start"
            time.sleep(0.002)

    def die(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL, "it ended by itself"
        # The last line may be torn.
        self.acknowledged = {
            int(number) for number in re.findall(r"^[an] (\d+)\n", self.report.read_text(), re.MULTILINE)
        }


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    problem = postgres_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=True) as started:
        yield started


def start(database: str, journals: Path, number: int) -> Life:
    arguments = [database, str(journals), str(number), SYNCS[number % len(SYNCS)]]
    report = journals.parent / f"life-{number}.txt"
    with report.open("wb") as out:
        process = subprocess.Popen([sys.executable, crash_writer.__file__, *arguments], stdout=out)
    return Life(number, process, report)


def lives(database: str, journals: Path, kills: int, server: PostgresServer | None = None) -> list[Life]:
    """Run two processes at once, kill one after the other, and start the next in its place."""
    all_lives: list[Life] = []
    running: list[Life] = []
    try:
        for number in range(1, kills + 1):
            running.append(start(database, journals, number))
            all_lives.append(running[-1])
            running[-1].wait_ready()
            if server is not None and number % 7 == 0:
                time.sleep(random.uniform(0.01, 0.1))
                server.kill()
                time.sleep(random.uniform(0.01, 0.2))
                server.restart()
            time.sleep(random.uniform(0.0, 0.25) ** 1.5)
            if len(running) == 2:
                running.pop(random.randrange(2)).die()
        while running:
            running.pop().die()
    finally:
        for life in running:
            life.process.kill()
            life.process.wait()
    return all_lives


async def check(store: Store, journals: Path, all_lives: list[Life]) -> None:
    await store.open()
    writes = WriteBehind(store, journals, Metrics())
    await writes.open()
    await writes.close()
    counts = dict(await ActivityRepository(store, NothingWaiting(store)).counts())
    await store.close()
    shared = counts.pop(crash_writer.SHARED, 0)
    assert {key: count for key, count in counts.items() if count != 1} == {}, "applied twice"
    acknowledged = {(life.number, number) for life in all_lives for number in life.acknowledged}
    assert acknowledged - counts.keys() == set(), "acknowledged and lost"
    assert shared == len(counts), "a group was torn apart"
    # One caller each may have been in the middle of a group when its process died.
    assert len(counts) - len(acknowledged) <= crash_writer.CALLERS * len(all_lives)
    assert len(acknowledged) > 20 * len(all_lives), "the test itself did not write"
    assert not list(journals.glob("*/*.journal")), "a clean end leaves no journal"
    print(f"{len(all_lives)} kills, {len(acknowledged)} acknowledged, {len(counts)} stored")


@pytest.mark.timeout(60 + 3 * KILLS)
def test_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "crash.sqlite3"
    all_lives = lives(str(path), tmp_path / "journal", KILLS)
    asyncio.run(check(SqliteStore(path, Metrics()), tmp_path / "journal", all_lives))


@pytest.mark.timeout(60 + 3 * KILLS)
def test_on_postgres(tmp_path: Path, server: PostgresServer) -> None:
    url = server.create_database()
    all_lives = lives(url, tmp_path / "journal", KILLS, server)
    store = store_for(OperatorSettings(database_url=url), Metrics())
    asyncio.run(check(store, tmp_path / "journal", all_lives))
