"""The servers for people to choose from, read from the state."""

from collections.abc import Sequence

from typing_extensions import override

from skynetbot.discord.guilds import Guilds, GuildSummary, NamedRef, Standing
from skynetbot.discord.state.state import GuildState
from skynetbot.discord.state.views import GuildView

__all__ = ["StateGuilds"]


class StateGuilds(Guilds):
    """`Guilds` over the gateway's state. Guilds in an outage are listed as they were known last."""

    def __init__(self, state: GuildState) -> None:
        self._state = state

    @override
    def all(self) -> Sequence[GuildSummary]:
        return [_summary(guild) for guild in self._state.all()]

    @override
    def get(self, guild_id: int) -> GuildSummary | None:
        guild = self._state.get(guild_id)
        return _summary(guild) if guild is not None else None

    @override
    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        channels = self._state.channels(guild_id)
        return [NamedRef(channel.id, channel.name or str(channel.id)) for channel in channels if channel.is_text]

    @override
    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        return [NamedRef(role.id, role.name) for role in self._state.roles(guild_id) if role.id != guild_id]

    @override
    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:
        member = self._state.member(guild_id, user_id)
        return None if member is None else tuple(member.roles)

    @property
    @override
    def standing(self) -> Standing:
        return self._state


def _summary(guild: GuildView) -> GuildSummary:
    return GuildSummary(
        id=guild.id, name=guild.name, icon=guild.icon, member_count=guild.member_count, owner_id=guild.owner_id
    )
