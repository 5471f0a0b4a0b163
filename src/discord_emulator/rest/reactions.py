"""Reactions to messages."""

from typing import Any, Final
from urllib.parse import unquote

from discord_emulator import payloads
from discord_emulator.permissions import Permission
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import missing_permissions, not_found

__all__ = ["ROUTES"]


async def add(call: Call) -> None:
    channel = call.channel(Permission.READ_HISTORY)
    message = call.message(channel)
    name, emoji_id = _emoji(call)
    if call.world.reaction(message, name, emoji_id) is None:
        if not call.permissions_in(channel) & Permission.ADD_REACTIONS:
            raise missing_permissions()
        if emoji_id is None and (not name or name.isascii()):
            raise not_found("emoji")
    call.world.add_reaction(message, call.me.id, name, emoji_id)


async def remove_own(call: Call) -> None:
    call.world.remove_reaction(call.message(call.channel()), call.me.id, *_emoji(call))


async def remove_of_user(call: Call) -> None:
    message = call.message(call.channel(Permission.MANAGE_MESSAGES))
    call.world.remove_reaction(message, call.id("user_id"), *_emoji(call))


async def list_users(call: Call) -> list[dict[str, Any]]:
    reaction = call.world.reaction(call.message(call.channel(Permission.READ_HISTORY)), *_emoji(call))
    limit, after = call.number("limit", 25, 1, 100), snowflake(call.query.get("after", 0), "after")
    users = sorted(user_id for user_id in (reaction.users if reaction is not None else ()) if user_id > after)
    return [payloads.user_payload(call.world.user(user_id)) for user_id in users[:limit]]


async def clear(call: Call) -> None:
    call.world.clear_reactions(call.message(call.channel(Permission.MANAGE_MESSAGES)))


async def clear_emoji(call: Call) -> None:
    message = call.message(call.channel(Permission.MANAGE_MESSAGES))
    reaction = call.world.reaction(message, *_emoji(call))
    if reaction is not None:
        call.world.clear_reactions(message, reaction)


def _emoji(call: Call) -> tuple[str, int | None]:
    """``👍`` or ``name:id``."""
    text = unquote(call.parameters["emoji"])
    name, _, emoji_id = text.partition(":")
    return (name, int(emoji_id)) if emoji_id.isdigit() else (text, None)


_REACTIONS: Final = "/channels/{channel_id}/messages/{message_id}/reactions"

ROUTES: Final = (
    Route("PUT", _REACTIONS + "/{emoji}/@me", add),
    Route("DELETE", _REACTIONS + "/{emoji}/@me", remove_own),
    Route("DELETE", _REACTIONS + "/{emoji}/{user_id}", remove_of_user),
    Route("GET", _REACTIONS + "/{emoji}", list_users),
    Route("DELETE", _REACTIONS, clear),
    Route("DELETE", _REACTIONS + "/{emoji}", clear_emoji),
)
