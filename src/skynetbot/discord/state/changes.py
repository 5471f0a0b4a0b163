"""What each dispatch changes in a guild: pure functions from the packed guild and a typed payload to the next one."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from skynetbot.discord.state.members import MemberTable
from skynetbot.discord.state.packed import (
    GuildHead,
    PackedGuild,
    pack_channels,
    pack_head,
    pack_roles,
    unpack_channels,
    unpack_roles,
)
from skynetbot.discord.state.payloads import (
    ChannelPayload,
    ChannelRef,
    GuildPayload,
    MemberGone,
    MemberPayload,
    MessagePayload,
    PartialMember,
    Role,
    RoleChange,
    RoleGone,
    ThreadList,
    bits,
)
from skynetbot.discord.state.views import FEATURES, ChannelView, MemberView, OverwriteView, RoleView

__all__ = ["CHANGES", "created", "message_author", "updated"]


def created(payload: GuildPayload) -> PackedGuild:
    """GUILD_CREATE, which says everything anew: what was kept of the guild before may have changed meanwhile."""
    members = MemberTable.pack(_member(member, member.user.id, None) for member in payload.members)
    count = payload.member_count
    return PackedGuild(
        head=pack_head(_head(payload)),
        roles=_roles(payload.roles or ()),
        channels=_channels(map(_channel, payload.channels)),
        threads=_channels(_channel(thread) for thread in payload.threads if not _archived(thread)),
        members=members,
        member_count=count if count is not None else len(payload.members),
    )


def updated(guild: PackedGuild, payload: GuildPayload) -> PackedGuild:
    """GUILD_UPDATE, which has the guild and its roles, but neither channels nor a member count."""
    roles = _roles(payload.roles) if payload.roles is not None else guild.roles
    return replace(guild, head=pack_head(_head(payload)), roles=roles)


def _channel_set(guild: PackedGuild, payload: ChannelPayload) -> PackedGuild:
    channels = unpack_channels(guild.channels)
    channels[payload.id] = _channel(payload)
    return replace(guild, channels=_channels(channels.values()))


def _channel_deleted(guild: PackedGuild, payload: ChannelRef) -> PackedGuild:
    channels = unpack_channels(guild.channels)
    threads = unpack_channels(guild.threads)
    # Its threads go with it, and Discord does not name them one by one.
    left = [thread for thread in threads.values() if thread.parent_id != payload.id]
    if channels.pop(payload.id, None) is not None:
        guild = replace(guild, channels=_channels(channels.values()))
    return replace(guild, threads=_channels(left)) if len(left) < len(threads) else guild


def _thread_set(guild: PackedGuild, payload: ChannelPayload) -> PackedGuild:
    if _archived(payload):
        return _thread_gone(guild, payload.id)
    threads = unpack_channels(guild.threads)
    threads[payload.id] = _channel(payload)
    return replace(guild, threads=_channels(threads.values()))


def _thread_deleted(guild: PackedGuild, payload: ChannelRef) -> PackedGuild:
    return _thread_gone(guild, payload.id)


def _threads_listed(guild: PackedGuild, payload: ThreadList) -> PackedGuild:
    parents = None if payload.channel_ids is None else frozenset(payload.channel_ids)
    threads = {
        thread.id: thread
        for thread in unpack_channels(guild.threads).values()
        if parents is not None and thread.parent_id not in parents
    }
    threads.update((thread.id, _channel(thread)) for thread in payload.threads if not _archived(thread))
    return replace(guild, threads=_channels(threads.values()))


def _role_set(guild: PackedGuild, payload: RoleChange) -> PackedGuild:
    roles = unpack_roles(guild.roles)
    roles[payload.role.id] = _role(payload.role)
    return replace(guild, roles=_pack_sorted_roles(roles.values()))


def _role_deleted(guild: PackedGuild, payload: RoleGone) -> PackedGuild:
    roles = unpack_roles(guild.roles)
    if roles.pop(payload.role_id, None) is not None:
        guild = replace(guild, roles=_pack_sorted_roles(roles.values()))
    # No GUILD_MEMBER_UPDATE comes for those who had it.
    return replace(guild, members=MemberTable(guild.members).without_role(payload.role_id))


def _member_joined(guild: PackedGuild, payload: MemberPayload) -> PackedGuild:
    member = _member(payload, payload.user.id, None)
    members = MemberTable(guild.members).with_member(member)
    return replace(guild, members=members, member_count=guild.member_count + 1)


def _member_updated(guild: PackedGuild, payload: MemberPayload) -> PackedGuild:
    table = MemberTable(guild.members)
    known = table.find(payload.user.id)
    member = _member(payload, payload.user.id, known)
    return guild if member == known else replace(guild, members=table.with_member(member))


def _member_left(guild: PackedGuild, payload: MemberGone) -> PackedGuild:
    members = MemberTable(guild.members).without_member(payload.user.id)
    return replace(guild, members=members, member_count=max(0, guild.member_count - 1))


def message_author(guild: PackedGuild, payload: MessagePayload) -> PackedGuild:
    """MESSAGE_CREATE has the author's member data, except for webhooks, which are nobody's."""
    if payload.member is None or payload.webhook_id is not None:
        return guild
    table = MemberTable(guild.members)
    known = table.find(payload.author.id)
    member = _member(payload.member, payload.author.id, known)
    return guild if member == known else replace(guild, members=table.with_member(member))


CHANGES: Final[dict[str, tuple[type[Any], Callable[[PackedGuild, Any], PackedGuild]]]] = {
    "CHANNEL_CREATE": (ChannelPayload, _channel_set),
    "CHANNEL_UPDATE": (ChannelPayload, _channel_set),
    "CHANNEL_DELETE": (ChannelRef, _channel_deleted),
    "THREAD_CREATE": (ChannelPayload, _thread_set),
    "THREAD_UPDATE": (ChannelPayload, _thread_set),
    "THREAD_DELETE": (ChannelRef, _thread_deleted),
    "THREAD_LIST_SYNC": (ThreadList, _threads_listed),
    "GUILD_ROLE_CREATE": (RoleChange, _role_set),
    "GUILD_ROLE_UPDATE": (RoleChange, _role_set),
    "GUILD_ROLE_DELETE": (RoleGone, _role_deleted),
    "GUILD_MEMBER_ADD": (MemberPayload, _member_joined),
    "GUILD_MEMBER_UPDATE": (MemberPayload, _member_updated),
    "GUILD_MEMBER_REMOVE": (MemberGone, _member_left),
}
"""By event: the form of its payload, which has a ``guild_id``, and what it changes in that guild."""


def _head(payload: GuildPayload) -> GuildHead:
    has = frozenset(payload.features)
    features = sum(1 << bit for bit, name in enumerate(FEATURES) if name in has)
    return GuildHead(payload.name, payload.icon, payload.owner_id, features, payload.system_channel_id)


def _channel(payload: ChannelPayload) -> ChannelView:
    return ChannelView(
        id=payload.id,
        type=payload.type,
        name=payload.name or "",
        position=payload.position or 0,
        parent_id=payload.parent_id,
        nsfw=bool(payload.nsfw),
        slow_mode_s=payload.rate_limit_per_user or 0,
        overwrites=tuple(
            OverwriteView(overwrite.id, overwrite.type, bits(overwrite.allow), bits(overwrite.deny))
            for overwrite in payload.permission_overwrites or ()
        ),
    )


def _channels(channels: Iterable[ChannelView]) -> bytes:
    return pack_channels(sorted(channels, key=lambda channel: channel.id))


def _archived(thread: ChannelPayload) -> bool:
    return thread.thread_metadata is not None and bool(thread.thread_metadata.archived)


def _thread_gone(guild: PackedGuild, thread_id: int) -> PackedGuild:
    threads = unpack_channels(guild.threads)
    if threads.pop(thread_id, None) is None:
        return guild
    return replace(guild, threads=_channels(threads.values()))


def _role(payload: Role) -> RoleView:
    return RoleView(
        id=payload.id,
        name=payload.name,
        position=payload.position,
        permissions=bits(payload.permissions),
        color=payload.color,
        managed=payload.managed,
    )


def _roles(roles: Iterable[Role]) -> bytes:
    return _pack_sorted_roles({role.id: _role(role) for role in roles}.values())


def _pack_sorted_roles(roles: Iterable[RoleView]) -> bytes:
    return pack_roles(sorted(roles, key=lambda role: role.id))


def _member(payload: PartialMember, user_id: int, known: MemberView | None) -> MemberView:
    """``known`` fills in what a partial payload leaves out."""
    joined = _seconds(payload.joined_at)
    until = payload.communication_disabled_until
    if isinstance(until, msgspec.UnsetType):
        timeout_until = known.timeout_until if known is not None else None
    else:
        timeout_until = _seconds(until)
    return MemberView(
        id=user_id,
        roles=tuple(sorted(set(payload.roles))),
        joined_at=int(joined) if joined is not None else known.joined_at if known is not None else None,
        timeout_until=timeout_until,
    )


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None
