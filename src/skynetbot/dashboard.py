"""Adapts the app's services to the ports of the web room, which knows nothing of Discord's gateway."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final

from litestar.stores.base import Store
from typing_extensions import override

from skynetbot.bus.contract import Bus
from skynetbot.bus.local import Subscription
from skynetbot.cache.pages import ServerPages
from skynetbot.cache.sessions import SessionCache
from skynetbot.dashboard_settings import GuildSettingsPort
from skynetbot.discord.guilds import Guilds
from skynetbot.features.activity.ranks import parse_ranks, rank_of
from skynetbot.features.activity.settings import ActivitySettings
from skynetbot.guildconfig.service import SettingsService
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.actions import ActionRow
from skynetbot.web import ports

__all__ = [
    "ActionFeed",
    "ActivityFeed",
    "AppHealth",
    "DatabaseSessions",
    "GuildSettingsPort",
    "Live",
    "PortGuilds",
]

_SHOWN_ACTIONS: Final = 20


class PortGuilds:
    """ports.GuildDirectory over the gateway's view of the servers."""

    def __init__(self, guilds: Guilds) -> None:
        self._guilds = guilds

    def get(self, guild_id: int) -> ports.GuildSummary | None:
        guild = self._guilds.get(guild_id)
        if guild is None:
            return None
        return ports.GuildSummary(guild.id, guild.name, guild.icon, guild.member_count, guild.owner_id)

    def channels(self, guild_id: int) -> Sequence[ports.NamedRef]:
        return [ports.NamedRef(ref.id, ref.name) for ref in self._guilds.channels(guild_id)]

    def roles(self, guild_id: int) -> Sequence[ports.NamedRef]:
        return [ports.NamedRef(ref.id, ref.name) for ref in self._guilds.roles(guild_id)]

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:
        return self._guilds.member_roles(guild_id, user_id)


class ActivityFeed:
    """ports.ActivityReads."""

    def __init__(self, pages: ServerPages, settings: SettingsService) -> None:
        self._pages = pages
        self._settings = settings

    async def totals(self, guild_id: int) -> ports.ActivityTotals:
        totals = await self._pages.totals(guild_id)
        return ports.ActivityTotals(totals.messages_total, totals.messages_today, totals.members_seen)

    async def top(self, guild_id: int, limit: int) -> Sequence[ports.MemberActivity]:
        rows = await self._pages.top(guild_id, limit)
        ranks = parse_ranks((await self._settings.snapshot(guild_id)).get(ActivitySettings).ranks)
        shown: list[ports.MemberActivity] = []
        for row in rows:
            rank = rank_of(row.messages, ranks)
            shown.append(
                ports.MemberActivity(
                    row.user_id,
                    row.name or str(row.user_id),
                    row.messages,
                    rank.number if rank else None,
                    rank.name if rank else None,
                )
            )
        return shown


class ActionFeed:
    """ports.ActionReads."""

    def __init__(self, pages: ServerPages) -> None:
        self._pages = pages

    async def recent(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ports.ActionRecord]:
        return [_record(row) for row in await self._pages.recent_actions(guild_id, limit, before)]


def _record(row: ActionRow) -> ports.ActionRecord:
    return ports.ActionRecord(
        id=row.id,
        at=row.at,
        guild_id=row.guild_id,
        kind=row.kind,
        subject=row.subject,
        summary=row.summary,
        reason=row.reason,
        channel_id=row.channel_id,
        user_id=row.user_id,
    )


class Live:
    """ports.LiveFeed: at any news of the guild on the bus, its whole current state, so that a missed one heals."""

    def __init__(self, bus: Bus, topics: Sequence[str], activity: ActivityFeed, actions: ActionFeed) -> None:
        self._bus = bus
        self._topics = tuple(topics)
        self._activity = activity
        self._actions = actions

    def subscribe(self, guild_id: int) -> AbstractAsyncContextManager[AsyncIterator[ports.LiveUpdate]]:
        return self._subscribe(guild_id)

    @asynccontextmanager
    async def _subscribe(self, guild_id: int) -> AsyncIterator[AsyncIterator[ports.LiveUpdate]]:
        counters, records = self._topics
        # One place is enough: each piece of news means "read the whole state again".
        news = Subscription(backlog=1)

        def on_counters(guild_ids: Sequence[int]) -> None:
            if guild_id in guild_ids:
                news.put(guild_id)

        def on_record(of_guild: int) -> None:
            if of_guild == guild_id:
                news.put(guild_id)

        async def updates() -> AsyncIterator[ports.LiveUpdate]:
            # The listeners stand before the first state is read, so nothing falls between the two.
            while True:
                yield await self._state(guild_id)
                await news.get()

        unlisten = (self._bus.listen(counters, on_counters), self._bus.listen(records, on_record))
        try:
            yield updates()
        finally:
            for stop in unlisten:
                stop()

    async def _state(self, guild_id: int) -> ports.LiveUpdate:
        return ports.LiveUpdate(
            await self._activity.totals(guild_id), await self._actions.recent(guild_id, _SHOWN_ACTIONS)
        )


class AppHealth:
    """ports.HealthPort."""

    def __init__(self, readiness: Callable[[], Awaitable[Sequence[tuple[str, bool, str]]]], metrics: Metrics) -> None:
        self._readiness = readiness
        self._metrics = metrics

    async def readiness(self) -> Sequence[tuple[str, bool, str]]:
        return await self._readiness()

    def metrics(self) -> tuple[bytes, str]:
        return self._metrics.exposition()


class DatabaseSessions(Store):
    """Litestar's session store over the database, so that a restart logs nobody out."""

    def __init__(self, sessions: SessionCache, now: Callable[[], float] = time.time) -> None:
        self.sessions = sessions
        self._now = now

    @override
    async def set(self, key: str, value: str | bytes, expires_in: int | timedelta | None = None) -> None:
        body = value.encode() if isinstance(value, str) else value
        await self.sessions.set(key, body, _seconds(expires_in))

    @override
    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        found = await self.sessions.get(key)
        if found is None:
            return None
        if renew_for is not None and found.expires_at is not None:
            await self.sessions.set(key, found.value, _seconds(renew_for))
        return found.value

    @override
    async def delete(self, key: str) -> None:
        await self.sessions.delete(key)

    @override
    async def delete_all(self) -> None:
        await self.sessions.delete_all()

    @override
    async def exists(self, key: str) -> bool:
        return await self.sessions.get(key) is not None

    @override
    async def expires_in(self, key: str) -> int | None:
        found = await self.sessions.get(key)
        if found is None or found.expires_at is None:
            return None
        return max(0, int(found.expires_at - self._now()))


def _seconds(expires_in: int | timedelta | None) -> float | None:
    return expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
