"""Servers themselves: reading, editing, their channels, bans and audit log."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Overwrite
from discord_emulator.permissions import Permission, top_position
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import invalid_form, missing_permissions, not_found

__all__ = ["ROUTES", "read_overwrites"]

_EDITABLE: Final = ("name", "description", "icon", "verification_level")
_BAN_ADD: Final = 22
_BAN_REMOVE: Final = 23
_CHANNEL_CREATE: Final = 10
_GUILD_UPDATE: Final = 1


async def read(call: Call) -> dict[str, Any]:
    return payloads.guild_payload(call.guild(), with_counts=call.query.get("with_counts", "").lower() == "true")


async def edit(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_GUILD)
    form = call.form()
    name = form.get("name", guild.name)
    if not isinstance(name, str) or not 2 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    call.world.update_guild(guild, **{key: form[key] for key in _EDITABLE if key in form})
    call.world.audit(guild, _GUILD_UPDATE, call.me.id, guild.id, call.reason)
    return payloads.guild_payload(guild)


async def list_channels(call: Call) -> list[dict[str, Any]]:
    return [payloads.channel_payload(channel, call.world.user) for channel in call.guild().channels.values()]


async def create_channel(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_CHANNELS)
    form = call.form()
    name = form.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    channel = call.world.create_channel(
        guild,
        name,
        type=form.get("type") or 0,
        topic=form.get("topic"),
        parent_id=snowflake(form["parent_id"], "parent_id") if form.get("parent_id") else None,
        nsfw=bool(form.get("nsfw")),
        rate_limit_per_user=form.get("rate_limit_per_user") or 0,
        overwrites=read_overwrites(form.get("permission_overwrites")),
    )
    call.world.audit(guild, _CHANNEL_CREATE, call.me.id, channel.id, call.reason)
    return payloads.channel_payload(channel, call.world.user)


def read_overwrites(raw: Any) -> list[Overwrite]:
    return [
        Overwrite(
            id=snowflake(item.get("id"), "permission_overwrites"),
            type=int(item.get("type") or 0),
            allow=int(item.get("allow") or 0),
            deny=int(item.get("deny") or 0),
        )
        for item in raw or ()
    ]


async def move_channels(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_CHANNELS)
    for item in call.body if isinstance(call.body, list) else ():
        channel = guild.channels.get(snowflake(item.get("id"), "id"))
        if channel is not None and item.get("position") is not None:
            call.world.update_channel(channel, position=int(item["position"]))


async def active_threads(call: Call) -> dict[str, Any]:
    threads = [t for t in call.guild().threads.values() if not t.archived]
    return {"threads": [payloads.channel_payload(t, call.world.user) for t in threads], "members": []}


async def list_bans(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    return [payloads.ban_payload(ban, call.world.user(ban.user_id)) for ban in guild.bans.values()]


async def read_ban(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    ban = guild.bans.get(call.id("user_id"))
    if ban is None:
        raise not_found("ban")
    return payloads.ban_payload(ban, call.world.user(ban.user_id))


async def ban(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    user_id = call.id("user_id")
    if user_id not in call.world.users:
        raise not_found("user")
    if user_id in guild.members and top_position(guild, call.me.id) <= top_position(guild, user_id):
        raise missing_permissions()
    call.world.ban(guild, user_id, call.reason)
    call.world.audit(guild, _BAN_ADD, call.me.id, user_id, call.reason)
    seconds = int(call.form().get("delete_message_seconds") or 0)
    if seconds:
        _delete_messages_of(call, guild.channels, user_id, seconds)


def _delete_messages_of(call: Call, channels: dict[int, Any], user_id: int, seconds: int) -> None:
    now = call.world.time()
    for channel in channels.values():
        gone = [
            message.id
            for message in call.world.history(channel.id)
            if message.author_id == user_id and (now - message.created_at).total_seconds() <= seconds
        ]
        if gone:
            call.world.bulk_delete(channel, gone)


async def unban(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    user_id = call.id("user_id")
    if user_id not in guild.bans:
        raise not_found("ban")
    call.world.unban(guild, user_id)
    call.world.audit(guild, _BAN_REMOVE, call.me.id, user_id, call.reason)


async def bulk_ban(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    banned: list[str] = []
    failed: list[str] = []
    for text in call.form().get("user_ids") or ():
        user_id = snowflake(text, "user_ids")
        outranked = top_position(guild, call.me.id) > top_position(guild, user_id)
        if user_id in call.world.users and (user_id not in guild.members or outranked):
            call.world.ban(guild, user_id, call.reason)
            call.world.audit(guild, _BAN_ADD, call.me.id, user_id, call.reason)
            banned.append(str(user_id))
        else:
            failed.append(str(user_id))
    return {"banned_users": banned, "failed_users": failed}


async def audit_log(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.VIEW_AUDIT_LOG)
    limit = min(int(call.query.get("limit", 50)), 100)
    wanted = call.query.get("action_type")
    entries = [e for e in reversed(guild.audit_log) if wanted is None or e.action_type == int(wanted)][:limit]
    users = {entry.user_id for entry in entries}
    return {
        "audit_log_entries": [payloads.audit_entry_payload(entry) for entry in entries],
        "users": [payloads.user_payload(call.world.user(user_id)) for user_id in users],
        "integrations": [],
        "webhooks": [],
        "guild_scheduled_events": [],
        "threads": [],
        "application_commands": [],
        "auto_moderation_rules": [],
    }


async def invites(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_GUILD)
    world = call.world
    return [
        payloads.invite_payload(i, guild, world.channels[i.channel_id], world.user(i.inviter_id))
        for i in world.invites.values()
        if i.guild_id == guild.id
    ]


ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}", read),
    Route("PATCH", "/guilds/{guild_id}", edit),
    Route("GET", "/guilds/{guild_id}/channels", list_channels),
    Route("POST", "/guilds/{guild_id}/channels", create_channel, created=201),
    Route("PATCH", "/guilds/{guild_id}/channels", move_channels),
    Route("GET", "/guilds/{guild_id}/threads/active", active_threads),
    Route("GET", "/guilds/{guild_id}/bans", list_bans),
    Route("GET", "/guilds/{guild_id}/bans/{user_id}", read_ban),
    Route("PUT", "/guilds/{guild_id}/bans/{user_id}", ban),
    Route("DELETE", "/guilds/{guild_id}/bans/{user_id}", unban),
    Route("POST", "/guilds/{guild_id}/bulk-ban", bulk_ban),
    Route("GET", "/guilds/{guild_id}/audit-logs", audit_log),
    Route("GET", "/guilds/{guild_id}/invites", invites),
)
