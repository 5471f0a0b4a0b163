"""The test's bot on discord.py: REST base and token are its arguments; each thing it sees is a line of JSON."""

import json
import logging
import sys
from typing import Any

import discord
import yarl
from discord import app_commands

rest_url, gateway_url, token = sys.argv[1:]
discord.http.Route.BASE = rest_url
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


def tell(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Problems(logging.Handler):
    """What the library complains of fails the test."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("problem", text=self.format(record))


logging.getLogger().addHandler(Problems(logging.ERROR))


class Again(discord.ui.View):
    @discord.ui.button(label="Again", custom_id="again")
    async def again(self, interaction: discord.Interaction, button: discord.ui.Button["Again"]) -> None:
        tell("button", custom_id=button.custom_id, user=interaction.user.name)
        await interaction.response.edit_message(content="Pressed", view=None)


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.all())
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(hello)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_ready(self) -> None:
        tell("ready", guilds=sorted(guild.name for guild in self.guilds))

    async def on_resumed(self) -> None:
        tell("resumed")

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            tell("message", content=message.content, author=message.author.name)
            await message.reply(f"heard {message.content}")


@app_commands.command(description="Say hello")
async def hello(interaction: discord.Interaction, name: str) -> None:
    tell("command", name="hello", user=interaction.user.name)
    await interaction.response.send_message(f"Hello {name}", view=Again())


Bot().run(token, log_handler=None)
