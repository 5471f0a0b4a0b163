"""What every engine promises: all or nothing, errors by what the caller can do, snapshots, and a stopwatch."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import RowRefused, StorageError, StorageUnavailable
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Fetch, UpsertRows, Work, fetch
from skynetbot.storage.store import QueryClock, Store
from skynetbot.storage.tables import MEMBERS
from support.bodies import add, put, stored

LARGEST = (1 << 63) - 1
SWITCH = "INSERT INTO channel_switches (guild_id, channel_id, feature, enabled, author_id, at) VALUES "
MEMBER = "INSERT INTO members (guild_id, user_id, name) VALUES (1, ?1, ?2)"
REFUSED: dict[str, tuple[Any, ...]] = {
    "twice the same key": (f"{SWITCH} (1, 2, 'x', 1, 9, 0), (1, 2, 'x', 1, 9, 0)",),
    "a check": (f"{SWITCH} (1, 2, 'x', 2, 9, 0)",),
    "null where a value must be": (f"{SWITCH} (1, 2, ?1, 1, 9, 0)", None),
    "an integer beyond 64 bits": (MEMBER, 1 << 63, "x"),
    "text where an integer must be": (MEMBER, "seven", "x"),
    "bytes where text must be": (MEMBER, 7, b"\xff\x00"),
    "half a character": (MEMBER, 7, "\ud800"),
    "no value at all": (MEMBER, 7, object()),
}


class OfTheBody(Exception):
    """Something that only the body of a transaction knows."""


async def test_a_body_that_asks_for_nothing_is_a_transaction_too(store: Store) -> None:
    def nothing() -> Work[str]:
        return "done"
        yield Fetch("")

    assert await store.run("members", "nothing", nothing) == "done"
    assert await store.read("members", "nothing", nothing) == "done"


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def broken() -> Work[None]:
        yield from put(1)
        yield from fetch("INSERT INTO no_such_table VALUES (1)")

    with pytest.raises(StorageError, match="no_such_table"):
        await store.run("members", "broken", broken)
    assert await stored(store) == {}
    await store.run("members", "put", lambda: put(2))
    assert await stored(store) == {2: 1}


async def test_what_the_body_raises_comes_out_as_it_is_and_rolls_back(store: Store) -> None:
    def body() -> Work[None]:
        yield from put(1)
        raise OfTheBody

    with pytest.raises(OfTheBody):
        await store.run("members", "own", body)
    with pytest.raises(OfTheBody):
        await store.read("members", "own", lambda: _raise_after(fetch("SELECT 1")))
    assert await stored(store) == {}
    await store.ping()


async def test_data_that_the_tables_refuse_is_told_from_every_other_failure(
    store: Store, subtests: pytest.Subtests
) -> None:
    for case, (sql, *args) in REFUSED.items():

        def body(sql: str = sql, args: list[object] = args) -> Work[None]:
            yield from put(1)
            yield from fetch(sql, *args)

        with subtests.test(case), pytest.raises(RowRefused):
            await store.run("members", "refused", body)
    assert await stored(store) == {}


async def test_a_sum_beyond_64_bits_is_refused_and_not_rounded(store: Store) -> None:
    def increment(by: int) -> Work[None]:
        yield UpsertRows(MEMBERS, (("messages", "add"),), [(1, 7, by)])

    await store.run("members", "put", lambda: increment(LARGEST))
    with pytest.raises(RowRefused):
        await store.run("members", "add", lambda: increment(1))
    await store.run("members", "add", lambda: increment(-1))
    assert await stored(store) == {7: LARGEST - 1}


async def test_a_body_may_catch_a_refusal_after_a_savepoint_and_go_on(store: Store) -> None:
    def body() -> Work[str]:
        yield from put(1)
        yield from fetch("SAVEPOINT before")
        try:
            yield from put(2)
            yield from put(1)
        except RowRefused as refused:
            yield from fetch("ROLLBACK TO SAVEPOINT before")
            yield from put(3)
            return str(refused)
        return "was not refused"

    assert "failed" in await store.run("members", "careful", body)
    assert await stored(store) == {1: 1, 3: 1}


@pytest.mark.parametrize("scan", [False, True])
async def test_reading_can_not_write(store: Store, scan: bool) -> None:
    with pytest.raises(StorageError):
        await store.read("members", "put", lambda: put(1), scan=scan)
    assert await stored(store) == {}


async def test_reading_sees_one_snapshot_whatever_is_committed_meanwhile(store: Store) -> None:
    def count_twice() -> Work[list[int]]:
        first = yield from fetch("SELECT count(*) FROM members")
        if isinstance(store, SqliteStore):
            time.sleep(0.2)  # in the thread of scans
        else:
            yield from fetch("SELECT pg_sleep(0.2)")
        return [first[0][0], (yield from fetch("SELECT count(*) FROM members"))[0][0]]

    reading = asyncio.create_task(store.read("members", "count", count_twice, scan=True))
    await asyncio.sleep(0.1)
    await store.run("members", "put", lambda: put(1))
    assert not reading.done(), "writing does not wait for who reads"
    assert await reading == [0, 0]
    assert await stored(store) == {1: 1}


async def test_increments_of_many_at_once_all_count(store: Store) -> None:
    await asyncio.gather(*(store.run("members", "add", lambda: add(7)) for _ in range(50)))
    assert await stored(store) == {7: 50}


async def test_closing_finishes_what_was_asked_for_and_may_be_repeated(make_store: Callable[[], Store]) -> None:
    store, later = make_store(), make_store()
    await store.open()
    asked = [asyncio.create_task(store.run("members", "put", lambda n=n: put(n))) for n in range(40)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*asked) == list(range(40))
    await store.close()
    await later.open()
    assert len(await stored(later)) == 40


async def test_a_store_that_is_not_open_says_so(make_store: Callable[[], Store]) -> None:
    store = make_store()
    for opened in (False, True):
        if opened:
            await store.open()
            await store.close()
        with pytest.raises(StorageError, match="not open"):
            await store.run("members", "put", lambda: put(1))
        for scan in (False, True):
            with pytest.raises(StorageError, match="not open"):
                await store.read("members", "put", lambda: put(1), scan=scan)
        with pytest.raises(StorageError, match="not open"):
            await store.ping()
        assert store.stats()["connections"] == 0


async def test_queries_are_timed_by_collection_and_verb_well_or_not(store: Store, metrics: Metrics) -> None:
    before = store.stats()["queries"]
    await store.run("members", "put", lambda: put(1))
    with pytest.raises(RowRefused):
        await store.run("members", "put", lambda: put(1))
    await stored(store)
    await store.read("members", "stored", lambda: fetch("SELECT 1"), scan=True)
    assert store.stats()["queries"] - before == 4
    assert _sample(metrics, "skynetbot_query_seconds_count", "put") == 2
    assert _sample(metrics, "skynetbot_query_seconds_count", "stored") == 2
    assert _sample(metrics, "skynetbot_slow_queries_total", "put") is None


def test_a_slow_query_is_counted_and_its_statements_logged(metrics: Metrics) -> None:
    clock = QueryClock(metrics, slow_s=0.05)
    with structlog.testing.capture_logs() as logs:
        clock.observe("members", "quick", time.perf_counter(), ["SELECT 1"])
        clock.observe("members", "slow", time.perf_counter() - 0.06, [f"SELECT {n}" for n in range(9)])
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("slow query", "warning")
    assert (line["collection"], line["verb"], line["seconds"]) == ("members", "slow", 0.06)
    assert line["sql"] == [f"SELECT {n}" for n in range(5)], "a batch may have thousands"
    assert _sample(metrics, "skynetbot_slow_queries_total", "slow") == 1
    assert clock.by_verb == {("members", "quick"): 1, ("members", "slow"): 1}


async def test_the_log_of_a_slow_query_has_its_statements_and_none_of_its_values(
    store: Store, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_clock", QueryClock(metrics, slow_s=0.0))
    with structlog.testing.capture_logs() as logs:
        await store.run("members", "name", lambda: fetch(MEMBER, 7, "Ada"))
    assert [sql.partition(" (")[0] for sql in logs[0]["sql"]] == ["INSERT INTO members"]
    assert "Ada" not in str(logs)


def test_errors_say_whether_trying_again_can_help() -> None:
    assert issubclass(StorageUnavailable, StorageError)
    assert issubclass(RowRefused, StorageError)
    assert not issubclass(RowRefused, StorageUnavailable)


def _raise_after(work: Work[object]) -> Work[object]:
    yield from work
    raise OfTheBody


def _sample(metrics: Metrics, name: str, verb: str) -> float | None:
    return metrics.registry.get_sample_value(name, {"collection": "members", "verb": verb})
