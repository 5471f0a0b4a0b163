"""In-memory ports: the dashboard by itself, for tests and for looking at pages without a bot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from litestar.stores.memory import MemoryStore

from skynetbot.web.memory_settings import MemorySettings
from skynetbot.web.memory_timers import MemoryTimers
from skynetbot.web.ports import (
    ActionRecord,
    ActivityTotals,
    GuildSummary,
    LiveUpdate,
    MemberActivity,
    NamedRef,
    WebPorts,
)
from skynetbot.web.settings_port import SectionView

__all__ = [
    "MemoryActions",
    "MemoryActivity",
    "MemoryGuilds",
    "MemoryHealth",
    "MemoryLive",
    "MemoryPorts",
    "MemorySettings",
    "MemoryTimers",
]


@dataclass
class MemoryGuilds:
    guilds: dict[int, GuildSummary] = field(default_factory=dict)
    channel_list: list[NamedRef] = field(default_factory=list)
    role_list: list[NamedRef] = field(default_factory=list)
    roles_of: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)

    def get(self, guild_id: int) -> GuildSummary | None:
        return self.guilds.get(guild_id)

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        return self.channel_list if guild_id in self.guilds else ()

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        return self.role_list if guild_id in self.guilds else ()

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:
        return self.roles_of.get((guild_id, user_id))


@dataclass
class MemoryActivity:
    by_guild: dict[int, ActivityTotals] = field(default_factory=dict)
    members: dict[int, list[MemberActivity]] = field(default_factory=dict)

    async def totals(self, guild_id: int) -> ActivityTotals:
        return self.by_guild.get(guild_id, ActivityTotals(0, 0, 0))

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberActivity]:
        return self.members.get(guild_id, [])[:limit]


@dataclass
class MemoryActions:
    records: list[ActionRecord] = field(default_factory=list)

    async def recent(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRecord]:
        mine = [
            record
            for record in sorted(self.records, key=lambda record: -record.id)
            if record.guild_id == guild_id and (before is None or record.id < before)
        ]
        return mine[:limit]


class MemoryLive:
    """Each subscriber has room for one state: the newest."""

    def __init__(self) -> None:
        self._subscribers: dict[int, set[asyncio.Queue[LiveUpdate]]] = {}

    def publish(self, guild_id: int, update: LiveUpdate) -> None:
        for queue in self._subscribers.get(guild_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(update)

    def subscribers(self, guild_id: int) -> int:
        return len(self._subscribers.get(guild_id, ()))

    @asynccontextmanager
    async def subscribe(self, guild_id: int) -> AsyncIterator[AsyncIterator[LiveUpdate]]:
        queue: asyncio.Queue[LiveUpdate] = asyncio.Queue(1)
        self._subscribers.setdefault(guild_id, set()).add(queue)
        try:
            yield _read(queue)
        finally:
            self._subscribers[guild_id].discard(queue)


async def _read(queue: asyncio.Queue[LiveUpdate]) -> AsyncIterator[LiveUpdate]:
    while True:
        yield await queue.get()


@dataclass
class MemoryHealth:
    checks: list[tuple[str, bool, str]] = field(default_factory=lambda: [("database", True, "answers")])

    async def readiness(self) -> Sequence[tuple[str, bool, str]]:
        return self.checks

    def metrics(self) -> tuple[bytes, str]:
        return b"# nothing measured\n", "text/plain; version=0.0.4; charset=utf-8"


class MemoryPorts:
    """One of each, with the types kept, so that a test can reach in."""

    def __init__(self, sections: Sequence[SectionView] = ()) -> None:
        self.guilds = MemoryGuilds()
        self.activity = MemoryActivity()
        self.actions = MemoryActions()
        self.live = MemoryLive()
        self.settings = MemorySettings(sections)
        self.timers = MemoryTimers()
        self.health = MemoryHealth()
        self.sessions = MemoryStore()

    def as_web_ports(self) -> WebPorts:
        return WebPorts(
            guilds=self.guilds,
            activity=self.activity,
            actions=self.actions,
            live=self.live,
            settings=self.settings,
            timers=self.timers,
            health=self.health,
            sessions=self.sessions,
        )
