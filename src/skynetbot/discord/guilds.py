"""Which servers the bot is in, and their channels and roles, for people to choose from; read from the cache."""

from collections.abc import Sequence
from typing import Protocol

import hikari
import msgspec

__all__ = ["CachedGuilds", "GuildSummary", "Guilds", "NamedRef"]


class GuildSummary(msgspec.Struct, frozen=True):
    id: int
    name: str
    icon: str | None
    member_count: int
    owner_id: int


class NamedRef(msgspec.Struct, frozen=True):
    id: int
    name: str


class Guilds(Protocol):
    def all(self) -> Sequence[GuildSummary]: ...

    def get(self, guild_id: int) -> GuildSummary | None: ...

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        """Text channels, in the order of the channel list."""
        ...

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        """Highest first, without @everyone."""
        ...


class CachedGuilds:
    """Over hikari's cache, which the gateway keeps current."""

    def __init__(self, cache: hikari.api.Cache) -> None:
        self._cache = cache

    def all(self) -> Sequence[GuildSummary]:
        return [_summary(guild) for guild in self._cache.get_guilds_view().values()]

    def get(self, guild_id: int) -> GuildSummary | None:
        guild = self._cache.get_guild(hikari.Snowflake(guild_id))
        return _summary(guild) if guild is not None else None

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        channels = self._cache.get_guild_channels_view_for_guild(hikari.Snowflake(guild_id)).values()
        text = [c for c in channels if c.type in (hikari.ChannelType.GUILD_TEXT, hikari.ChannelType.GUILD_NEWS)]
        text.sort(key=lambda channel: (channel.position, channel.id))
        return [NamedRef(int(channel.id), channel.name or str(channel.id)) for channel in text]

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        roles = self._cache.get_roles_view_for_guild(hikari.Snowflake(guild_id)).values()
        shown = sorted((r for r in roles if r.id != guild_id), key=lambda role: -role.position)
        return [NamedRef(int(role.id), role.name) for role in shown]


def _summary(guild: hikari.GatewayGuild) -> GuildSummary:
    return GuildSummary(
        id=int(guild.id),
        name=guild.name,
        icon=str(guild.icon_hash) if guild.icon_hash else None,
        member_count=guild.member_count or 0,
        owner_id=int(guild.owner_id),
    )
