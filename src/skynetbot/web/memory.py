"""In-memory ports: the dashboard by itself, for tests and for looking at pages without a bot."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.stores.memory import MemoryStore

from skynetbot.web.ports import (
    ActionRecord,
    ActivityTotals,
    FieldView,
    GuildSummary,
    LiveUpdate,
    MemberActivity,
    NamedRef,
    SectionView,
    SettingsConflict,
    SettingsRejected,
    UnknownFeature,
    WebPorts,
)

__all__ = [
    "MemoryActions",
    "MemoryActivity",
    "MemoryGuilds",
    "MemoryHealth",
    "MemoryLive",
    "MemoryPorts",
    "MemorySettings",
]


@dataclass
class MemoryGuilds:
    guilds: dict[int, GuildSummary] = field(default_factory=dict)
    channel_list: list[NamedRef] = field(default_factory=list)
    role_list: list[NamedRef] = field(default_factory=list)

    def get(self, guild_id: int) -> GuildSummary | None:
        return self.guilds.get(guild_id)

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        return self.channel_list if guild_id in self.guilds else ()

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        return self.role_list if guild_id in self.guilds else ()


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


class MemorySettings:
    """Sections by feature, the same start for every server; integers and text lengths are checked."""

    def __init__(self, sections: Sequence[SectionView]) -> None:
        self._start = {section.feature: section for section in sections}
        self._saved: dict[tuple[int, str], SectionView] = {}
        self.authors: list[tuple[int, str]] = []

    async def sections(self, guild_id: int) -> Sequence[SectionView]:
        return [await self.section(guild_id, feature) for feature in self._start]

    async def section(self, guild_id: int, feature: str) -> SectionView:
        if feature not in self._start:
            raise UnknownFeature(feature)
        return self._saved.get((guild_id, feature), self._start[feature])

    async def update(
        self,
        guild_id: int,
        feature: str,
        changes: Mapping[str, Any],
        *,
        author_id: int,
        author_name: str,
        expected_version: int | None,
    ) -> SectionView:
        current = await self.section(guild_id, feature)
        if expected_version is not None and expected_version != current.version:
            raise SettingsConflict(current)
        errors: dict[str, str] = {}
        values = {view.name: view for view in current.fields}
        for name, value in changes.items():
            if name not in values:
                errors[name] = "There is no such setting."
                continue
            try:
                values[name] = msgspec.structs.replace(values[name], value=_checked(values[name], value))
            except ValueError as error:
                errors[name] = str(error)
        if errors:
            raise SettingsRejected(errors)
        saved = msgspec.structs.replace(current, version=current.version + 1, fields=tuple(values.values()))
        self._saved[guild_id, feature] = saved
        self.authors.append((author_id, author_name))
        return saved


def _checked(view: FieldView, value: Any) -> Any:
    match view.kind:
        case "int":
            try:
                number = int(value)
            except (TypeError, ValueError):
                raise ValueError("Give a whole number.") from None
            if view.minimum is not None and number < view.minimum:
                raise ValueError(f"Give at least {view.minimum}.")
            if view.maximum is not None and number > view.maximum:
                raise ValueError(f"Give at most {view.maximum}.")
            return number
        case "channel":
            return int(value) if value else None
        case "channels" | "roles":
            return tuple(int(item) for item in value)
        case "lines":
            return tuple(line.strip() for line in value if line.strip())
        case "text" if view.max_length is not None and len(value) > view.max_length:
            raise ValueError(f"Give at most {view.max_length} characters.")
        case _:
            return value


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
        self.health = MemoryHealth()
        self.sessions = MemoryStore()

    def as_web_ports(self) -> WebPorts:
        return WebPorts(
            guilds=self.guilds,
            activity=self.activity,
            actions=self.actions,
            live=self.live,
            settings=self.settings,
            health=self.health,
            sessions=self.sessions,
        )
