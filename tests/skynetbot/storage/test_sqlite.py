"""What only the embedded engine promises: order, several stores on one file, and nothing lost to kill -9."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import StorageUnavailable
from skynetbot.storage.migrations import NEWEST
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Work, fetch
from support.bodies import add, put, stored


async def test_work_runs_in_the_order_in_which_it_was_asked_for(database: SqliteStore) -> None:
    seen: list[int] = []

    def body(number: int) -> Work[None]:
        seen.append(number)
        yield from put(number)

    await asyncio.gather(*(database.run("members", "put", lambda n=n: body(n)) for n in range(50)))
    assert seen == list(range(50))


async def test_two_stores_write_one_file_at_once_without_an_error(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "shared.sqlite3", Metrics(), power_safe=False) for _ in range(2)]
    await asyncio.gather(*(store.open() for store in stores))
    await asyncio.gather(*(store.run("members", "add", lambda: add(7)) for store in stores * 100))
    assert [await stored(store) for store in stores] == [{7: 200}, {7: 200}]
    await asyncio.gather(*(store.close() for store in stores))


async def test_many_stores_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    for number in range(20):
        stores = [SqliteStore(tmp_path / f"{number}.sqlite3", Metrics(), power_safe=False) for _ in range(4)]
        assert await asyncio.gather(*(store.open() for store in stores)) == [NEWEST] * 4
        await asyncio.gather(*(store.close() for store in stores))


async def test_a_file_that_somebody_else_keeps_locked_is_unavailable_until_it_is_free(
    database: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database._write is not None
    database._write.set_busy_timeout(50)
    other = apsw.Connection(database.name)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked"):
        await database.run("members", "put", lambda: put(1))
    assert await stored(database) == {}, "reading goes on"
    other.execute("ROLLBACK")
    await database.run("members", "put", lambda: put(1))
    assert await stored(database) == {1: 1}
    other.close()


async def test_a_full_disk_is_unavailable_until_there_is_room(database: SqliteStore) -> None:
    def long_names(count: int) -> Work[None]:
        for user in range(count):
            yield from fetch("INSERT INTO members (guild_id, user_id, name) VALUES (2, ?1, ?2)", user, "x" * 5000)

    assert database._write is not None
    ((pages,),) = database._write.execute("PRAGMA page_count")
    database._write.execute(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(StorageUnavailable, match="full"):
        await database.run("members", "fill", lambda: long_names(100))
    await database.run("members", "put", lambda: put(1))
    database._write.execute("PRAGMA max_page_count = 1000000")
    await database.run("members", "fill", lambda: long_names(100))
    assert await stored(database) == {1: 1}


async def test_a_scan_does_not_stop_the_loop(database: SqliteStore) -> None:
    def slow() -> Work[str]:
        yield from fetch("SELECT 1")
        time.sleep(0.3)
        return "done"

    scan = asyncio.create_task(database.read("members", "scan", slow, scan=True))
    await asyncio.sleep(0.05)
    started = time.perf_counter()
    assert await stored(database) == {}
    assert time.perf_counter() - started < 0.1
    assert not scan.done()
    assert await scan == "done"


@pytest.mark.parametrize(("power_safe", "level"), [(True, 2), (False, 1)])
async def test_commits_reach_the_disk_unless_the_operator_says_otherwise(
    tmp_path: Path, power_safe: bool, level: int
) -> None:
    store = SqliteStore(tmp_path / "db.sqlite3", Metrics(), power_safe=power_safe)
    await store.open()
    assert store._write is not None
    assert list(store._write.execute("PRAGMA synchronous")) == [(level,)]
    assert list(store._write.execute("PRAGMA journal_mode")) == [("wal",)]
    await store.close()
    assert not list(tmp_path.glob("*-wal")), "a closed database is one file"


_WRITER = """
import asyncio, sys
from pathlib import Path
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.sqlite import SqliteStore
from support.bodies import put

async def main():
    store = SqliteStore(Path(sys.argv[1]), Metrics())
    await store.open()
    for user in range(int(sys.argv[2]), 1_000_000):
        print("put", await store.run("members", "put", lambda: put(user)), flush=True)

asyncio.run(main())
"""


async def test_kill_9_at_random_instants_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "crash.sqlite3"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = 0
    for _ in range(4):
        command = [sys.executable, "-c", _WRITER, str(path), str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in range(random.randint(1, 200)))
            process.send_signal(signal.SIGKILL)
            # On a busy machine the log says that a transaction was slow; the last line may be torn.
            last = int(re.findall(r"^put (\d+)\n", told + process.stdout.read(), re.MULTILINE)[-1])
        store = SqliteStore(path, Metrics())
        await store.open()
        users = list(await stored(store))
        await store.close()
        # One more may have been committed and not yet printed.
        assert users in (list(range(last + 1)), list(range(last + 2)))
        first = len(users)
