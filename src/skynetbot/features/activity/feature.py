"""Counts every message of a person, and announces ranks when a commit carried a member over a threshold."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from skynetbot.discord.effects import EffectRefused
from skynetbot.discord.interactions import Interaction
from skynetbot.discord.messages import Message
from skynetbot.features.activity.news import ActivityNews
from skynetbot.features.activity.ranks import Rank, parse_ranks, rank_of
from skynetbot.features.activity.settings import SCHEMA, ActivitySettings
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError
from skynetbot.writes.behind import Committed
from skynetbot.writes.checks import storable_text
from skynetbot.writes.effects import NumberEffect
from skynetbot.writes.operations import Delete, Increment, Max, Set, SetOnce

__all__ = ["SCHEMA", "RankAnnouncer", "build"]

_log = get_logger(__name__)
_SECONDS_PER_DAY: Final = 86_400
_QUEUE_BOUND: Final = 1_000


def build(services: FeatureServices) -> Feature:
    write = services.writes.soon_nowait
    now = services.now
    news = ActivityNews(services.bus, services.timers.scope("activity news"))
    announcer = RankAnnouncer(services)

    def observe(message: Message) -> None:
        guild_id = message.guild_id
        if guild_id is None or message.author is None:
            return
        at = now()
        member = (guild_id, message.author.id)
        write(
            Increment("members", member, "messages"),
            Set("members", member, "name", storable_text(message.author_name)),
            Max("members", member, "last_message_at", at),
            Increment("guild_days", (guild_id, int(at // _SECONDS_PER_DAY)), "messages"),
        )
        news.changed(guild_id)

    def used(interaction: Interaction, command: str) -> None:
        at = now()
        user = (interaction.invoker.id,)
        write(Increment("users", user, "commands"), Max("users", user, "last_seen_at", at))
        if interaction.guild_id is not None:
            day = int(at // _SECONDS_PER_DAY)
            write(
                Increment("guild_days", (interaction.guild_id, day), "commands"),
                Increment("command_uses", (interaction.guild_id, day, command), "uses"),
            )

    def joined(payload: Mapping[str, Any]) -> None:
        guild = (int(payload["id"]),)
        write(
            Set("guilds", guild, "name", storable_text(str(payload.get("name", "")))),
            SetOnce("guilds", guild, "joined_at", now()),
            Delete("guilds", guild, "left_at"),
        )

    def left(payload: Mapping[str, Any]) -> None:
        if not payload.get("unavailable"):
            write(Set("guilds", (int(payload["id"]),), "left_at", now()))

    async def close() -> None:
        news.close()
        await announcer.close()

    return Feature(
        name="activity",
        title="Activity and ranks",
        summary="Counts messages for every member and gives ranks for them.",
        schema=SCHEMA,
        observers=(observe,),
        flush_listeners=(announcer.on_flushed,),
        command_listeners=(used,),
        events={"GUILD_CREATE": joined, "GUILD_DELETE": left},
        close=close,
    )


class RankAnnouncer:
    """Watches committed totals. Works in one task of its own, so that the flush never waits for Discord."""

    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._waiting: asyncio.Queue[tuple[int, int, int, int]] = asyncio.Queue(_QUEUE_BOUND)
        self._task: asyncio.Task[None] | None = None

    def on_flushed(self, committed: Committed) -> None:
        """Queue the members whose totals grew in guilds that announce; the check itself waits for nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="rank announcements")
        changes = committed.changes.get("members", {})
        for key, (total,) in committed.values.get("members", {}).items():
            counted = changes[key].fields.get("messages")
            if not isinstance(counted, NumberEffect):
                continue
            guild_id, user_id = int(key[0]), int(key[1])
            snapshot = self._services.settings.peek(guild_id)
            if snapshot is not None and not snapshot.get(ActivitySettings).announce:
                continue
            try:
                self._waiting.put_nowait((guild_id, user_id, total - int(counted.add), total))
            except asyncio.QueueFull:
                # The rank itself is derived from the total and cannot be lost; only its announcement is.
                _log.warning("rank announcements shed", guild=guild_id)
                return

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            guild_id, user_id, before, after = await self._waiting.get()
            try:
                await self._check(guild_id, user_id, before, after)
            except (StorageError, EffectRefused) as error:
                _log.warning("rank not announced", guild=guild_id, user=user_id, error=str(error))

    async def _check(self, guild_id: int, user_id: int, before: int, after: int) -> None:
        settings = (await self._services.settings.snapshot(guild_id)).get(ActivitySettings)
        if not settings.announce or settings.announce_channel is None:
            return
        ranks = parse_ranks(settings.ranks)
        reached = rank_of(after, ranks)
        if reached is None or reached == rank_of(before, ranks):
            return
        await self._announce(guild_id, user_id, reached, settings.announce_channel)

    async def _announce(self, guild_id: int, user_id: int, rank: Rank, channel_id: int) -> None:
        if await self._services.pages.reach_rank(guild_id, user_id, rank.number, self._services.now()):
            await self._services.effects.send_message(
                channel_id,
                f"🎉 <@{user_id}> reached the rank **{rank.name}** with {rank.messages:,} messages!",
            )
