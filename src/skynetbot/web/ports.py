"""What the dashboard needs from the rest of the bot: small protocols that the composition root fills in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec
from litestar.stores.base import Store

from skynetbot.web.settings_port import SettingsPort
from skynetbot.web.timers_port import TimersPort

__all__ = [
    "ActionReads",
    "ActionRecord",
    "ActivityReads",
    "ActivityTotals",
    "GuildDirectory",
    "GuildSummary",
    "HealthPort",
    "LiveFeed",
    "LiveUpdate",
    "MemberActivity",
    "NamedRef",
    "WebPorts",
]


class GuildSummary(msgspec.Struct, frozen=True):
    """A server that the bot is in; ``icon`` is Discord's image hash."""

    id: int
    name: str
    icon: str | None
    member_count: int
    owner_id: int


class NamedRef(msgspec.Struct, frozen=True):
    """A channel or a role."""

    id: int
    name: str


class GuildDirectory(Protocol):
    """The servers that the bot is in, from memory."""

    def get(self, guild_id: int) -> GuildSummary | None: ...

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        """Text channels, in the order that people see."""
        ...

    def roles(self, guild_id: int) -> Sequence[NamedRef]: ...

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:
        """None when the member is not known; then only what Discord says of their permissions counts."""
        ...


class ActivityTotals(msgspec.Struct, frozen=True):
    """Counters of one server; "today" is the UTC day."""

    messages_total: int
    messages_today: int
    members_seen: int


class MemberActivity(msgspec.Struct, frozen=True):
    """One member's line in the ranking."""

    user_id: int
    name: str
    messages: int
    rank: int | None
    rank_name: str | None


class ActivityReads(Protocol):
    async def totals(self, guild_id: int) -> ActivityTotals: ...

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberActivity]: ...


class ActionRecord(msgspec.Struct, frozen=True):
    """One thing the bot did or refused, and why; ``at`` is seconds since 1970."""

    id: int
    at: float
    guild_id: int
    kind: str
    subject: str
    summary: str
    reason: str
    channel_id: int | None
    user_id: int | None


class ActionReads(Protocol):
    async def recent(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRecord]:
        """Newest first; ``before`` pages on from an action's number."""
        ...


class LiveUpdate(msgspec.Struct, frozen=True):
    """The state of a server now, not what changed, so that a dropped update heals; the last 20 actions."""

    totals: ActivityTotals
    actions: Sequence[ActionRecord]


class LiveFeed(Protocol):
    def subscribe(self, guild_id: int) -> AbstractAsyncContextManager[AsyncIterator[LiveUpdate]]:
        """A bounded stream of states; the newest wins when the reader is slow."""
        ...


class HealthPort(Protocol):
    async def readiness(self) -> Sequence[tuple[str, bool, str]]:
        """(check, is it well, detail) for everything that the bot needs to work."""
        ...

    def metrics(self) -> tuple[bytes, str]:
        """The metrics in exposition format, and its content type."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WebPorts:
    """Everything that the dashboard is given."""

    guilds: GuildDirectory
    activity: ActivityReads
    actions: ActionReads
    live: LiveFeed
    settings: SettingsPort
    timers: TimersPort
    health: HealthPort
    sessions: Store
    """Where web sessions are kept; a store that survives restarts logs nobody out."""
