"""The control API: a test or a person makes things happen, and a wrong request says what is wrong."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from support.raw_gateway import raw_gateway


class Control:
    def __init__(self, emulator: Emulator, demo: DemoWorld, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self.demo = demo
        self.http = http

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        async with self.http.request(method, f"{self.emulator.url}/control/{path}", json=body) as response:
            answer = await response.json()
            assert response.status == expect, answer
            return answer


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    demo = demo_world()
    async with Emulator(demo.world, identify_window_s=0.0) as emulator, aiohttp.ClientSession() as http:
        yield Control(emulator, demo, http)


async def test_users_carry_all_that_the_switcher_needs(control: Control) -> None:
    users = await control.call("GET", "users")
    ada = next(user for user in users if user["username"] == "ada")
    assert set(ada) == {"id", "username", "global_name", "avatar_url", "token", "bot", "guild_ids"}
    assert len(ada["guild_ids"]) == 3
    assert control.demo.world.tokens[ada["token"]] == int(ada["id"])


async def test_a_whole_scene_can_be_made(control: Control) -> None:
    await control.call("POST", "users", {"username": "newcomer", "guilds": ["Pixel Harbour"]})
    guild = await control.call("POST", "guilds", {"name": "Scene", "owner": "newcomer"})
    body = {"name": "Helper", "owner": "newcomer", "guilds": ["Scene"], "redirect_uris": ["http://127.0.0.1/cb"]}
    application = await control.call("POST", "applications", body)
    assert control.demo.world.guilds[int(guild["id"])].members.keys() >= {int(application["id"])}
    assert application["token"] in control.demo.world.tokens
    assert [a["name"] for a in await control.call("GET", "applications")] == ["SkynetBot", "Helper"]
    assert any(g["name"] == "Scene" for g in await control.call("GET", "guilds"))


async def test_people_act(control: Control) -> None:
    place = {"guild": "Pixel Harbour", "channel": "general"}
    async with raw_gateway(control.emulator.gateway_url) as client:
        await client.identify(control.demo.bot.token)
        message = await control.call("POST", "act/message", {"user": "ada", "content": "hi", **place})
        assert (await client.until("MESSAGE_CREATE"))["id"] == message["id"]
        await control.call("POST", "act/react", {"user": "bao", "message": message["id"], "emoji": "🎉", **place})
        assert (await client.until("MESSAGE_REACTION_ADD"))["emoji"]["name"] == "🎉"
        await control.call("POST", "act/typing", {"user": "bao", **place})
        await client.until("TYPING_START")
        await control.call("POST", "act/leave", {"user": "kofi", "guild": "Pixel Harbour"})
        await client.until("GUILD_MEMBER_REMOVE")
        await control.call("POST", "act/join", {"user": "kofi", "guild": "Pixel Harbour"})
        await client.until("GUILD_MEMBER_ADD")


async def test_trouble_at_the_gateway(control: Control) -> None:
    async with raw_gateway(control.emulator.gateway_url) as client:
        await client.identify(control.demo.bot.token)
        for _ in control.demo.guilds:
            await client.until("GUILD_CREATE")
        await control.call("POST", "gateway/dispatch", {"name": "FUTURE_EVENT", "data": {"x": None}})
        assert await client.until("FUTURE_EVENT") == {"x": None}
        await control.call("POST", "outage", {"guild": "Pixel Harbour"})
        assert (await client.until("GUILD_DELETE"))["unavailable"] is True
        await control.call("POST", "outage", {"guild": "Pixel Harbour", "unavailable": False})
        assert (await client.until("GUILD_CREATE"))["name"] == "Pixel Harbour"
        await control.call("POST", "gateway/reconnect", {"user": "SkynetBot"})
        await client.until_op(7)
        await control.call("POST", "gateway/invalidate", {"resumable": True})
        await client.until_op(9)
        assert await control.call("POST", "gateway/drop", {"code": 4001, "shard": 0}) == {"connections": 1}
        assert await client.closed_with() == 4001


async def test_rest_calls_fail_and_recover(control: Control) -> None:
    url = f"{control.emulator.rest_url}/gateway"
    await control.call("POST", "faults", {"route": "GET .*/gateway$", "status": 503, "times": 2})
    statuses = []
    for _ in range(3):
        async with control.http.get(url) as response:
            statuses.append(response.status)
    assert statuses == [503, 503, 200]
    await control.call("POST", "faults", {"route": ".*", "delay_ms": 1, "times": None})
    assert (await control.call("DELETE", "faults"))["pending"] == 0


async def test_a_flood_sends_exactly_its_messages(control: Control) -> None:
    async with raw_gateway(control.emulator.gateway_url, compress="zlib-stream") as client:
        await client.identify(control.demo.bot.token)
        body = {"guild": "Pixel Harbour", "channel": "general", "messages": 300, "users": 5, "text": "wave"}
        await control.call("POST", "flood", body)
        texts = [(await client.until("MESSAGE_CREATE"))["content"] for _ in range(300)]
    assert texts == [f"wave {number}" for number in range(1, 301)]
    stats = (await control.call("GET", "stats"))["flood"]
    assert stats["sent"] == 300


async def test_a_running_flood_can_be_stopped(control: Control) -> None:
    body = {"guild": "Pixel Harbour", "channel": "general", "messages": 1_000_000, "users": 1, "rate": 10}
    await control.call("POST", "flood", body)
    assert await control.call("DELETE", "flood") == {"stopped": 1}


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("users", {"username": "ada"}, "username"),
        ("users", {"name": "x"}, "name"),
        ("guilds", {"name": "x", "owner": "ada"}, "name"),
        ("guilds", {"name": "xy", "owner": "nobody"}, "nobody"),
        ("act/message", {"user": "ada", "channel": "nowhere", "content": "x"}, "channel"),
        ("act/message", {"user": "ada", "channel": "1", "content": ""}, "content"),
        ("act/join", {"user": "ada", "guild": "none"}, "guild"),
        ("gateway/drop", {"code": 1}, "code"),
        ("faults", {"route": "("}, "route"),
        ("faults", {"status": 99}, "status"),
        ("flood", {"channel": "general", "guild": "Pixel Harbour", "messages": 0}, "messages"),
        ("outage", [], "object"),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(control: Control, path: str, body: Any, word: str) -> None:
    answer = await control.call("POST", path, body, expect=400)
    assert word in answer["error"]


async def test_foreign_pages_and_names_are_refused(control: Control) -> None:
    url = f"{control.emulator.url}/control/users"
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        async with control.http.get(url, headers=headers) as response:
            assert response.status == 403
    async with control.http.get(url, headers={"Origin": control.emulator.url}) as response:
        assert response.status == 200
