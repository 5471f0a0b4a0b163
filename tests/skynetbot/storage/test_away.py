"""A PostgreSQL server that is killed or frozen: errors in time, never a hang, and all is well when it is back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import structlog

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import OutcomeUnknown, StorageError, StorageUnavailable
from skynetbot.storage.health import HealthMonitor
from skynetbot.storage.migrations import NEWEST
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.statements import Work, fetch
from support.bodies import put, stored
from support.servers import PostgresServer, postgres_problem

PATIENCE_S = 5.0  # a second to connect, one for the statement, one to take it back, and a busy machine


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresServer]:
    """A server of our own: nobody else's tests want it killed."""
    problem = postgres_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=False) as server:
        yield server


@pytest.fixture
async def server(running: PostgresServer) -> AsyncIterator[PostgresServer]:
    """The same for each test, and in good health again after it."""
    yield running
    running.resume()
    if not running.pids:
        running.restart()


@pytest.fixture
async def impatient(server: PostgresServer, metrics: Metrics) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(server.create_database(), metrics, pool_size=3, timeout_s=1)
    await store.open()
    yield store
    server.resume()
    await store.close()


async def unavailable(call: Callable[[], Awaitable[object]], kind: type[Exception] = StorageUnavailable) -> None:
    """It fails as one of this kind and no other, in time."""
    started = time.perf_counter()
    with pytest.raises(kind) as caught:
        await call()
    assert caught.type is kind
    assert time.perf_counter() - started < PATIENCE_S


async def test_a_killed_server_is_unavailable_and_all_works_again_once_it_is_back(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    await asyncio.gather(*(impatient.run("members", "put", lambda n=n: put(n)) for n in range(10)))
    server.kill()
    for _ in range(2):
        await unavailable(lambda: impatient.run("members", "put", lambda: put(99)))
    await unavailable(lambda: stored(impatient))
    await unavailable(impatient.ping)
    server.restart()
    assert await impatient.run("members", "put", lambda: put(10)) == 10
    assert list(await stored(impatient)) == list(range(11)), "what was committed is there, what failed is not"


async def test_a_server_that_is_killed_during_a_transaction_keeps_nothing_of_it(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    def body() -> Work[None]:
        yield from put(1)
        server.kill()
        yield from put(2)

    await unavailable(lambda: impatient.run("members", "put", body))
    server.restart()
    assert await stored(impatient) == {}


async def test_a_frozen_server_is_unavailable_in_time_for_everybody(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    await impatient.run("members", "put", lambda: put(1))
    server.pause()
    calls: list[Callable[[], Awaitable[object]]] = [
        *(lambda: impatient.run("members", "put", lambda: put(2)) for _ in range(5)),
        lambda: stored(impatient),
        impatient.ping,
    ]
    await asyncio.gather(*(unavailable(call) for call in calls))
    server.resume()
    assert await impatient.run("members", "put", lambda: put(3)) == 3
    assert await stored(impatient) == {1: 1, 3: 1}


async def test_a_server_that_freezes_in_the_middle_of_a_transaction_keeps_nothing_of_it(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    def body() -> Work[None]:
        yield from put(1)
        server.pause()
        yield from put(2)

    await unavailable(lambda: impatient.run("members", "put", body))
    server.resume()
    assert await stored(impatient) == {}


@pytest.mark.parametrize("end", ["pause", "kill"])
async def test_nobody_knows_what_became_of_a_commit_that_was_not_answered(
    server: PostgresServer, impatient: PostgresStore, end: str
) -> None:
    def body() -> Work[None]:
        yield from put(1)
        server.pause() if end == "pause" else server.kill()

    await unavailable(lambda: impatient.run("members", "put", body), OutcomeUnknown)
    server.resume() if end == "pause" else server.restart()
    assert await stored(impatient) in ({}, {1: 1}), "all of it or nothing"


async def test_a_commit_that_was_answered_is_no_failure_whatever_happens_next(
    server: PostgresServer, impatient: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    committing = impatient._on

    async def commit_and_freeze(*args: Any) -> Any:
        result = await committing(*args)
        server.pause()
        return result

    with monkeypatch.context() as patch:
        patch.setattr(impatient, "_on", commit_and_freeze)
        assert await impatient.run("members", "put", lambda: put(1)) == 1
    await unavailable(lambda: stored(impatient))
    server.resume()
    assert await stored(impatient) == {1: 1}


async def test_a_read_that_was_not_answered_has_no_unknown_outcome(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    def body() -> Work[None]:
        yield from fetch("SELECT 1")
        server.pause()

    await unavailable(lambda: impatient.read("members", "read", body))


async def test_an_administrator_who_ends_the_connections_is_survived(
    server: PostgresServer, impatient: PostgresStore
) -> None:
    def end_all() -> Work[None]:
        yield from fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() ORDER BY pid <> pg_backend_pid() DESC"
        )

    await unavailable(lambda: impatient.run("members", "end", end_all))
    assert await impatient.run("members", "put", lambda: put(1)) == 1


@pytest.mark.parametrize("state", ["pause", "kill"])
async def test_a_server_that_is_away_at_the_start_is_an_error_that_names_it(
    server: PostgresServer, impatient: PostgresStore, state: str
) -> None:
    server.pause() if state == "pause" else server.kill()
    late = PostgresStore(impatient._url, Metrics(), timeout_s=1)
    with pytest.raises(StorageError, match=f"The database {late.name} cannot be opened: .+"):
        async with asyncio.timeout(PATIENCE_S):
            await late.open()
    server.resume() if state == "pause" else server.restart()
    assert await late.open() == NEWEST
    await late.close()


async def test_closing_while_the_server_is_frozen_ends(server: PostgresServer, impatient: PostgresStore) -> None:
    server.pause()
    started = time.perf_counter()
    await impatient.close()
    assert time.perf_counter() - started < PATIENCE_S


async def test_the_monitor_says_when_the_server_goes_and_when_it_comes_back(
    server: PostgresServer, impatient: PostgresStore, metrics: Metrics
) -> None:
    def up() -> float | None:
        return metrics.registry.get_sample_value("skynetbot_database_up")

    monitor = HealthMonitor(impatient, metrics)
    assert (await monitor.check(), up()) == (None, 1)
    with structlog.testing.capture_logs() as logs:
        server.kill()
        for _ in range(2):
            assert "ping on health failed" in (await monitor.check() or "")
            assert (monitor.up, up()) == (False, 0)
        server.restart()
        for _ in range(2):
            assert (await monitor.check(), monitor.up, up()) == (None, True, 1)
    said = [(line["log_level"], line["event"], line["database"]) for line in logs]
    assert said == [
        ("error", "the database does not answer", impatient.name),
        ("info", "the database answers again", impatient.name),
    ], "each once, however often it asks"


async def test_the_monitor_asks_by_itself(server: PostgresServer, impatient: PostgresStore, metrics: Metrics) -> None:
    monitor = HealthMonitor(impatient, metrics, interval_s=0.02)
    asking = asyncio.create_task(monitor.run())
    for change, expected in ((server.kill, False), (server.restart, True)):
        change()
        async with asyncio.timeout(PATIENCE_S):
            while monitor.up is not expected:
                await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
