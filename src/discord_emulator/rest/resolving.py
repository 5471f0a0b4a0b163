"""What an interaction names by id, looked up for the bot: users, members, roles, channels, messages, files.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-resolved-data-structure
"""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Guild
from discord_emulator.permissions import base_permissions, channel_permissions
from discord_emulator.rest.call import Call, snowflake
from discord_emulator.rest.composing import keep_uploads
from discord_emulator.rest.errors import invalid_form, not_found

__all__ = ["resolve", "take_files", "target_of"]

_USER, _CHANNEL, _ROLE, _MENTIONABLE, _ATTACHMENT = 6, 7, 8, 9, 11
_OF_SELECT: Final = {5: _USER, 6: _ROLE, 7: _MENTIONABLE, 8: _CHANNEL}
_MESSAGE_COMMAND: Final = 3


def resolve(call: Call, guild: Guild | None, data: dict[str, Any]) -> dict[str, Any]:
    """The users, members, roles and channels that the options or selected values name, added to what is resolved."""
    resolved: dict[str, dict[str, Any]] = data.get("resolved") or {}
    for kind, value in _named(data):
        text = str(value)
        if not text.isascii() or not text.isdigit():
            continue
        found = int(text)
        if kind in (_USER, _MENTIONABLE) and found in call.world.users:
            _add_user(call, guild, found, resolved)
        if kind in (_ROLE, _MENTIONABLE) and guild is not None and found in guild.roles:
            resolved.setdefault("roles", {})[text] = payloads.role_payload(guild.roles[found])
        if kind == _CHANNEL and guild is not None and found in guild.channels:
            channel = payloads.channel_payload(guild.channels[found], call.world.user)
            mine = channel_permissions(guild, guild.channels[found], call.me.id, call.world.time())
            resolved.setdefault("channels", {})[text] = {**channel, "permissions": str(mine)}
    return resolved


def take_files(call: Call, data: dict[str, Any]) -> dict[str, Any]:
    """The command's data with its uploads kept: options that name one by its number name it by its id then."""
    named = data.pop("attachments", None) or []
    if not call.files and not any(kind == _ATTACHMENT for kind, _ in _named(data)):
        return data
    kept = keep_uploads(call, [item for item in named if isinstance(item, dict)])

    def options(items: Any) -> list[dict[str, Any]]:
        return [
            {**option, "value": attachment(option.get("value"))}
            if option.get("type") == _ATTACHMENT
            else {**option, "options": options(option["options"])}
            if option.get("options")
            else option
            for option in items
        ]

    def attachment(number: Any) -> str:
        text = str(number)
        found = kept.get(int(text)) if text.isascii() and text.isdigit() else None
        if found is None:
            raise invalid_form("data.options", "ATTACHMENT_NOT_FOUND", "No file of that number was sent.")
        return str(found["id"])

    resolved = {**(data.get("resolved") or {}), "attachments": {file["id"]: file for file in kept.values()}}
    return {**data, "options": options(data.get("options") or []), "resolved": resolved}


def target_of(call: Call, channel: Channel, data: dict[str, Any]) -> dict[str, Any]:
    """The user or message on which a context menu command was used."""
    target = snowflake(data.get("target_id"), "data.target_id")
    if data["type"] == _MESSAGE_COMMAND:
        message = call.world.message(channel.id, target)
        if message is None:
            raise not_found("message")
        return {"messages": {str(target): call.world.message_data(message, viewer_id=call.me.id)}}
    if target not in call.world.users:
        raise not_found("user")
    resolved: dict[str, dict[str, Any]] = {}
    _add_user(call, call.world.guilds.get(channel.guild_id or 0), target, resolved)
    return resolved


def _named(data: dict[str, Any]) -> list[tuple[int, Any]]:
    """(option type, value) of everything that the person chose, in options however deep, selects and modals."""
    wanted: list[tuple[int, Any]] = []

    def options(items: Any) -> None:
        for option in items or ():
            wanted.append((_number(option.get("type")), option.get("value")))
            options(option.get("options"))

    def components(items: Any) -> None:
        for component in items or ():
            if isinstance(component, dict):
                kind = _OF_SELECT.get(_number(component.get("type")))
                wanted.extend((kind, value) for value in component.get("values") or () if kind)
                components(component.get("components"))
                components([component.get("component")])

    options(data.get("options"))
    components(data.get("components"))
    select = _OF_SELECT.get(_number(data.get("component_type")))
    return wanted + [(select, value) for value in data.get("values") or () if select]


def _number(raw: Any) -> int:
    return raw if isinstance(raw, int) else 0


def _add_user(call: Call, guild: Guild | None, user_id: int, resolved: dict[str, Any]) -> None:
    resolved.setdefault("users", {})[str(user_id)] = payloads.user_payload(call.world.users[user_id])
    if guild is not None and user_id in guild.members:
        member = payloads.member_payload(guild.members[user_id], None)
        member["permissions"] = str(base_permissions(guild, user_id))
        resolved.setdefault("members", {})[str(user_id)] = member
