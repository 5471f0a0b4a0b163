"""A demo world with a local Discord around it, hands to act in it, and the bot connected to it."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from discord_emulator.entities import Channel, Guild, Message, User
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld
from skynetbot.app import App, running_app
from skynetbot.settings import OperatorSettings


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def eventually(condition: Callable[[], Any], timeout_s: float = 8.0) -> Any:
    """The first truthy value of the condition."""
    async with asyncio.timeout(timeout_s):
        while not (value := condition()):
            await asyncio.sleep(0.01)
        return value


class Town:
    """A demo world, an emulator that serves it, and a person's hands to act in it."""

    def __init__(self, demo: DemoWorld, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.demo = demo
        self.emulator = emulator
        self.world = demo.world
        self.session = session
        self.guild: Guild = demo.guilds["Pixel Harbour"]

    def channel(self, name: str) -> Channel:
        return next(c for c in self.guild.channels.values() if c.name == name)

    def messages(self, channel: str, author: User | None = None) -> list[Message]:
        """Newest first."""
        found = self.world.history(self.channel(channel).id)
        return [m for m in found if author is None or m.author_id == author.id]

    def bot_messages(self, channel: str) -> list[Message]:
        return self.messages(channel, self.demo.bot)

    def say(self, person: str, text: str, channel: str = "general") -> Message:
        return self.world.create_message(self.channel(channel), self.demo.people[person].id, text)

    async def command(
        self,
        person: str,
        name: str,
        options: list[dict[str, Any]] | None = None,
        *,
        kind: int = 2,
        file: bytes | None = None,
    ) -> None:
        """Use a slash command as that person, the way a client does; ``file`` is what options call file 0."""
        command = next(c for c in self.world.commands.values() if c.name == name)
        body = {
            "type": kind,
            "application_id": str(self.demo.application.id),
            "guild_id": str(self.guild.id),
            "channel_id": str(self.channel("general").id),
            "session_id": "x",
            "nonce": str(self.world.snowflakes.make()),
            "data": {"id": str(command.id), "name": name, "type": 1, "options": options or []},
        }
        headers = {"Authorization": self.demo.people[person].token}
        url = f"{self.emulator.rest_url}/interactions"
        sent: dict[str, Any] = {"json": body}
        if file is not None:
            form = aiohttp.FormData({"payload_json": json.dumps(body)})
            form.add_field("files[0]", io.BytesIO(file), filename="settings.json", content_type="application/json")
            sent = {"data": form}
        async with self.session.post(url, headers=headers, **sent) as response:
            assert response.status == 204, await response.text()

    async def ask(
        self, person: str, name: str, options: list[dict[str, Any]] | None = None, *, file: bytes | None = None
    ) -> Message:
        """Use a command and return the bot's answer."""
        before = len(self.bot_messages("general"))
        await self.command(person, name, options, file=file)
        await eventually(lambda: len(self.bot_messages("general")) > before)
        return self.bot_messages("general")[0]

    async def press(self, person: str, message: Message, custom_id: str, *, values: list[str] | None = None) -> None:
        """Press a button, or choose ``values`` in a select, of a message that the bot posted."""
        channel = self.world.channels[message.channel_id]
        body = {
            "type": 3,
            "application_id": str(self.demo.application.id),
            "guild_id": str(channel.guild_id) if channel.guild_id else None,
            "channel_id": str(message.channel_id),
            "message_id": str(message.id),
            "message_flags": message.flags,
            "session_id": "x",
            "nonce": str(self.world.snowflakes.make()),
            "data": {
                "component_type": 2 if values is None else 3,
                "custom_id": custom_id,
                **({} if values is None else {"values": values, "type": 3}),
            },
        }
        headers = {"Authorization": self.demo.people[person].token}
        async with self.session.post(f"{self.emulator.rest_url}/interactions", headers=headers, json=body) as response:
            assert response.status == 204, await response.text()


@asynccontextmanager
async def bot_in(town: Town, data_dir: Path, **changes: Any) -> AsyncIterator[App]:
    """The bot, connected to the town."""
    settings = OperatorSettings(
        **{
            "discord_token": town.demo.bot.token,
            "discord_client_secret": town.demo.application.client_secret,
            "discord_api_url": town.emulator.rest_url,
            "discord_authorize_url": f"{town.emulator.url}/oauth2/authorize",
            "data_dir": str(data_dir),
            "web_port": free_port(),
            "writes_flush_s": 0.05,
            **changes,
        }
    )
    url = f"http://127.0.0.1:{settings.web_port}/oauth/callback"
    town.demo.application.redirect_uris.append(url)
    async with running_app(settings) as app:
        yield app
