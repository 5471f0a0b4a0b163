"""Channels and threads: reading, editing, overwrites, typing, invites."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Guild, Overwrite
from discord_emulator.permissions import Permission
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.guilds import read_overwrites

__all__ = ["ROUTES"]

_UPDATE, _DELETE = 11, 12
_THREADS: Final = (10, 11, 12)
_EDITABLE: Final = ("name", "topic", "nsfw", "rate_limit_per_user", "position", "archived", "locked")


async def read(call: Call) -> dict[str, Any]:
    return payloads.channel_payload(call.channel(), call.world.user)


async def edit(call: Call) -> dict[str, Any]:
    channel = call.channel()
    is_thread = channel.type in _THREADS
    call.require_in(channel, Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS)
    form = call.form()
    slow = form.get("rate_limit_per_user")
    if slow is not None and not 0 <= slow <= 21_600:
        message = "int value should be between 0 and 21600."
        raise invalid_form("rate_limit_per_user", "NUMBER_TYPE_MAX", message)
    changes: dict[str, Any] = {key: form[key] for key in _EDITABLE if key in form}
    if changes.get("rate_limit_per_user", 0) is None:
        changes["rate_limit_per_user"] = 0
    if "parent_id" in form:
        changes["parent_id"] = snowflake(form["parent_id"], "parent_id") if form["parent_id"] else None
    if "permission_overwrites" in form:
        changes["overwrites"] = read_overwrites(form["permission_overwrites"])
    call.world.update_channel(channel, **changes)
    _audit(call, channel, _UPDATE)
    return payloads.channel_payload(channel, call.world.user)


async def delete(call: Call) -> dict[str, Any]:
    channel = call.channel()
    if channel.guild_id is None:
        return payloads.channel_payload(channel, call.world.user)
    is_thread = channel.type in _THREADS
    call.require_in(channel, Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS)
    payload = payloads.channel_payload(channel, call.world.user)
    call.world.delete_channel(channel)
    _audit(call, channel, _DELETE)
    return payload


async def put_overwrite(call: Call) -> None:
    channel = call.channel(Permission.MANAGE_ROLES)
    form = call.form()
    overwrite_id = call.id("overwrite_id")
    overwrite = Overwrite(
        id=overwrite_id,
        type=int(form.get("type") or 0),
        allow=int(form.get("allow") or 0),
        deny=int(form.get("deny") or 0),
    )
    call.world.set_overwrite(channel, overwrite, overwrite_id)


async def delete_overwrite(call: Call) -> None:
    call.world.set_overwrite(call.channel(Permission.MANAGE_ROLES), None, call.id("overwrite_id"))


async def typing(call: Call) -> None:
    call.world.typing(call.channel(Permission.SEND_MESSAGES), call.me.id)


async def list_invites(call: Call) -> list[dict[str, Any]]:
    channel = call.channel(Permission.MANAGE_CHANNELS)
    world, guild = call.world, _guild_of(call, channel)
    return [
        payloads.invite_payload(i, guild, channel, world.user(i.inviter_id))
        for i in world.invites.values()
        if i.channel_id == channel.id
    ]


async def create_invite(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.CREATE_INVITE)
    guild = _guild_of(call, channel)
    form = call.form()
    fields = {key: form[key] for key in ("max_age", "max_uses", "temporary") if form.get(key) is not None}
    invite = call.world.create_invite(channel, call.me.id, **fields)
    return payloads.invite_payload(invite, guild, channel, call.me)


async def read_invite(call: Call) -> dict[str, Any]:
    world = call.world
    invite = world.invites.get(call.parameters["code"])
    if invite is None:
        raise not_found("invite")
    guild, channel = world.guilds[invite.guild_id], world.channels[invite.channel_id]
    return payloads.invite_payload(invite, guild, channel, world.user(invite.inviter_id))


async def create_thread(call: Call) -> dict[str, Any]:
    return _thread(call, None)


async def create_thread_from_message(call: Call) -> dict[str, Any]:
    return _thread(call, call.id("message_id"))


def _thread(call: Call, message_id: int | None) -> dict[str, Any]:
    parent = call.channel(Permission.CREATE_THREADS)
    guild = _guild_of(call, parent)
    form = call.form()
    name = form.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if message_id is not None:
        call.message(parent)
        if message_id in guild.threads:
            raise ApiError(400, 160004, "A thread has already been created for this message")
    kind = form.get("type") or (11 if message_id is not None else 12)
    thread = call.world.create_thread(guild, parent, name, call.me.id, thread_id=message_id, type=kind)
    return payloads.channel_payload(thread, call.world.user)


def _guild_of(call: Call, channel: Channel) -> Guild:
    guild = call.world.guilds.get(channel.guild_id or 0)
    if guild is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return guild


def _audit(call: Call, channel: Channel, action: int) -> None:
    guild = call.world.guilds.get(channel.guild_id or 0)
    if guild is not None:
        call.world.audit(guild, action, call.me.id, channel.id, call.reason)


_CHANNEL: Final = "/channels/{channel_id}"

ROUTES: Final = (
    Route("GET", _CHANNEL, read),
    Route("PATCH", _CHANNEL, edit),
    Route("DELETE", _CHANNEL, delete),
    Route("PUT", _CHANNEL + "/permissions/{overwrite_id}", put_overwrite),
    Route("DELETE", _CHANNEL + "/permissions/{overwrite_id}", delete_overwrite),
    Route("POST", _CHANNEL + "/typing", typing),
    Route("GET", _CHANNEL + "/invites", list_invites),
    Route("POST", _CHANNEL + "/invites", create_invite),
    Route("GET", "/invites/{code}", read_invite, login=False),
    Route("POST", _CHANNEL + "/threads", create_thread, created=201),
    Route("POST", _CHANNEL + "/messages/{message_id}/threads", create_thread_from_message, created=201),
)
