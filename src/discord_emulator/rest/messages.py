"""Messages: reading, posting, editing, deleting, pinning."""

from typing import Any, Final

from discord_emulator.entities import Channel, Message
from discord_emulator.permissions import Permission
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.composing import compose, edit_fields, nonce_twin
from discord_emulator.rest.errors import ApiError, forbidden, invalid_form, missing_permissions
from discord_emulator.rest.forms import BulkDelete, MessageForm
from discord_emulator.rest.threads import THREADS

__all__ = ["ROUTES"]

_MAX_AGE_BULK_S: Final = 14 * 86_400
_MESSAGE_DELETE: Final = 72
_BULK_DELETE, _PIN, _UNPIN = 73, 74, 75
_MAX_PINS: Final = 50
_SUPPRESS_EMBEDS: Final = 1 << 2


async def list_messages(call: Call) -> list[dict[str, Any]]:
    channel = call.channel(Permission.READ_HISTORY)
    query = call.query
    limit = call.number("limit", 50, 1, 100)
    seen = [message for message in call.world.history(channel.id) if _visible(call, message)]
    if "around" in query:
        around = snowflake(query["around"], "around")
        newer = [m for m in seen if m.id >= around][-(limit // 2 + 1) :]
        older = [m for m in seen if m.id < around][: limit - len(newer)]
        chosen = newer + older
    elif "after" in query:
        after = snowflake(query["after"], "after")
        chosen = [m for m in seen if m.id > after][-limit:]
    else:
        before = snowflake(query["before"], "before") if "before" in query else 1 << 63
        chosen = [m for m in seen if m.id < before][:limit]
    return [_payload(call, message) for message in chosen]


async def read(call: Call) -> dict[str, Any]:
    return _payload(call, call.message(call.channel(Permission.READ_HISTORY)))


async def create(call: Call) -> dict[str, Any]:
    channel = call.channel()
    needed = Permission.SEND_IN_THREADS if channel.type in THREADS else Permission.SEND_MESSAGES
    call.require_in(channel, needed)
    form = call.form(MessageForm)
    _refuse_too_soon(call, channel)
    twin = nonce_twin(call, channel, form)
    if twin is not None:
        return _payload(call, twin)
    fields = compose(call, channel, form)
    if call.files and not call.permissions_in(channel) & Permission.ATTACH_FILES:
        raise missing_permissions()
    if channel.archived:
        if channel.locked and not call.permissions_in(channel) & Permission.MANAGE_THREADS:
            raise ApiError(400, 50083, "Thread is archived")
        call.world.update_channel(channel, archived=False)
    if fields["mention_everyone"] and not call.permissions_in(channel) & Permission.MENTION_EVERYONE:
        fields["mention_everyone"] = False
    message = call.world.create_message(channel, call.me.id, fields.pop("content", ""), **fields)
    return _payload(call, message)


def _refuse_too_soon(call: Call, channel: Channel) -> None:
    """Slow mode, which does not bind those who manage the channel. Raises ApiError 20016 with the wait."""
    free = Permission.MANAGE_MESSAGES | Permission.MANAGE_CHANNELS
    if not channel.rate_limit_per_user or channel.guild_id is None or call.permissions_in(channel) & free:
        return
    now = call.world.time()
    for message in call.world.history(channel.id):
        waited_s = (now - message.created_at).total_seconds()
        if waited_s >= channel.rate_limit_per_user:
            return
        if message.author_id == call.me.id:
            wait_s = round(channel.rate_limit_per_user - waited_s, 3)
            text = "This action cannot be performed due to slowmode rate limit."
            raise ApiError(429, 20016, text, extra={"retry_after": wait_s, "global": False})


async def edit(call: Call) -> dict[str, Any]:
    channel = call.channel()
    message = call.message(channel)
    form = call.form(MessageForm)
    if message.author_id != call.me.id:
        if set(form) == {"flags"} and call.permissions_in(channel) & Permission.MANAGE_MESSAGES:
            call.world.edit_message(message, flags=_with_suppressed(message, form["flags"] or 0))
            return _payload(call, message)
        raise forbidden(50005, "Cannot edit a message authored by another user")
    fields = edit_fields(call, form, channel=channel, standing=message)
    if form.get("flags") is not None:
        fields["flags"] = _with_suppressed(message, form["flags"])
    call.world.edit_message(message, edited_at=call.world.time(), **fields)
    return _payload(call, message)


def _with_suppressed(message: Message, wanted: int) -> int:
    """The message's flags, with the only one that an edit can change."""
    return message.flags & ~_SUPPRESS_EMBEDS | wanted & _SUPPRESS_EMBEDS


async def delete(call: Call) -> None:
    channel = call.channel()
    message = call.message(channel)
    if message.author_id != call.me.id:
        if not call.permissions_in(channel) & Permission.MANAGE_MESSAGES:
            raise missing_permissions()
        guild = call.world.guilds.get(channel.guild_id or 0)
        if guild is not None:
            call.world.audit(guild, _MESSAGE_DELETE, call.me.id, message.author_id, call.reason)
    call.world.delete_message(message)


async def bulk_delete(call: Call) -> None:
    channel = call.channel(Permission.MANAGE_MESSAGES)
    ids = [snowflake(text, "messages") for text in call.form(BulkDelete).get("messages") or ()]
    if not 2 <= len(ids) <= 100:
        raise invalid_form("messages", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    now = call.world.time()
    for message_id in ids:
        message = call.world.message(channel.id, message_id)
        if message is not None and (now - message.created_at).total_seconds() > _MAX_AGE_BULK_S:
            raise ApiError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    call.world.bulk_delete(channel, ids)
    call.world.audit(call.guild_of(channel), _BULK_DELETE, call.me.id, channel.id, call.reason)


async def crosspost(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.SEND_MESSAGES)
    message = call.message(channel)
    if channel.type != 5:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    call.world.edit_message(message, flags=message.flags | 1)
    return _payload(call, message)


async def pins(call: Call) -> list[dict[str, Any]]:
    channel = call.channel(Permission.READ_HISTORY)
    return [_payload(call, message) for message in _pinned(call, channel)]


async def pins_paged(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.READ_HISTORY)
    items = [
        {"pinned_at": message.created_at.isoformat(), "message": _payload(call, message)}
        for message in _pinned(call, channel)
    ]
    return {"items": items, "has_more": False}


async def pin(call: Call) -> None:
    channel, message = _to_pin(call)
    if len(channel.pins) >= _MAX_PINS and message.id not in channel.pins:
        raise ApiError(400, 30003, f"Maximum number of pinned messages reached ({_MAX_PINS})")
    call.world.set_pinned(channel, message, True)
    _audit(call, channel, _PIN, message)


async def unpin(call: Call) -> None:
    channel, message = _to_pin(call)
    call.world.set_pinned(channel, message, False)
    _audit(call, channel, _UNPIN, message)


def _to_pin(call: Call) -> tuple[Channel, Message]:
    channel = call.channel(Permission.MANAGE_MESSAGES)
    return channel, call.message(channel)


def _audit(call: Call, channel: Channel, action: int, message: Message) -> None:
    guild = call.world.guilds.get(channel.guild_id or 0)
    if guild is not None:
        call.world.audit(guild, action, call.me.id, message.author_id, call.reason)


def _pinned(call: Call, channel: Channel) -> list[Message]:
    found = (call.world.message(channel.id, message_id) for message_id in channel.pins)
    return [message for message in found if message is not None]


def _visible(call: Call, message: Message) -> bool:
    if not message.flags & (1 << 6) or message.interaction is None:
        return True
    return int(message.interaction["user"]["id"]) == call.me.id


def _payload(call: Call, message: Message) -> dict[str, Any]:
    return call.world.message_data(message, viewer_id=call.me.id)


_MESSAGES: Final = "/channels/{channel_id}/messages"

ROUTES: Final = (
    Route("GET", "/channels/{channel_id}/messages/pins", pins_paged),
    Route("PUT", "/channels/{channel_id}/messages/pins/{message_id}", pin),
    Route("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", unpin),
    Route("GET", "/channels/{channel_id}/pins", pins),
    Route("PUT", "/channels/{channel_id}/pins/{message_id}", pin),
    Route("DELETE", "/channels/{channel_id}/pins/{message_id}", unpin),
    Route("GET", _MESSAGES, list_messages),
    Route("POST", _MESSAGES, create),
    Route("POST", _MESSAGES + "/bulk-delete", bulk_delete),
    Route("GET", _MESSAGES + "/{message_id}", read),
    Route("PATCH", _MESSAGES + "/{message_id}", edit),
    Route("DELETE", _MESSAGES + "/{message_id}", delete),
    Route("POST", _MESSAGES + "/{message_id}/crosspost", crosspost),
)
