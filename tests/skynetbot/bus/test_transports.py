"""The relay over real servers: both transports keep the same contract, and each stands in for the other."""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from skynetbot.bus.postgres import PostgresTransport
from skynetbot.bus.transport import Transport, TransportError
from skynetbot.bus.valkey import ValkeyTransport
from skynetbot.errors import ConfigurationError
from support.servers import PostgresServer, ValkeyServer, postgres_problem, valkey_problem
from tests.skynetbot.bus.members import Join, Member, Until

HEARTBEAT_S = 0.2
TIMEOUT_S = 0.5


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    if (problem := valkey_problem()) is not None:
        pytest.skip(problem)
    with ValkeyServer() as server:
        yield server


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """Not the one that other tests use: it is killed here."""
    if (problem := postgres_problem()) is not None:
        pytest.skip(problem)
    with PostgresServer(durable=False) as server:
        yield server


@pytest.fixture(params=["valkey", "postgres"])
def server(request: pytest.FixtureRequest) -> Iterator[ValkeyServer | PostgresServer]:
    running = request.getfixturevalue("valkey" if request.param == "valkey" else "own_postgres")
    yield running
    if not running.pids:
        running.restart()


def transport(server: ValkeyServer | PostgresServer) -> Transport:
    return ValkeyTransport(server.url) if isinstance(server, ValkeyServer) else PostgresTransport(server.url)


Pair = Callable[..., Any]


@pytest.fixture
def pair(join: Join, until: Until) -> Pair:
    """Two members on the same servers, that have heard of each other."""

    async def start(*servers: ValkeyServer | PostgresServer, **more: float) -> tuple[Member, Member]:
        options = {"heartbeat_s": HEARTBEAT_S, "timeout_s": TIMEOUT_S, **more}
        first = await join([transport(server) for server in servers], **options)
        second = await join([transport(server) for server in servers], **options)
        await until(lambda: first.bus.stats()["instances"] == second.bus.stats()["instances"] == 1)
        return first, second

    return start


async def test_messages_arrive_in_order_both_ways(pair: Pair, server: Any, until: Until) -> None:
    # Slow enough that a busy machine does not look like a broken one.
    first, second = await pair(server, heartbeat_s=1.0, timeout_s=5.0)
    for n in range(1, 2_001):
        first.bus.publish("news", n)
        second.bus.publish("news", -n)
        if n % 10 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(first.got) == len(second.got) == 4_000)
    assert [n for n in second.got if n > 0] == list(range(1, 2_001))
    assert [n for n in first.got if n < 0] == list(range(-1, -2_001, -1))
    await asyncio.sleep(1.5)
    assert first.gaps == second.gaps == []


@pytest.mark.parametrize("size", [1, 5_900, 5_926, 8_000, 11_850, 200_000])
async def test_messages_of_any_size_arrive(pair: Pair, server: Any, until: Until, size: int) -> None:
    first, second = await pair(server)
    message = ["ä€😀\0'\"\\\n" + "x" * size, {"id": 2**63, 7: b"\x00\xff"}]
    first.bus.publish("news", message)
    first.bus.publish("news", "after it")
    await until(lambda: len(second.got) == 2)
    assert second.got == [message, "after it"]


async def test_large_messages_of_many_do_not_mix(pair: Pair, server: Any, join: Join, until: Until) -> None:
    first, second = await pair(server)
    third = await join([transport(server)], heartbeat_s=HEARTBEAT_S)
    for n in range(30):
        first.bus.publish("news", [n, "a" * 30_000])
        third.bus.publish("news", [n, "b" * 30_000])
    await until(lambda: len(second.got) == 60)
    for letter in "ab":
        mine = [message for message in second.got if message[1][0] == letter]
        assert mine == [[n, letter * 30_000] for n in range(30)]


async def test_after_a_crash_of_the_server_there_is_a_gap_and_it_works_again(
    pair: Pair, server: Any, until: Until
) -> None:
    first, second = await pair(server)
    server.kill()
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 0)
    first.bus.publish("news", "meanwhile")
    await until(lambda: second.gaps, seconds=5 * HEARTBEAT_S)
    server.restart()
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 1)
    assert any("connected again" in reason for reason in second.gaps)
    first.bus.publish("news", "again")
    await until(lambda: "again" in second.got)


async def test_a_server_that_answers_nothing_for_a_while(pair: Pair, server: Any, until: Until) -> None:
    first, second = await pair(server)
    server.pause()
    try:
        paused = time.monotonic()
        first.bus.publish("news", "meanwhile")
        await until(lambda: second.gaps)
        assert second.gap_times[0] - paused < 5 * HEARTBEAT_S + TIMEOUT_S
        await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 0)
        await asyncio.sleep(2 * TIMEOUT_S)
    finally:
        server.resume()
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 1)
    first.bus.publish("news", "again")
    await until(lambda: second.got[-1:] == ["again"])
    assert any("connected again" in reason for reason in second.gaps)


async def test_closing_while_the_server_is_frozen_takes_seconds_at_most(pair: Pair, server: Any) -> None:
    first, second = await pair(server)
    server.pause()
    try:
        first.bus.publish("news", "never sent")
        begun = time.monotonic()
        await asyncio.gather(first.bus.close(flush_s=0.5), second.bus.close(flush_s=0.5))
        assert time.monotonic() - begun < 4.0
    finally:
        server.resume()


async def test_valkey_dies_and_postgres_takes_over_and_back(
    pair: Pair, valkey: ValkeyServer, own_postgres: PostgresServer, until: Until
) -> None:
    first, second = await pair(valkey, own_postgres)
    try:
        for n in range(600):
            first.bus.publish("news", n)
            await asyncio.sleep(0.001)
            if n == 200:
                valkey.kill()
        await until(lambda: second.got[-1] == 599)
        missing = set(range(600)) - set(second.got)
        assert not missing or second.gaps
        assert second.got == sorted(second.got)
        assert first.bus.stats()["transports"] == 1
    finally:
        valkey.restart()
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 2)
    assert any("valkey is connected again" in reason for reason in second.gaps)
    async with publications(valkey) as seen:
        while not any(b"back" in each for each in seen):
            first.bus.publish("news", "back")
            await asyncio.sleep(0.05)
    assert set(second.got[600:]) == {"back"}


async def test_valkey_freezes_and_postgres_takes_over(
    pair: Pair, valkey: ValkeyServer, own_postgres: PostgresServer, until: Until
) -> None:
    first, second = await pair(valkey, own_postgres)
    valkey.pause()
    try:
        begun = time.monotonic()
        first.bus.publish("news", "during")
        await until(lambda: second.got == ["during"])
        assert time.monotonic() - begun < TIMEOUT_S + 1.0
    finally:
        valkey.resume()
    await until(lambda: first.bus.stats()["transports"] == second.bus.stats()["transports"] == 2)
    first.bus.publish("news", "after")
    await until(lambda: second.got == ["during", "after"])


async def test_a_listener_that_the_server_disconnects_comes_back_with_a_gap(
    pair: Pair, own_postgres: PostgresServer, until: Until
) -> None:
    first, second = await pair(own_postgres)
    admin = await asyncpg.connect(own_postgres.url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'skynetbot bus'"
    )
    await admin.close()
    await until(lambda: first.bus.stats()["reconnects"] == second.bus.stats()["reconnects"] == 1)
    first.bus.publish("news", 1)
    await until(lambda: second.got == [1])


async def test_foreign_payloads_harm_nobody(pair: Pair, own_postgres: PostgresServer, until: Until) -> None:
    first, second = await pair(own_postgres, heartbeat_s=1.0, timeout_s=5.0)
    admin = await asyncpg.connect(own_postgres.url)
    for payload in ("", "hello", "1/1:%%%", "1/2:abc", "2/2:", "7/9:x", "1/1:"):
        await admin.execute("SELECT pg_notify('skynetbot_bus', $1)", payload)
    await admin.close()
    first.bus.publish("news", 1)
    await until(lambda: second.got == [1])
    assert second.bus.stats()["reconnects"] == 0
    assert second.gaps == []


@pytest.mark.parametrize(
    "unreachable",
    [lambda: ValkeyTransport("redis://127.0.0.1:1/0"), lambda: PostgresTransport("postgres://127.0.0.1:1/x")],
)
async def test_who_is_not_there_is_a_transport_error(unreachable: Callable[[], Transport]) -> None:
    nobody = unreachable()
    with pytest.raises(TransportError):
        await nobody.open(lambda _: None, lambda _: None)
    with pytest.raises(TransportError):
        await nobody.publish(b"x")
    await nobody.close()


async def test_addresses_that_cannot_be_read_are_not_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        ValkeyTransport("redis://me:open/sesame@host:63x9/0")
    assert "sesame" not in str(refused.value)
    with pytest.raises(TransportError) as refused_later:
        await PostgresTransport("postgresql://me:open/sesame@host:54x2/x").open(lambda _: None, lambda _: None)
    assert "sesame" not in str(refused_later.value)
    with pytest.raises(ValueError, match="63 bytes"):
        PostgresTransport("postgresql://localhost/x", "c" * 64)


async def test_latency(pair: Pair, server: Any, until: Until, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = await pair(server)
    taken: list[float] = []
    second.bus.listen("news", lambda sent: taken.append(time.perf_counter() - sent))
    for n in range(520):
        first.bus.publish("news", time.perf_counter())
        await until(lambda: len(taken) > n)  # noqa: B023
    centiles = statistics.quantiles(taken[20:], n=100)
    with capsys.disabled():
        name = transport(server).name
        print(f"\n{name}: p50 {centiles[49] * 1e6:.0f} µs, p99 {centiles[98] * 1e6:.0f} µs of 500 messages")
    assert centiles[49] < 0.1


async def test_the_client_of_valkey_is_imported_only_when_it_is_used() -> None:
    program = "import sys, skynetbot.app, skynetbot.bus.relay; sys.exit('redis' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0


@contextlib.asynccontextmanager
async def publications(server: ValkeyServer) -> AsyncIterator[list[bytes]]:
    """What arrives on the bot's channel of Valkey meanwhile."""
    seen: list[bytes] = []
    listener = ValkeyTransport(server.url)
    await listener.open(seen.append, lambda _: None)
    try:
        yield seen
    finally:
        await listener.close()
