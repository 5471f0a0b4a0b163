"""The embedded server: starts on a free port, streams, and stops in time whatever is open."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from skynetbot.errors import ConfigurationError
from skynetbot.web.config import WebConfig
from skynetbot.web.memory import MemoryPorts
from skynetbot.web.ports import ActivityTotals, LiveUpdate
from skynetbot.web.server import WebServer
from skynetbot.web.streams import StreamRegistry, TooManyStreams

from .conftest import MINE, FakeDiscord, make_config


@pytest.fixture
async def server(ports: MemoryPorts, discord: FakeDiscord) -> AsyncIterator[WebServer]:
    server = WebServer(ports.as_web_ports(), make_config(discord, public_url=""), port=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def browser(server: WebServer) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=20)) as session:
        async with session.get(f"{server.url}/login") as answer:
            assert answer.status == 200
            assert answer.url.path == "/servers"
        yield session


async def states(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict[str, object]]]:
    event = ""
    async for line in answer.content:
        if line.startswith(b"event: "):
            event = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield event, msgspec.json.decode(line[6:])


async def test_live_sends_the_state_then_every_change(
    server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts
) -> None:
    async with browser.get(f"{server.url}/servers/{MINE}/live") as answer:
        assert answer.content_type == "text/event-stream"
        assert "content-security-policy" in answer.headers
        events = states(answer)
        event, state = await anext(events)
        assert event == "state"
        assert state["totals"] == {"messages_total": 48_210, "messages_today": 312, "members_seen": 97}
        assert "&lt;script&gt;" in str(state["actions"])
        for today in (313, 314):
            ports.live.publish(MINE, LiveUpdate(ActivityTotals(48_211, today, 97), ()))
            started = time.monotonic()
            _, state = await anext(events)
            assert time.monotonic() - started < 1
            assert state["totals"]["messages_today"] == today  # type: ignore[index]


async def test_logout_ends_the_stream_at_once(
    server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts
) -> None:
    async with browser.get(f"{server.url}/api/me") as answer:
        token = (await answer.json())["csrf_token"]
    async with browser.get(f"{server.url}/servers/{MINE}/live") as answer:
        events = states(answer)
        await anext(events)
        async with browser.post(f"{server.url}/logout", data={"_csrf": token}):
            pass
        event, _ = await anext(events)
        assert event == "closed"
    async with browser.get(f"{server.url}/servers/{MINE}/live") as answer:
        assert answer.status == 401
    assert ports.live.subscribers(MINE) == 0


async def test_a_visitor_who_leaves_is_forgotten(
    server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts
) -> None:
    async with browser.get(f"{server.url}/servers/{MINE}/live") as answer:
        await anext(states(answer))
        assert ports.live.subscribers(MINE) == 1
    async with asyncio.timeout(5):
        while ports.live.subscribers(MINE):
            await asyncio.sleep(0.01)


async def test_stop_with_open_streams_is_quick_and_frees_the_port(
    server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts
) -> None:
    answers = [await browser.get(f"{server.url}/servers/{MINE}/live") for _ in range(3)]
    assert all(answer.status == 200 for answer in answers)
    started = time.monotonic()
    await server.stop()
    assert time.monotonic() - started < 2
    assert ports.live.subscribers(MINE) == 0
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection(server.host, server.port)
    for answer in answers:
        answer.close()
    await server.stop()


async def test_stop_cancels_a_request_that_hangs(
    server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = asyncio.Event()

    async def hang() -> list[tuple[str, bool, str]]:
        hanging.set()
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(ports.health, "readiness", hang)
    request = asyncio.ensure_future(browser.get(f"{server.url}/readyz"))
    await hanging.wait()
    started = time.monotonic()
    await server.stop()
    assert time.monotonic() - started < 2
    await asyncio.gather(request, return_exceptions=True)


async def test_restart_on_the_same_port(ports: MemoryPorts, discord: FakeDiscord) -> None:
    first = WebServer(ports.as_web_ports(), make_config(discord, public_url=""), port=0)
    await first.start()
    await first.stop()
    second = WebServer(ports.as_web_ports(), make_config(discord, public_url=""), port=first.port)
    await second.start()
    await second.stop()


async def test_a_taken_port_says_which_setting(ports: MemoryPorts, discord: FakeDiscord, server: WebServer) -> None:
    second = WebServer(ports.as_web_ports(), make_config(discord), port=server.port)
    with pytest.raises(ConfigurationError, match=r"already in use.*SKYNETBOT_WEB_PORT"):
        await second.start()
    await second.stop()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        third = WebServer(ports.as_web_ports(), make_config(discord), port=other.getsockname()[1])
        with pytest.raises(ConfigurationError, match="already in use"):
            await third.start()


async def test_health_and_readiness(server: WebServer, browser: aiohttp.ClientSession, ports: MemoryPorts) -> None:
    async with browser.get(f"{server.url}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    async with browser.get(f"{server.url}/readyz") as answer:
        assert answer.status == 200
    ports.health.checks = [("database", True, "answers"), ("gateway", False, "shard 0 is not connected")]
    async with browser.get(f"{server.url}/readyz") as answer:
        assert answer.status == 503
        body = await answer.json()
        assert body["ready"] is False
        assert body["checks"][1] == {"check": "gateway", "ok": False, "detail": "shard 0 is not connected"}
    async with browser.get(f"{server.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_streams_are_counted_and_bounded() -> None:
    registry = StreamRegistry(max_per_owner=2, max_total=3)
    with registry.opened("a"), registry.opened("a") as second:
        with pytest.raises(TooManyStreams):
            registry.check("a")
        registry.check("b")
        with registry.opened("b") as other:
            with pytest.raises(TooManyStreams):
                registry.check("c")
            registry.end("a")
            assert second.ending.is_set()
            assert not other.ending.is_set()
            registry.close()
            assert other.ending.is_set()
    assert registry.stats() == {"streams": 0, "sessions": 0}
    with registry.opened("late") as late:
        assert late.ending.is_set()


@pytest.mark.parametrize("url", ["bot.example.org", "ftp://x", "https://x/path", "https://"])
def test_a_bad_public_url_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        WebConfig(public_url=url, client_id="1", client_secret="s")
