"""Permissions as Discord computes them: pure functions over roles and overwrites.

Source: https://discord.com/developers/docs/topics/permissions
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from skynetbot.discord.state.views import THREAD_TYPES, VOICE_TYPES, OverwriteView, RoleView

__all__ = ["ALL", "Permission", "base_permissions", "in_timeout", "with_implied", "with_overwrites"]


class Permission:
    """Discord's bits, as far as rules here or their callers name them."""

    CREATE_INVITE: Final = 1 << 0
    KICK_MEMBERS: Final = 1 << 1
    BAN_MEMBERS: Final = 1 << 2
    ADMINISTRATOR: Final = 1 << 3
    MANAGE_CHANNELS: Final = 1 << 4
    MANAGE_GUILD: Final = 1 << 5
    ADD_REACTIONS: Final = 1 << 6
    VIEW_AUDIT_LOG: Final = 1 << 7
    PRIORITY_SPEAKER: Final = 1 << 8
    STREAM: Final = 1 << 9
    VIEW_CHANNEL: Final = 1 << 10
    SEND_MESSAGES: Final = 1 << 11
    SEND_TTS_MESSAGES: Final = 1 << 12
    MANAGE_MESSAGES: Final = 1 << 13
    EMBED_LINKS: Final = 1 << 14
    ATTACH_FILES: Final = 1 << 15
    READ_MESSAGE_HISTORY: Final = 1 << 16
    MENTION_EVERYONE: Final = 1 << 17
    CONNECT: Final = 1 << 20
    SPEAK: Final = 1 << 21
    MUTE_MEMBERS: Final = 1 << 22
    DEAFEN_MEMBERS: Final = 1 << 23
    MOVE_MEMBERS: Final = 1 << 24
    USE_VAD: Final = 1 << 25
    MANAGE_NICKNAMES: Final = 1 << 27
    MANAGE_ROLES: Final = 1 << 28
    MANAGE_WEBHOOKS: Final = 1 << 29
    REQUEST_TO_SPEAK: Final = 1 << 32
    MANAGE_THREADS: Final = 1 << 34
    SEND_MESSAGES_IN_THREADS: Final = 1 << 38
    USE_EMBEDDED_ACTIVITIES: Final = 1 << 39
    MODERATE_MEMBERS: Final = 1 << 40
    USE_SOUNDBOARD: Final = 1 << 42


ALL: Final = (1 << 53) - 1
"""Every bit that Discord has given a meaning."""

_NEED_SEND: Final = (
    Permission.MENTION_EVERYONE | Permission.SEND_TTS_MESSAGES | Permission.ATTACH_FILES | Permission.EMBED_LINKS
)
# The documentation names MANAGE_CHANNELS as one of them; the others do nothing outside of a connection.
_NEED_CONNECT: Final = (
    Permission.MANAGE_CHANNELS
    | Permission.PRIORITY_SPEAKER
    | Permission.STREAM
    | Permission.SPEAK
    | Permission.MUTE_MEMBERS
    | Permission.DEAFEN_MEMBERS
    | Permission.MOVE_MEMBERS
    | Permission.USE_VAD
    | Permission.REQUEST_TO_SPEAK
    | Permission.USE_EMBEDDED_ACTIVITIES
    | Permission.USE_SOUNDBOARD
)
_KEPT_IN_TIMEOUT: Final = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY


def base_permissions(
    guild_id: int, owner_id: int, user_id: int, role_ids: Iterable[int], roles: Mapping[int, RoleView]
) -> int:
    """What a member's roles give in the whole server; `ALL` for its owner and for administrators.

    @everyone is the role with the guild's id and need not be in ``role_ids``; roles that do not exist give nothing.
    """
    if user_id == owner_id:
        return ALL
    everyone = roles.get(guild_id)
    permissions = everyone.permissions if everyone is not None else 0
    for role_id in role_ids:
        role = roles.get(role_id)
        if role is not None:
            permissions |= role.permissions
    return ALL if permissions & Permission.ADMINISTRATOR else permissions


def with_overwrites(
    permissions: int, guild_id: int, user_id: int, role_ids: Collection[int], overwrites: Iterable[OverwriteView]
) -> int:
    """The channel's overwrites on top: @everyone's, then those of the roles taken together, then the member's own.

    In each of the three steps what is allowed wins over what is denied.
    """
    everyone_allow = everyone_deny = roles_allow = roles_deny = own_allow = own_deny = 0
    for overwrite in overwrites:
        if overwrite.type == 1:
            if overwrite.id == user_id:
                own_allow, own_deny = overwrite.allow, overwrite.deny
        elif overwrite.id == guild_id:
            everyone_allow, everyone_deny = overwrite.allow, overwrite.deny
        elif overwrite.id in role_ids:
            roles_allow |= overwrite.allow
            roles_deny |= overwrite.deny
    permissions = permissions & ~everyone_deny | everyone_allow
    permissions = permissions & ~roles_deny | roles_allow
    return permissions & ~own_deny | own_allow


def with_implied(permissions: int, channel_type: int) -> int:
    """Without the bits that are ignored because another one is missing.

    0 without VIEW_CHANNEL. In a thread SEND_MESSAGES is not inherited: that bit says there what
    SEND_MESSAGES_IN_THREADS says, so that one bit answers "may they write here" everywhere.
    """
    if not permissions & Permission.VIEW_CHANNEL:
        return 0
    if channel_type in THREAD_TYPES:
        permissions &= ~Permission.SEND_MESSAGES
        if permissions & Permission.SEND_MESSAGES_IN_THREADS:
            permissions |= Permission.SEND_MESSAGES
    if not permissions & Permission.SEND_MESSAGES:
        permissions &= ~_NEED_SEND
    if channel_type in VOICE_TYPES and not permissions & Permission.CONNECT:
        permissions &= ~_NEED_CONNECT
    return permissions


def in_timeout(permissions: int) -> int:
    """What a timeout leaves; not for owners and administrators, who are exempt."""
    return permissions & _KEPT_IN_TIMEOUT
