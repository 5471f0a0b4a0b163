"""Servers themselves: reading, editing, their channels, bans and audit log."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Overwrite
from discord_emulator.permissions import Permission, top_position
from discord_emulator.rest.call import Call, Route, bits, snowflake
from discord_emulator.rest.errors import ApiError, invalid_form, missing_permissions, not_found
from discord_emulator.rest.forms import Ban, BulkBan, ChannelForm, GuildForm, Moved

__all__ = ["ROUTES", "read_overwrites"]

_EDITABLE: Final = ("name", "description", "icon", "verification_level")
_BAN_ADD: Final = 22
_BAN_REMOVE: Final = 23
_CHANNEL_CREATE: Final = 10
_GUILD_UPDATE: Final = 1
_CREATABLE: Final = (0, 2, 4, 5, 13, 14, 15, 16)
_MAX_CHANNELS: Final = 500
_MAX_DELETE_S: Final = 604_800
_MAX_BULK_BAN: Final = 200
_LAST: Final = (1 << 63) - 1
_PREVIEW: Final = (
    "id",
    "name",
    "icon",
    "description",
    "home_header",
    "splash",
    "discovery_splash",
    "features",
    "approximate_member_count",
    "approximate_presence_count",
    "emojis",
    "stickers",
)


async def read(call: Call) -> dict[str, Any]:
    return payloads.guild_payload(call.guild(), with_counts=call.flag("with_counts"))


async def edit(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_GUILD)
    form = call.form(GuildForm)
    name = form.get("name", guild.name)
    if not isinstance(name, str) or not 2 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    changes: dict[str, Any] = {key: form[key] for key in _EDITABLE if key in form}
    if changes.get("verification_level", 0) is None:
        changes["verification_level"] = 0
    if "system_channel_id" in form:
        channel_id = form["system_channel_id"]
        changes["system_channel_id"] = snowflake(channel_id, "system_channel_id") if channel_id else None
    call.world.update_guild(guild, **changes)
    call.world.audit(guild, _GUILD_UPDATE, call.me.id, guild.id, call.reason)
    return payloads.guild_payload(guild)


async def list_channels(call: Call) -> list[dict[str, Any]]:
    return [payloads.channel_payload(channel, call.world.user) for channel in call.guild().channels.values()]


async def create_channel(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_CHANNELS)
    form = call.form(ChannelForm)
    name = form.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    kind = form.get("type") or 0
    if kind not in _CREATABLE:
        raise invalid_form("type", "BASE_TYPE_CHOICES", f"Value must be one of {_CREATABLE}.")
    if len(guild.channels) >= _MAX_CHANNELS:
        raise ApiError(400, 30013, f"Maximum number of guild channels reached ({_MAX_CHANNELS})")
    if kind == 0:
        name = name.strip().lower().replace(" ", "-")
    channel = call.world.create_channel(
        guild,
        name,
        type=kind,
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
            type=item.get("type") or 0,
            allow=bits(item.get("allow"), "permission_overwrites"),
            deny=bits(item.get("deny"), "permission_overwrites"),
        )
        for item in raw or ()
    ]


async def move_channels(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_CHANNELS)
    for item in call.forms(Moved):
        channel = guild.channels.get(snowflake(item.get("id"), "id"))
        if channel is not None and item.get("position") is not None:
            call.world.update_channel(channel, position=item["position"])


async def list_bans(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.BAN_MEMBERS)
    limit = call.number("limit", 1000, 1, 1000)
    after = snowflake(call.query.get("after", 0), "after")
    before = snowflake(call.query.get("before", _LAST), "before")
    chosen = sorted(user_id for user_id in guild.bans if after < user_id < before)[:limit]
    return [payloads.ban_payload(guild.bans[user_id], call.world.user(user_id)) for user_id in chosen]


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
    seconds = _delete_seconds(call.form(Ban))
    if user_id not in call.world.users:
        raise not_found("user")
    if user_id in guild.members and top_position(guild, call.me.id) <= top_position(guild, user_id):
        raise missing_permissions()
    call.world.ban(guild, user_id, call.reason)
    call.world.audit(guild, _BAN_ADD, call.me.id, user_id, call.reason)
    if seconds:
        _delete_messages_of(call, guild.channels, user_id, seconds)


def _delete_seconds(form: dict[str, Any]) -> int:
    seconds: int = form.get("delete_message_seconds") or (form.get("delete_message_days") or 0) * 86_400
    if not 0 <= seconds <= _MAX_DELETE_S:
        message = f"int value should be between 0 and {_MAX_DELETE_S}."
        raise invalid_form("delete_message_seconds", "NUMBER_TYPE_MAX", message)
    return seconds


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
    form = call.form(BulkBan)
    seconds = _delete_seconds(form)
    if len(form["user_ids"]) > _MAX_BULK_BAN:
        raise invalid_form("user_ids", "BASE_TYPE_MAX_LENGTH", f"Must be {_MAX_BULK_BAN} or fewer in length.")
    banned: list[str] = []
    failed: list[str] = []
    for text in dict.fromkeys(form["user_ids"]):
        user_id = snowflake(text, "user_ids")
        outranked = top_position(guild, call.me.id) > top_position(guild, user_id)
        if user_id in call.world.users and (user_id not in guild.members or outranked):
            call.world.ban(guild, user_id, call.reason)
            call.world.audit(guild, _BAN_ADD, call.me.id, user_id, call.reason)
            if seconds:
                _delete_messages_of(call, guild.channels, user_id, seconds)
            banned.append(str(user_id))
        else:
            failed.append(str(user_id))
    if not banned:
        raise ApiError(400, 500000, "Failed to ban users")
    return {"banned_users": banned, "failed_users": failed}


async def audit_log(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.VIEW_AUDIT_LOG)
    limit = call.number("limit", 50, 1, 100)
    wanted = call.number("action_type", 0, 0, 1000)
    actor = snowflake(call.query.get("user_id", 0), "user_id")
    before = snowflake(call.query.get("before", _LAST), "before")
    after = snowflake(call.query.get("after", 0), "after")
    entries = [
        entry
        for entry in reversed(guild.audit_log)
        if wanted in (0, entry.action_type) and actor in (0, entry.user_id) and after < entry.id < before
    ][:limit]
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


async def preview(call: Call) -> dict[str, Any]:
    guild = payloads.guild_payload(call.guild(), with_counts=True)
    return {key: guild[key] for key in _PREVIEW}


async def vanity_url(call: Call) -> dict[str, Any]:
    call.require(call.guild(), Permission.MANAGE_GUILD)
    return {"code": None, "uses": 0}


async def empty_list(call: Call) -> list[Any]:
    """Emojis, stickers, integrations: a server here has none, and says so as Discord would."""
    call.guild()
    return []


ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}", read),
    Route("PATCH", "/guilds/{guild_id}", edit),
    Route("GET", "/guilds/{guild_id}/channels", list_channels),
    Route("POST", "/guilds/{guild_id}/channels", create_channel, created=201),
    Route("PATCH", "/guilds/{guild_id}/channels", move_channels),
    Route("GET", "/guilds/{guild_id}/bans", list_bans),
    Route("GET", "/guilds/{guild_id}/bans/{user_id}", read_ban),
    Route("PUT", "/guilds/{guild_id}/bans/{user_id}", ban),
    Route("DELETE", "/guilds/{guild_id}/bans/{user_id}", unban),
    Route("POST", "/guilds/{guild_id}/bulk-ban", bulk_ban),
    Route("GET", "/guilds/{guild_id}/audit-logs", audit_log),
    Route("GET", "/guilds/{guild_id}/preview", preview),
    Route("GET", "/guilds/{guild_id}/vanity-url", vanity_url),
    Route("GET", "/guilds/{guild_id}/emojis", empty_list),
    Route("GET", "/guilds/{guild_id}/stickers", empty_list),
    Route("GET", "/guilds/{guild_id}/integrations", empty_list),
    Route("GET", "/guilds/{guild_id}/auto-moderation/rules", empty_list),
    Route("GET", "/guilds/{guild_id}/scheduled-events", empty_list),
)
