"""A person at the other end of a bot: talks over REST with a user token, listens on the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from support.raw_gateway import RawGateway, raw_gateway


class Person:
    """Ada, in #general of her server."""

    def __init__(self, emulator: Emulator, demo: DemoWorld, http: aiohttp.ClientSession, ear: RawGateway) -> None:
        self.emulator = emulator
        self.demo = demo
        self.guild = demo.guilds["Pixel Harbour"]
        self.channel = demo.world.channels[self.guild.system_channel_id or 0]
        self._http = http
        self._ear = ear

    async def say(self, text: str) -> None:
        await self._call("POST", f"/channels/{self.channel.id}/messages", {"content": text})

    async def hears(self) -> dict[str, Any]:
        """The bot's next message."""
        while True:
            message = await self._ear.until("MESSAGE_CREATE")
            if message["author"]["id"] == str(self.demo.bot.id):
                return message

    async def command(self, name: str, **options: str) -> None:
        """Invoke the slash command as a client does."""
        index = await self._call("GET", f"/guilds/{self.guild.id}/application-command-index")
        command = next(c for c in index["application_commands"] if c["name"] == name)
        data = {
            "id": command["id"],
            "version": command["version"],
            "name": name,
            "type": 1,
            "options": [{"type": 3, "name": option, "value": value} for option, value in options.items()],
        }
        await self._interact(2, data)

    async def press(self, message: dict[str, Any]) -> None:
        """Press the message's first button."""
        button = message["components"][0]["components"][0]
        data = {"component_type": 2, "custom_id": button["custom_id"]}
        await self._interact(3, data, message_id=message["id"], message_flags=0)

    async def _interact(self, kind: int, data: dict[str, Any], **fields: Any) -> None:
        body = {
            "type": kind,
            "application_id": str(self.demo.application.id),
            "guild_id": str(self.guild.id),
            "channel_id": str(self.channel.id),
            "session_id": self._ear.session_id,
            "nonce": str(self.demo.world.snowflakes.make()),
            "data": data,
            **fields,
        }
        await self._call("POST", "/interactions", body)

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": self.demo.people["ada"].token}
        url = self.emulator.rest_url + path
        async with self._http.request(method, url, json=body, headers=headers) as response:
            assert response.status < 300, await response.text()
            return await response.json() if response.status != 204 else None


@asynccontextmanager
async def person_in_town() -> AsyncIterator[Person]:
    """An emulator with the demo world, and Ada connected to it."""
    demo = demo_world(bot_name="Tester")
    async with (
        Emulator(demo.world, identify_window_s=0.0) as emulator,
        aiohttp.ClientSession() as http,
        raw_gateway(emulator.gateway_url) as ear,
    ):
        await ear.identify(demo.people["ada"].token, intents=None)
        yield Person(emulator, demo, http, ear)


async def the_usual_things(person: Person, resumed: Any) -> None:
    """One message, one command, one button and one resume, with whatever library the bot is made of.

    ``resumed`` is awaited after the drop, until the library says that it resumed.
    """
    await person.say("!ping")
    assert (await person.hears())["content"] == "pong"

    await person.command("hello", name="World")
    greeting = await person.hears()
    assert greeting["content"] == "hello World"
    assert greeting["interaction_metadata"]["user"]["username"] == "ada"

    await person.press(greeting)
    assert (await person.hears())["content"] == "pressed by ada"

    gateway = person.emulator.gateway
    identifies = gateway.counters["identifies"]
    assert gateway.drop(code=4000, user_id=person.demo.bot.id) == 1
    person.demo.world.create_message(person.channel, person.demo.people["ada"].id, "!ping")
    assert (await person.hears())["content"] == "pong"
    await resumed
    assert gateway.counters["resumes"] == 1
    assert gateway.counters["identifies"] == identifies
