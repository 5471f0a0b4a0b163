"""Users, the caller's servers, and direct channels."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.permissions import base_permissions
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import DirectChannel, UserForm

__all__ = ["ROUTES"]

_MAX_GUILDS: Final = 200


async def me(call: Call) -> dict[str, Any]:
    return payloads.me_payload(call.me, with_email=call.scopes is not None and "email" in call.scopes)


async def edit_me(call: Call) -> dict[str, Any]:
    form = call.form(UserForm)
    username = form.get("username")
    if username is not None:
        if not isinstance(username, str) or not 2 <= len(username) <= 32:
            raise invalid_form("username", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 32 in length.")
        call.world.update_user(call.me, username=username)
    return payloads.me_payload(call.me)


async def user(call: Call) -> dict[str, Any]:
    found = call.world.users.get(call.id("user_id"))
    if found is None:
        raise not_found("user")
    return payloads.user_payload(found)


async def my_guilds(call: Call) -> list[dict[str, Any]]:
    query = call.query
    limit = call.number("limit", _MAX_GUILDS, 1, _MAX_GUILDS)
    after = snowflake(query.get("after", 0), "after")
    before = snowflake(query["before"], "before") if "before" in query else None
    with_counts = call.flag("with_counts")
    mine = sorted(
        (
            guild
            for guild in call.world.guilds.values()
            if call.me.id in guild.members and guild.id > after and (before is None or guild.id < before)
        ),
        key=lambda guild: guild.id,
    )
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": guild.icon,
            "banner": None,
            "owner": guild.owner_id == call.me.id,
            "permissions": str(base_permissions(guild, call.me.id)),
            "features": [],
            **(
                {"approximate_member_count": len(guild.members), "approximate_presence_count": 1} if with_counts else {}
            ),
        }
        for guild in (mine[-limit:] if before is not None and "after" not in query else mine[:limit])
    ]


async def my_member(call: Call) -> dict[str, Any]:
    guild = call.guild()
    return payloads.member_payload(guild.members[call.me.id], call.me)


async def leave_guild(call: Call) -> None:
    guild = call.guild()
    if guild.owner_id == call.me.id:
        raise ApiError(400, 50055, "Invalid Guild")
    call.world.remove_member(guild, call.me.id)


async def connections(_: Call) -> list[Any]:
    return []


async def open_dm(call: Call) -> dict[str, Any]:
    recipient = call.world.users.get(snowflake(call.form(DirectChannel).get("recipient_id"), "recipient_id"))
    if recipient is None:
        raise not_found("user")
    if recipient.id == call.me.id or (recipient.bot and call.me.bot):
        raise ApiError(403, 50007, "Cannot send messages to this user")
    channel = call.world.create_dm(call.me.id, recipient.id)
    payload = payloads.channel_payload(channel, call.world.user)
    payload["recipients"] = [payloads.user_payload(recipient)]
    return payload


ROUTES: Final = (
    Route("GET", "/users/@me", me, scopes=("identify",)),
    Route("PATCH", "/users/@me", edit_me),
    Route("GET", "/users/@me/guilds", my_guilds, scopes=("guilds",)),
    Route("GET", "/users/@me/guilds/{guild_id}/member", my_member, scopes=("guilds.members.read",)),
    Route("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/users/@me/connections", connections, scopes=("connections",)),
    Route("GET", "/users/{user_id}", user),
)
