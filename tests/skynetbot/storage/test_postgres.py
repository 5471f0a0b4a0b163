"""What only the server engine promises: conflicts are tried again, the pool is shared fairly, nothing is half done."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import RowRefused, StorageError, StorageUnavailable
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.statements import Work, fetch
from support.bodies import add, put, stored
from support.servers import PostgresServer


@pytest.fixture
async def small(postgres: PostgresServer, migrated: str, metrics: Metrics) -> AsyncIterator[PostgresStore]:
    """Two connections, and little patience."""
    store = PostgresStore(postgres.create_database(migrated), metrics, pool_size=2, timeout_s=1)
    await store.open()
    yield store
    await store.close()


def sleep(seconds: float) -> Work[None]:
    yield from fetch("SELECT pg_sleep(?1)", seconds)


async def test_of_two_transactions_in_a_deadlock_the_loser_runs_again(small: PostgresStore) -> None:
    begun: list[str] = []
    for user in (1, 2):
        await small.run("members", "put", lambda user=user: put(user))

    def cross(name: str, first: int, then: int) -> Work[str]:
        # The one that looks for a deadlock first gives way, and lets the other go on.
        yield from fetch(f"SET LOCAL deadlock_timeout = '{200 * first}ms'")
        yield from sleep(0.2 if name in begun else 0)
        begun.append(name)
        yield from add(first)
        yield from sleep(0.1)
        yield from add(then)
        return name

    crossing = [("there", 1, 2), ("back", 2, 1)]
    done = await asyncio.gather(*(small.run("members", "cross", lambda way=way: cross(*way)) for way in crossing))
    assert done == ["there", "back"]
    assert begun[2:] in (["there"], ["back"]), "one of them had to give way once"
    assert await stored(small) == {1: 3, 2: 3}


async def test_a_conflict_that_does_not_end_is_reported_after_three_attempts(small: PostgresStore) -> None:
    begun: list[int] = []

    def unlucky() -> Work[None]:
        begun.append(len(begun))
        yield from put(1)
        yield from fetch("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")

    with pytest.raises(StorageUnavailable, match="again"):
        await small.run("members", "unlucky", unlucky)
    assert begun == [0, 1, 2]
    assert await stored(small) == {}


async def test_a_refusal_that_a_body_swallows_without_a_savepoint_is_not_taken_for_a_commit(
    small: PostgresStore,
) -> None:
    def careless(more: bool) -> Work[str]:
        yield from put(1)
        try:
            yield from put(1)
        except RowRefused:
            if more:
                yield from put(2)
        return "all is well"

    for more in (False, True):
        with pytest.raises(StorageError):
            await small.run("members", "careless", lambda more=more: careless(more))
    assert await stored(small) == {}


async def test_a_statement_that_takes_too_long_is_given_up(small: PostgresStore) -> None:
    def slow() -> Work[None]:
        yield from put(1)
        yield from sleep(30)

    started = time.perf_counter()
    with pytest.raises(StorageUnavailable, match="slow on members failed: TimeoutError"):
        await small.run("members", "slow", slow)
    assert time.perf_counter() - started < 4
    assert await stored(small) == {}


async def test_who_waits_too_long_for_a_connection_is_told_and_the_others_finish(small: PostgresStore) -> None:
    holders = [asyncio.create_task(small.run("members", "hold", lambda: _hold(0.8, 0.8))) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(StorageUnavailable):
        await small.run("members", "put", lambda: put(1))
    await asyncio.gather(*holders)
    assert await small.run("members", "put", lambda: put(2)) == 2


async def test_a_cancelled_transaction_is_rolled_back_and_its_connection_used_again(small: PostgresStore) -> None:
    def body() -> Work[None]:
        yield from put(1)
        yield from sleep(30)

    for _ in range(4):  # more often than there are connections
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await small.run("members", "slow", body)
    assert await stored(small) == {}
    assert await small.run("members", "put", lambda: put(1)) == 1
    assert small.stats()["connections"] == small.stats()["idle"]


async def test_the_pool_is_in_the_stats_and_in_the_metrics(small: PostgresStore, metrics: Metrics) -> None:
    assert (small.stats()["connections"], small.stats()["idle"]) == (0, 0)
    await small.ping()
    assert (small.stats()["connections"], small.stats()["idle"]) == (1, 1)
    holders = [asyncio.create_task(small.run("members", "hold", lambda: _hold(0.2))) for _ in range(2)]
    await asyncio.sleep(0.1)
    assert (small.stats()["connections"], small.stats()["idle"]) == (2, 0)
    assert metrics.registry.get_sample_value("skynetbot_database_pool_connections") == 2
    assert metrics.registry.get_sample_value("skynetbot_database_pool_idle") == 0
    await asyncio.gather(*holders)
    assert (small.stats()["connections"], small.stats()["idle"]) == (2, 2)
    await small.close()
    assert metrics.registry.get_sample_value("skynetbot_database_pool_connections") == 0


async def test_nothing_that_a_transaction_sets_stays_with_its_connection(small: PostgresStore) -> None:
    def shown() -> Work[str]:
        return (yield from fetch("SHOW statement_timeout"))[0][0]

    await small.run("members", "set", lambda: fetch("SET statement_timeout = 1"))
    assert await small.read("members", "show", shown) == "0"


async def test_who_looks_at_the_server_sees_whose_connections_these_are(small: PostgresStore) -> None:
    await small.ping()
    connection = await asyncpg.connect(small._url)
    names = await connection.fetch("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
    await connection.close()
    assert sorted(row[0] for row in names) == ["", "skynetbot"]


def _hold(*seconds: float) -> Work[None]:
    for pause in seconds:
        yield from sleep(pause)
