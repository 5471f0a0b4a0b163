"""The libraries that people write bots with take the local Discord for Discord: the same bot on each of them."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from discord_emulator.entities import Channel, Message
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world

HERE = Path(__file__).parent
WAIT_S = 30.0
"""A library's import and login take seconds on a busy machine."""


def command_line(library: str) -> list[str]:
    """How to start the bot, or a skip that says what is missing."""
    if library != "discordjs":
        return [sys.executable, str(HERE / f"bot_{library}.py")]
    node = shutil.which("node")
    if node is None:
        pytest.skip("discord.js needs node, which is not installed")
    if not (HERE / "node_modules" / "discord.js").is_dir():
        pytest.skip(f"discord.js is not installed: npm ci --prefix {HERE}")
    return [node, str(HERE / "bot_discordjs.mjs")]


class Client:
    """A bot process, the world around it, and a person who uses it."""

    def __init__(self, process: asyncio.subprocess.Process, emulator: Emulator, demo: DemoWorld) -> None:
        self.demo = demo
        self.emulator = emulator
        self.guild = demo.guilds["Pixel Harbour"]
        self.channel: Channel = demo.world.channels[self.guild.system_channel_id or 0]
        self._process = process

    async def sees(self, event: str) -> dict[str, Any]:
        """The next thing of that kind that the bot reports."""
        assert self._process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            async for line in self._process.stdout:
                told: dict[str, Any] = json.loads(line)
                assert told["event"] != "problem", told["text"]
                if told["event"] == event:
                    return told
        raise AssertionError(f"the bot ended with {await self._process.wait()} before it saw {event}")

    def say(self, text: str) -> Message:
        return self.demo.world.create_message(self.channel, self.demo.people["ada"].id, text)

    async def answer(self, content: str) -> Message:
        """The bot's message of that content."""
        bot_id = self.demo.bot.id

        def find() -> Message | None:
            history = self.demo.world.history(self.channel.id)
            return next((m for m in history if m.author_id == bot_id and m.content == content), None)

        found: Message = await eventually(find)
        return found

    async def interact(self, type: int, data: dict[str, Any], **more: Any) -> None:
        """Start an interaction as ada, the way her client does."""
        world = self.demo.world
        body = {
            "type": type,
            "application_id": str(self.demo.application.id),
            "guild_id": str(self.guild.id),
            "channel_id": str(self.channel.id),
            "session_id": "x",
            "nonce": str(world.snowflakes.make()),
            "data": data,
            **more,
        }
        headers = {"Authorization": self.demo.people["ada"].token}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.emulator.rest_url}/interactions", json=body) as response,
        ):
            assert response.status == 204, await response.text()


async def eventually(condition: Callable[[], Any]) -> Any:
    """The first truthy value of the condition."""
    async with asyncio.timeout(WAIT_S):
        while not (value := condition()):
            await asyncio.sleep(0.01)
        return value


@asynccontextmanager
async def running_bot(library: str) -> AsyncIterator[Client]:
    command = command_line(library)
    demo = demo_world()
    async with Emulator(demo.world, identify_window_s=0.0) as emulator:
        process = await asyncio.create_subprocess_exec(
            *command,
            emulator.rest_url,
            emulator.gateway_url,
            demo.bot.token,
            stdout=asyncio.subprocess.PIPE,  # its errors go to ours, where pytest shows them
        )
        try:
            yield Client(process, emulator, demo)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@pytest.fixture(params=["discordpy", "hikari", "discordjs"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with running_bot(request.param) as client:
        yield client


@pytest.mark.slow
async def test_a_library_is_at_home(client: Client) -> None:
    demo, emulator = client.demo, client.emulator
    assert (await client.sees("ready"))["guilds"] == sorted(demo.guilds)

    asked = client.say("good morning")
    assert await client.sees("message") == {"event": "message", "content": "good morning", "author": "ada"}
    heard = await client.answer("heard good morning")
    assert heard.reference is not None
    assert heard.reference["message_id"] == str(asked.id)

    commands = demo.world.commands_of(demo.application.id)
    assert [command.name for command in commands] == ["hello"]
    options = [{"name": "name", "type": 3, "value": "Ada"}]
    await client.interact(2, {"id": str(commands[0].id), "name": "hello", "type": 1, "options": options})
    assert await client.sees("command") == {"event": "command", "name": "hello", "user": "ada"}
    hello = await client.answer("Hello Ada")

    await client.interact(3, {"component_type": 2, "custom_id": "again"}, message_id=str(hello.id))
    assert await client.sees("button") == {"event": "button", "custom_id": "again", "user": "ada"}
    pressed = await client.answer("Pressed")
    assert pressed.id == hello.id
    assert pressed.components == []

    assert emulator.gateway.drop(code=4000) == 1
    client.say("are you there")  # the connection is closing by now, so only a RESUME can bring this
    await client.answer("heard are you there")
    await client.sees("resumed")
    assert emulator.gateway.counters["resumes"] == 1
    assert emulator.gateway.counters["replayed"] >= 1
    assert emulator.gateway.counters["identifies"] == 1
