"""What the dashboard and features ask about servers: which there are, their channels and roles to choose from."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from skynetbot.discord.state.views import ChannelView, MemberView, RoleView

__all__ = ["GuildSummary", "Guilds", "NamedRef", "Standing"]


class GuildSummary(msgspec.Struct, frozen=True):
    id: int
    name: str
    icon: str | None
    member_count: int
    owner_id: int


class NamedRef(msgspec.Struct, frozen=True):
    id: int
    name: str


class Standing(Protocol):
    """Who stands where, for those who moderate: the side of `GuildState` that is asked; its words say what each means.

    What is not known yet (after a start, or of a server that another process looks after) is None, 0 or False.
    """

    @property
    def own_id(self) -> int | None: ...

    def channel(self, guild_id: int, channel_id: int) -> ChannelView | None: ...

    def role(self, guild_id: int, role_id: int) -> RoleView | None: ...

    def member(self, guild_id: int, user_id: int) -> MemberView | None: ...

    def permissions(
        self, guild_id: int, user_id: int, role_ids: Collection[int] | None, channel_id: int | None, now: float
    ) -> int: ...

    def may_act_on(
        self,
        guild_id: int,
        actor_id: int,
        actor_roles: Collection[int] | None,
        target_id: int,
        target_roles: Collection[int] | None,
    ) -> bool: ...


class Guilds(Protocol):
    def all(self) -> Sequence[GuildSummary]: ...

    def get(self, guild_id: int) -> GuildSummary | None: ...

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        """Text channels, in the order of the channel list."""
        ...

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        """Highest first, without @everyone."""
        ...

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:  # noqa: ARG002 - a default
        """The roles of a member; None when the member is not known, which says nothing about their roles."""
        return None

    @property
    def standing(self) -> Standing:
        """Permissions, hierarchy, channels with their overwrites."""
        raise NotImplementedError
