"""Channels and threads: reading, editing, overwrites, typing."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Overwrite
from discord_emulator.permissions import Permission, base_permissions
from discord_emulator.rest.call import Call, Route, bits, snowflake
from discord_emulator.rest.errors import invalid_form, missing_permissions
from discord_emulator.rest.forms import ChannelForm, OverwriteForm
from discord_emulator.rest.guilds import read_overwrites
from discord_emulator.rest.threads import THREADS

__all__ = ["ROUTES"]

_UPDATE, _DELETE = 11, 12
_THREAD_UPDATE, _THREAD_DELETE = 111, 112
_OVERWRITE_CREATE, _OVERWRITE_UPDATE, _OVERWRITE_DELETE = 13, 14, 15
_EDITABLE: Final = (
    "name",
    "topic",
    "nsfw",
    "rate_limit_per_user",
    "position",
    "archived",
    "locked",
    "bitrate",
    "user_limit",
)


async def read(call: Call) -> dict[str, Any]:
    return payloads.channel_payload(call.channel(), call.world.user)


async def edit(call: Call) -> dict[str, Any]:
    channel = call.channel()
    is_thread = channel.type in THREADS
    call.require_in(channel, Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS)
    form = call.form(ChannelForm)
    name = form.get("name", channel.name)
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if len(form.get("topic") or "") > 1024:
        raise invalid_form("topic", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
    slow = form.get("rate_limit_per_user")
    if slow is not None and not 0 <= slow <= 21_600:
        message = "int value should be between 0 and 21600."
        raise invalid_form("rate_limit_per_user", "NUMBER_TYPE_MAX", message)
    changes: dict[str, Any] = {key: form[key] for key in _EDITABLE if form.get(key) is not None}
    if "topic" in form:
        changes["topic"] = form["topic"]
    if "rate_limit_per_user" in form and slow is None:
        changes["rate_limit_per_user"] = 0
    if form.get("auto_archive_duration") is not None:
        changes["auto_archive_minutes"] = form["auto_archive_duration"]
    if "parent_id" in form:
        changes["parent_id"] = snowflake(form["parent_id"], "parent_id") if form["parent_id"] else None
    if "permission_overwrites" in form:
        changes["overwrites"] = read_overwrites(form["permission_overwrites"])
    call.world.update_channel(channel, **changes)
    _audit(call, channel, _THREAD_UPDATE if is_thread else _UPDATE)
    return payloads.channel_payload(channel, call.world.user)


async def delete(call: Call) -> dict[str, Any]:
    channel = call.channel()
    if channel.guild_id is None:
        return payloads.channel_payload(channel, call.world.user)
    is_thread = channel.type in THREADS
    call.require_in(channel, Permission.MANAGE_THREADS if is_thread else Permission.MANAGE_CHANNELS)
    payload = payloads.channel_payload(channel, call.world.user)
    call.world.delete_channel(channel)
    _audit(call, channel, _THREAD_DELETE if is_thread else _DELETE)
    return payload


async def put_overwrite(call: Call) -> None:
    channel = call.channel(Permission.MANAGE_ROLES)
    form = call.form(OverwriteForm)
    overwrite_id = call.id("overwrite_id")
    overwrite = Overwrite(
        id=overwrite_id,
        type=form.get("type") or 0,
        allow=bits(form.get("allow"), "allow"),
        deny=bits(form.get("deny"), "deny"),
    )
    # Nobody hands out what they do not have, in the server or in the channel: who may write in the server can give that
    # back in a channel that is closed to everybody. https://discord.com/developers/docs/resources/channel
    guild = call.world.guilds.get(channel.guild_id or 0)
    held = call.permissions_in(channel) | (base_permissions(guild, call.me.id) if guild is not None else 0)
    if (overwrite.allow | overwrite.deny) & ~held:
        raise missing_permissions()
    known = any(standing.id == overwrite_id for standing in channel.overwrites)
    call.world.set_overwrite(channel, overwrite, overwrite_id)
    _audit(call, channel, _OVERWRITE_UPDATE if known else _OVERWRITE_CREATE)


async def delete_overwrite(call: Call) -> None:
    channel = call.channel(Permission.MANAGE_ROLES)
    call.world.set_overwrite(channel, None, call.id("overwrite_id"))
    _audit(call, channel, _OVERWRITE_DELETE)


async def typing(call: Call) -> None:
    call.world.typing(call.channel(Permission.SEND_MESSAGES), call.me.id)


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
)
