"""Threads: opening them, joining and leaving, and the lists of those that are archived.

Source: https://discord.com/developers/docs/topics/threads
"""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Guild
from discord_emulator.permissions import Permission
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.composing import compose
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import ThreadForm

__all__ = ["ROUTES", "THREADS"]

THREADS: Final = (10, 11, 12)
_FORUMS: Final = (15, 16)
_ANNOUNCEMENT, _PUBLIC, _PRIVATE = 10, 11, 12
_THREAD_CREATE: Final = 110
_ARCHIVE_MINUTES: Final = (60, 1440, 4320, 10080)
_HAS_THREAD: Final = 1 << 5


async def create(call: Call) -> dict[str, Any]:
    parent = call.channel(Permission.VIEW_CHANNEL)
    if parent.type in _FORUMS:
        return _forum_post(call, parent)
    kind = call.form(ThreadForm).get("type") or _PRIVATE
    if kind not in THREADS:
        raise invalid_form("type", "BASE_TYPE_CHOICES", f"Value must be one of {THREADS}.")
    call.require_in(parent, Permission.CREATE_PRIVATE_THREADS if kind == _PRIVATE else Permission.CREATE_THREADS)
    return payloads.channel_payload(_open(call, parent, kind, None), call.world.user)


async def create_from_message(call: Call) -> dict[str, Any]:
    parent = call.channel(Permission.CREATE_THREADS)
    message = call.message(parent)
    if message.id in call.world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = _open(call, parent, _ANNOUNCEMENT if parent.type == 5 else _PUBLIC, message.id)
    call.world.edit_message(message, flags=message.flags | _HAS_THREAD)
    return payloads.channel_payload(thread, call.world.user)


def _forum_post(call: Call, parent: Channel) -> dict[str, Any]:
    call.require_in(parent, Permission.SEND_MESSAGES)
    form = call.form(ThreadForm)
    if not form.get("message"):
        raise invalid_form("message", "BASE_TYPE_REQUIRED", "This field is required")
    fields = compose(call, parent, form["message"])
    thread = _open(call, parent, _PUBLIC, None)
    message = call.world.create_message(thread, call.me.id, fields.pop("content", ""), **fields)
    payload = payloads.channel_payload(thread, call.world.user)
    return {**payload, "message": call.world.message_data(message, viewer_id=call.me.id)}


def _open(call: Call, parent: Channel, kind: int, message_id: int | None) -> Channel:
    guild = call.guild_of(parent)
    form = call.form(ThreadForm)
    if not 1 <= len(form.get("name") or "") <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    minutes = form.get("auto_archive_duration") or 1440
    if minutes not in _ARCHIVE_MINUTES:
        raise invalid_form("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {_ARCHIVE_MINUTES}.")
    thread = call.world.create_thread(
        guild, parent, form["name"], call.me.id, thread_id=message_id, type=kind, auto_archive_minutes=minutes
    )
    call.world.audit(guild, _THREAD_CREATE, call.me.id, thread.id, call.reason)
    return thread


async def members(call: Call) -> list[dict[str, Any]]:
    thread = _thread(call)
    return [_member(call, thread, user_id) for user_id in thread.thread_members]


async def member(call: Call) -> dict[str, Any]:
    thread, user_id = _thread(call), _user_id(call)
    if user_id not in thread.thread_members:
        raise not_found("member")
    return _member(call, thread, user_id)


async def join(call: Call) -> None:
    thread, user_id = _thread(call), _user_id(call)
    if user_id not in call.guild_of(thread).members:
        raise not_found("member")
    if user_id not in thread.thread_members:
        thread.thread_members[user_id] = call.world.time()
        if thread.type == _PRIVATE:
            # Until now they did not know of it.
            data = payloads.channel_payload(thread, call.world.user)
            receivers = frozenset({user_id})
            call.world.publish("THREAD_CREATE", data, guild_id=thread.guild_id, user_ids=receivers)
        _announce(call, thread, {"added_members": [_member(call, thread, user_id)]})


async def leave(call: Call) -> None:
    thread, user_id = _thread(call), _user_id(call)
    if user_id != call.me.id and thread.owner_id != call.me.id:
        call.require_in(thread, Permission.MANAGE_THREADS)
    if thread.thread_members.pop(user_id, None) is not None:
        _announce(call, thread, {"removed_member_ids": [str(user_id)]})


async def archived_public(call: Call) -> dict[str, Any]:
    return _archived(call, (_ANNOUNCEMENT, _PUBLIC))


async def archived_private(call: Call) -> dict[str, Any]:
    call.channel(Permission.MANAGE_THREADS)
    return _archived(call, (_PRIVATE,))


async def archived_joined(call: Call) -> dict[str, Any]:
    return _archived(call, (_PRIVATE,), joined_by=call.me.id)


async def active(call: Call) -> dict[str, Any]:
    guild = call.guild()
    seen = [t for t in guild.threads.values() if not t.archived and call.permissions_in(t) & Permission.VIEW_CHANNEL]
    return _listed(call, seen, has_more=False)


def _archived(call: Call, kinds: tuple[int, ...], joined_by: int | None = None) -> dict[str, Any]:
    parent = call.channel(Permission.READ_HISTORY)
    limit = call.number("limit", 50, 2, 100)
    found = [
        thread
        for thread in call.guild_of(parent).threads.values()
        if thread.parent_id == parent.id
        and thread.archived
        and thread.type in kinds
        and (joined_by is None or joined_by in thread.thread_members)
    ]
    found.sort(key=lambda thread: thread.id, reverse=True)
    return _listed(call, found[:limit], has_more=len(found) > limit)


def _listed(call: Call, threads: list[Channel], *, has_more: bool) -> dict[str, Any]:
    return {
        "threads": [payloads.channel_payload(thread, call.world.user) for thread in threads],
        "members": [_member(call, t, call.me.id) for t in threads if call.me.id in t.thread_members],
        "has_more": has_more,
    }


def _thread(call: Call) -> Channel:
    thread = call.channel()
    if thread.type not in THREADS:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return thread


def _user_id(call: Call) -> int:
    text = call.parameters.get("user_id", "@me")
    return call.me.id if text == "@me" else snowflake(text, "user_id")


def _member(call: Call, thread: Channel, user_id: int) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "id": str(thread.id),
        "user_id": str(user_id),
        "join_timestamp": payloads.timestamp(thread.thread_members[user_id]),
        "flags": 0,
    }
    guild: Guild = call.guild_of(thread)
    if call.flag("with_member") and user_id in guild.members:
        payload["member"] = payloads.member_payload(guild.members[user_id], call.world.user(user_id))
    return payload


def _announce(call: Call, thread: Channel, change: dict[str, Any]) -> None:
    data = {"id": str(thread.id), "guild_id": str(thread.guild_id), "member_count": len(thread.thread_members)}
    call.world.publish("THREAD_MEMBERS_UPDATE", {**data, **change}, guild_id=thread.guild_id, channel_id=thread.id)


_CHANNEL: Final = "/channels/{channel_id}"

ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}/threads/active", active),
    Route("POST", _CHANNEL + "/threads", create, created=201),
    Route("POST", _CHANNEL + "/messages/{message_id}/threads", create_from_message, created=201),
    Route("GET", _CHANNEL + "/threads/archived/public", archived_public),
    Route("GET", _CHANNEL + "/threads/archived/private", archived_private),
    Route("GET", _CHANNEL + "/users/@me/threads/archived/private", archived_joined),
    Route("GET", _CHANNEL + "/thread-members", members),
    Route("PUT", _CHANNEL + "/thread-members/@me", join),
    Route("DELETE", _CHANNEL + "/thread-members/@me", leave),
    Route("GET", _CHANNEL + "/thread-members/{user_id}", member),
    Route("PUT", _CHANNEL + "/thread-members/{user_id}", join),
    Route("DELETE", _CHANNEL + "/thread-members/{user_id}", leave),
)
