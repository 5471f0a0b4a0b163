"""discord.py's client as its documentation starts it, with an empty ``on_message``."""

import os

import discord
import discord.gateway
import discord.http
import yarl

from bench.clients.meter import Meter

discord.http.Route.BASE = os.environ["BENCH_REST_URL"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["BENCH_GATEWAY_URL"])

meter = Meter()
intents = discord.Intents.default()
intents.members = True
intents.message_content = True
client = discord.Client(intents=intents)


@client.event
async def on_ready() -> None:
    assert len(client.guilds) == int(os.environ["BENCH_GUILDS"])
    meter.ready()


@client.event
async def on_message(message: discord.Message) -> None:
    meter.deliver(message.id)


client.run(os.environ["BENCH_TOKEN"], log_handler=None)
