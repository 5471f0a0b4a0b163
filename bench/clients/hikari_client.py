"""hikari's ready client with its defaults, and an empty listener."""

import os

import hikari

from bench.clients.meter import Meter

meter = Meter()
bot = hikari.GatewayBot(
    os.environ["BENCH_TOKEN"],
    rest_url=os.environ["BENCH_REST_URL"],
    intents=hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.GUILD_MEMBERS | hikari.Intents.MESSAGE_CONTENT,
    banner=None,
    logs=None,
    auto_chunk_members=False,
)
available = 0


@bot.listen()
async def on_guild(_: hikari.GuildAvailableEvent) -> None:
    global available
    available += 1
    if available == int(os.environ["BENCH_GUILDS"]):
        meter.ready()


@bot.listen()
async def on_message(event: hikari.GuildMessageCreateEvent) -> None:
    meter.deliver(int(event.message_id))


bot.run(check_for_updates=False)
