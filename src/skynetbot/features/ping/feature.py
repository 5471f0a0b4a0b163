"""/ping."""

import math

from skynetbot.discord.commands import Command, CommandContext, Reply
from skynetbot.features.contract import Feature, FeatureServices

__all__ = ["build"]

_DISCORD_EPOCH_MS = 1_420_070_400_000


def build(services: FeatureServices) -> Feature:
    async def ping(context: CommandContext) -> Reply:
        # An interaction's id carries the millisecond in which Discord made it.
        asked_at_ms = (context.interaction.id >> 22) + _DISCORD_EPOCH_MS
        to_us_ms = max(0.0, services.now() * 1000 - asked_at_ms)
        latency = context.gateway_latency_s
        heartbeat = "not measured yet" if math.isnan(latency) else f"{latency * 1000:.0f} ms"
        return Reply(content=f"Pong! Your command reached me in {to_us_ms:.0f} ms; heartbeat to Discord: {heartbeat}.")

    return Feature(
        name="ping",
        title="Ping",
        summary="Answers at once and says how far away Discord is.",
        commands=(Command(name="ping", description="Is the bot there, and how quick is it?", handler=ping),),
    )
