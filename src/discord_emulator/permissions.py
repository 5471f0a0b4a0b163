"""Permissions as Discord computes them: roles first, then the channel's overwrites.

Source: https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from datetime import datetime
from typing import Final

from discord_emulator.entities import Channel, Guild

__all__ = [
    "ALL",
    "Permission",
    "base_permissions",
    "channel_permissions",
    "top_position",
]


class Permission:
    """The bits that this server checks."""

    CREATE_INVITE: Final = 1 << 0
    KICK_MEMBERS: Final = 1 << 1
    BAN_MEMBERS: Final = 1 << 2
    ADMINISTRATOR: Final = 1 << 3
    MANAGE_CHANNELS: Final = 1 << 4
    MANAGE_GUILD: Final = 1 << 5
    ADD_REACTIONS: Final = 1 << 6
    VIEW_AUDIT_LOG: Final = 1 << 7
    VIEW_CHANNEL: Final = 1 << 10
    SEND_MESSAGES: Final = 1 << 11
    MANAGE_MESSAGES: Final = 1 << 13
    EMBED_LINKS: Final = 1 << 14
    ATTACH_FILES: Final = 1 << 15
    READ_HISTORY: Final = 1 << 16
    MENTION_EVERYONE: Final = 1 << 17
    MUTE_MEMBERS: Final = 1 << 22
    DEAFEN_MEMBERS: Final = 1 << 23
    MANAGE_NICKNAMES: Final = 1 << 27
    CHANGE_NICKNAME: Final = 1 << 26
    MANAGE_ROLES: Final = 1 << 28
    MANAGE_WEBHOOKS: Final = 1 << 29
    USE_COMMANDS: Final = 1 << 31
    MANAGE_THREADS: Final = 1 << 34
    CREATE_THREADS: Final = 1 << 35
    CREATE_PRIVATE_THREADS: Final = 1 << 36
    SEND_IN_THREADS: Final = 1 << 38
    MODERATE_MEMBERS: Final = 1 << 40


ALL: Final = (1 << 53) - 1
_PRIVATE_THREAD: Final = 12
_IN_TIMEOUT: Final = Permission.VIEW_CHANNEL | Permission.READ_HISTORY


def base_permissions(guild: Guild, user_id: int) -> int:
    """What the member's roles give in the server; 0 for strangers."""
    if user_id == guild.owner_id:
        return ALL
    member = guild.members.get(user_id)
    if member is None:
        return 0
    permissions = guild.roles[guild.id].permissions
    for role_id in member.roles:
        role = guild.roles.get(role_id)
        if role is not None:
            permissions |= role.permissions
    return ALL if permissions & Permission.ADMINISTRATOR else permissions


def channel_permissions(guild: Guild, channel: Channel, user_id: int, now: datetime) -> int:
    """What the member may do in the channel: @everyone's overwrite, then the roles' together, then their own.

    A thread takes its parent's overwrites, and a private one shows itself only to those in it and to those who manage
    threads. A member in timeout can only look on.
    """
    permissions = base_permissions(guild, user_id)
    member = guild.members.get(user_id)
    if permissions == ALL or member is None:
        return permissions
    source = guild.channels.get(channel.parent_id or 0, channel) if channel.type in (10, 11, 12) else channel
    overwrites = {overwrite.id: overwrite for overwrite in source.overwrites}
    everyone = overwrites.get(guild.id)
    if everyone is not None:
        permissions = permissions & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in member.roles:
        overwrite = overwrites.get(role_id)
        if overwrite is not None:
            allow |= overwrite.allow
            deny |= overwrite.deny
    permissions = permissions & ~deny | allow
    own = overwrites.get(user_id)
    if own is not None:
        permissions = permissions & ~own.deny | own.allow
    if not permissions & Permission.VIEW_CHANNEL:
        return 0
    is_outside = channel.type == _PRIVATE_THREAD and user_id not in channel.thread_members
    if is_outside and not permissions & Permission.MANAGE_THREADS:
        return 0
    if member.timeout_until is not None and member.timeout_until > now:
        permissions &= _IN_TIMEOUT
    return permissions


def top_position(guild: Guild, user_id: int) -> int:
    """The position of the member's highest role; owners stand above every role."""
    if user_id == guild.owner_id:
        return 1 << 30
    member = guild.members.get(user_id)
    roles = [guild.roles[role_id] for role_id in (member.roles if member else []) if role_id in guild.roles]
    return max((role.position for role in roles), default=0)
