"""What the dashboard and features ask about servers: which there are, their channels and roles to choose from."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

__all__ = ["GuildSummary", "Guilds", "NamedRef"]


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

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:  # noqa: ARG002 - a default
        """The roles of a member; None when the member is not known, which says nothing about their roles."""
        return None
