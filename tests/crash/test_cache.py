"""The checker of freshness: several processes over one database and bus, messages lost at random, Valkey killed.

No read gives a value older than a change acknowledged in its own process before it began, or older than one
acknowledged in any process the stated bound before (`docs/cache.md`). SKYNETBOT_TEST_SECONDS makes it longer.
"""

import os
import random
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import cache_reader
from support.servers import PostgresServer, ValkeyServer, postgres_problem, valkey_problem

SECONDS = float(os.environ.get("SKYNETBOT_TEST_SECONDS", "12"))
BOUND_S = 6.0
"""The interval at which every process asks what changed, and the time that asking takes."""


@pytest.fixture
def servers() -> Iterator[tuple[PostgresServer, ValkeyServer]]:
    problem = postgres_problem() or valkey_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=False) as postgres, ValkeyServer() as valkey:
        yield postgres, valkey


def newest_before(changes: list[tuple[float, int]], when: float) -> int:
    """The highest revision acknowledged before ``when``; ``changes`` are sorted, revisions already maximal so far."""
    place = bisect_left(changes, (when, -1))
    return changes[place - 1][1] if place else 0


def sorted_changes(notes: list[Any]) -> dict[int, list[tuple[float, int]]]:
    changes: dict[int, list[tuple[float, int]]] = {}
    for kind, guild_id, revision, when in sorted(notes, key=lambda note: note[3]):
        if kind == "w":
            known = changes.setdefault(guild_id, [])
            known.append((when, max(revision, known[-1][1] if known else 0)))
    return changes


@pytest.mark.timeout(60 + 2 * SECONDS)
@pytest.mark.parametrize(("loss", "kills"), [(0.0, False), (0.3, False), (0.1, True)])
def test_no_read_is_older_than_promised(
    servers: tuple[PostgresServer, ValkeyServer], tmp_path: Path, loss: float, kills: bool
) -> None:
    postgres, valkey = servers
    url = postgres.create_database()
    reports = [tmp_path / f"reader-{number}" for number in range(3)]
    processes = [
        subprocess.Popen([sys.executable, cache_reader.__file__, url, valkey.url, str(report), str(SECONDS), str(loss)])
        for report in reports
    ]
    try:
        while kills and any(process.poll() is None for process in processes):
            time.sleep(random.uniform(0.3, 1.5))
            valkey.kill()
            time.sleep(random.uniform(0.1, 1.5))
            valkey.restart()
        assert [process.wait() for process in processes] == [0, 0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    found = [msgspec.msgpack.decode(report.read_bytes()) for report in reports]
    everywhere = sorted_changes([note for report in found for note in report["notes"]])
    assert sum(len(changes) for changes in everywhere.values()) > 5 * SECONDS, "the test itself did not write"
    worst = 0.0
    reads = 0
    for report in found:
        own = sorted_changes(report["notes"])
        for kind, guild_id, revision, began in report["notes"]:
            if kind != "r":
                continue
            reads += 1
            assert revision >= newest_before(own.get(guild_id, []), began), "older than its own process's change"
            missed = [when for when, newer in everywhere.get(guild_id, []) if newer > revision and when < began]
            if missed:
                worst = max(worst, began - missed[0])
    print(f"loss {loss}, kills {kills}: {reads} reads, oldest {worst * 1000:.0f} ms, {found[0]['tally']}")
    assert worst <= BOUND_S
    assert all(report["tally"]["hits"] > 5 * report["tally"]["loads"] for report in found), "it did not cache"
