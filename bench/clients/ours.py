"""The bot's own connection, with an empty handler."""

import asyncio
import os

from bench.clients.meter import Meter
from skynetbot.discord.client import DiscordClient
from skynetbot.discord.messages import Message
from skynetbot.observability.logs import configure_logging
from skynetbot.observability.metrics import Metrics


async def main() -> None:
    configure_logging("WARNING")  # stdout is the meter's
    meter = Meter()
    client = DiscordClient(
        token=os.environ["BENCH_TOKEN"], api_url=os.environ["BENCH_REST_URL"], metrics=Metrics(), shard_count=1
    )

    def on_message(message: Message) -> None:
        meter.deliver(message.id)

    client.events.on_message(on_message)
    await client.start()
    supervisor = await client.prepare_gateway()
    running = asyncio.create_task(supervisor.run())
    await supervisor.wait_started()
    while len(client.state.all()) < int(os.environ["BENCH_GUILDS"]):
        await asyncio.sleep(0.05)
    client.settle_memory()
    meter.ready()
    await running


asyncio.run(main())
