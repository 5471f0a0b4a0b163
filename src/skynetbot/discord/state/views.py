"""What the state hands out: small frozen structs, which are also the form in which the sections are packed.

``array_like`` leaves the field names out of the packed bytes, so fields may only be added at the end, and a change of
their meaning needs a new version in `dumps`.
"""

from typing import Final

import msgspec

__all__ = [
    "FEATURES",
    "THREAD_TYPES",
    "VOICE_TYPES",
    "ChannelView",
    "GuildView",
    "MemberView",
    "OverwriteView",
    "RoleView",
]

# https://discord.com/developers/docs/resources/channel#channel-object-channel-types
TEXT_TYPES: Final = frozenset({0, 5})
VOICE_TYPES: Final = frozenset({2, 13})
THREAD_TYPES: Final = frozenset({10, 11, 12})

# Those that change what a moderator can do or what members see; packed as bits, so new ones go to the end.
# https://discord.com/developers/docs/resources/guild#guild-object-guild-features
FEATURES: Final = (
    "AUTO_MODERATION",
    "COMMUNITY",
    "DISCOVERABLE",
    "INVITES_DISABLED",
    "MEMBER_VERIFICATION_GATE_ENABLED",
    "NEWS",
    "PARTNERED",
    "RAID_ALERTS_DISABLED",
    "ROLE_ICONS",
    "VANITY_URL",
    "VERIFIED",
    "WELCOME_SCREEN_ENABLED",
)


class OverwriteView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: int
    type: int
    """0 for a role, 1 for a member."""
    allow: int
    deny: int


class ChannelView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A channel or an active thread; threads have neither overwrites nor a position of their own."""

    id: int
    type: int
    name: str
    position: int
    parent_id: int | None
    nsfw: bool
    slow_mode_s: int
    overwrites: tuple[OverwriteView, ...] = ()

    @property
    def is_thread(self) -> bool:
        return self.type in THREAD_TYPES

    @property
    def is_text(self) -> bool:
        """A text or announcement channel."""
        return self.type in TEXT_TYPES


class RoleView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: int
    name: str
    position: int
    permissions: int
    color: int
    managed: bool

    @property
    def rank(self) -> tuple[int, int]:
        """Larger is higher. Roles of one position are sorted by id, and the older stands above.

        https://discord.com/developers/docs/topics/permissions#role-object
        """
        return (self.position, -self.id)


class MemberView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    id: int
    roles: tuple[int, ...]
    """Ascending, without @everyone."""
    joined_at: int | None
    """Whole seconds since 1970."""
    timeout_until: float | None
    """Seconds since 1970; may lie in the past, for Discord does not say when a timeout ends."""


class GuildView(msgspec.Struct, frozen=True, gc=False):
    id: int
    name: str
    icon: str | None
    owner_id: int
    member_count: int
    """Everybody, kept here or not; follows joins and leaves."""
    features: tuple[str, ...]
    """Those of `FEATURES` that it has."""
    system_channel_id: int | None
    available: bool
    """False during an outage, and from READY until its GUILD_CREATE; the rest is then what was known last."""
