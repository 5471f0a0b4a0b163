"""Application commands: registered by bots, listed for the pickers of people's clients."""

import re
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Command
from discord_emulator.permissions import ALL, Permission, base_permissions
from discord_emulator.rest.call import Call, Created, Route, bits
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import CommandForm, PermissionsForm

__all__ = ["ROUTES"]

_NAME: Final = re.compile(r"^[-_'\w]{1,32}$")
_MAX_COMMANDS: Final = {1: 100, 2: 15, 3: 15}
_LAST_OPTION_TYPE: Final = 11
_MAX_PERMISSIONS: Final = 100


async def list_commands(call: Call) -> list[dict[str, Any]]:
    application = call.own_application()
    commands = call.world.commands_of(application.id, _guild_id(call))
    return [payloads.command_payload(command) for command in commands]


async def create(call: Call) -> dict[str, Any] | Created:
    application = call.own_application()
    form = call.form(CommandForm)
    _check(form, "")
    standing = call.world.commands_of(application.id, _guild_id(call))
    kind = form.get("type") or 1
    same = any(c.name == form["name"] and (c.body.get("type") or 1) == kind for c in standing)
    if not same and sum((c.body.get("type") or 1) == kind for c in standing) >= _MAX_COMMANDS[kind]:
        raise ApiError(400, 30032, f"Maximum number of application commands reached ({_MAX_COMMANDS[kind]})")
    command, new = call.world.put_command(application.id, _guild_id(call), form)
    payload = payloads.command_payload(command)
    return Created(payload) if new else payload


async def replace_all(call: Call) -> list[dict[str, Any]]:
    application = call.own_application()
    bodies = call.forms(CommandForm)
    seen: set[tuple[str, int]] = set()
    counts = {1: 0, 2: 0, 3: 0}
    for index, body in enumerate(bodies):
        _check(body, f"{index}.")
        key = (body["name"], body.get("type") or 1)
        if key in seen:
            message = "Application command names must be unique"
            raise invalid_form(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
        counts[key[1]] += 1
        if counts[key[1]] > _MAX_COMMANDS[key[1]]:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({_MAX_COMMANDS[key[1]]})")
    guild_id = _guild_id(call)
    kept = {call.world.put_command(application.id, guild_id, body)[0].id for body in bodies}
    for command in call.world.commands_of(application.id, guild_id):
        if command.id not in kept:
            del call.world.commands[command.id]
    return await list_commands(call)


async def read(call: Call) -> dict[str, Any]:
    return payloads.command_payload(_command(call))


async def edit(call: Call) -> dict[str, Any]:
    command = _command(call)
    form = call.form(CommandForm)
    changed = {**command.body, "name": command.name, **form}
    _check(changed, "")
    command.name = changed.pop("name")
    command.body = changed
    command.version = call.world.snowflakes.make()
    return payloads.command_payload(command)


async def delete(call: Call) -> None:
    del call.world.commands[_command(call).id]


async def guild_permissions(call: Call) -> list[dict[str, Any]]:
    application, guild = call.own_application(), call.guild()
    kept = _kept_permissions(call)
    return [
        _permissions(application.id, guild.id, command_id, granted)
        for (guild_id, command_id), granted in kept.items()
        if guild_id == guild.id and command_id in call.world.commands
    ]


async def command_permissions(call: Call) -> dict[str, Any]:
    application, guild = call.own_application(), call.guild()
    granted = _kept_permissions(call).get((guild.id, call.id("command_id")))
    if granted is None:
        raise ApiError(404, 10066, "Unknown application command permissions")
    return _permissions(application.id, guild.id, call.id("command_id"), granted)


async def set_permissions(call: Call) -> dict[str, Any]:
    """Who may use the command in the server; Discord asks for the token of somebody who manages it."""
    guild = call.guild()
    call.require(guild, Permission.MANAGE_GUILD)
    command = call.world.commands.get(call.id("command_id"))
    if command is None or command.application_id != call.id("application_id"):
        raise not_found("application command")
    granted = [{**item, "id": str(item["id"])} for item in call.form(PermissionsForm)["permissions"]]
    if len(granted) > _MAX_PERMISSIONS:
        raise invalid_form("permissions", "BASE_TYPE_MAX_LENGTH", f"Must be {_MAX_PERMISSIONS} or fewer in length.")
    _kept_permissions(call)[guild.id, command.id] = granted
    payload = _permissions(command.application_id, guild.id, command.id, granted)
    call.world.publish("APPLICATION_COMMAND_PERMISSIONS_UPDATE", payload, guild_id=guild.id)
    return payload


def _kept_permissions(call: Call) -> dict[tuple[int, int], list[dict[str, Any]]]:
    kept: dict[tuple[int, int], list[dict[str, Any]]] = call.context.rooms.setdefault("command_permissions", {})
    return kept


def _permissions(application_id: int, guild_id: int, command_id: int, granted: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(command_id),
        "application_id": str(application_id),
        "guild_id": str(guild_id),
        "permissions": granted,
    }


async def index(call: Call) -> dict[str, Any]:
    """For people's clients: the commands that they may use in this server."""
    guild = call.guild()
    mine = base_permissions(guild, call.me.id)
    applications = [a for a in call.world.applications.values() if a.bot_user_id in guild.members]
    commands: list[dict[str, Any]] = []
    for application in applications:
        known = (*call.world.commands_of(application.id), *call.world.commands_of(application.id, guild.id))
        commands += [
            payloads.command_payload(command)
            for command in known
            if _may_use(mine, command.body.get("default_member_permissions"))
        ]
    bots = [
        {
            "id": str(a.id),
            "name": a.name,
            "icon": None,
            "description": a.description,
            "bot": payloads.user_payload(call.world.user(a.bot_user_id)),
        }
        for a in applications
    ]
    return {"applications": bots, "application_commands": commands, "version": "1"}


def _may_use(mine: int, needed: Any) -> bool:
    """Null is everybody; "0" is administrators, who have every bit."""
    wanted = bits(needed, "default_member_permissions") if needed is not None else None
    return wanted is None or mine == ALL or (wanted > 0 and mine & wanted == wanted)


def _guild_id(call: Call) -> int | None:
    return call.guild().id if "guild_id" in call.parameters else None


def _command(call: Call) -> Command:
    application = call.own_application()
    command = call.world.commands.get(call.id("command_id"))
    if command is None or command.application_id != application.id or command.guild_id != _guild_id(call):
        raise not_found("application command")
    return command


def _check(body: dict[str, Any], path: str) -> None:
    """https://discord.com/developers/docs/interactions/application-commands"""
    name = body.get("name")
    kind = body.get("type") or 1
    if kind not in _MAX_COMMANDS:
        raise invalid_form(path + "type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    if body.get("default_member_permissions") is not None:
        bits(body["default_member_permissions"], path + "default_member_permissions")
    if not isinstance(name, str) or not name or len(name) > 32:
        raise invalid_form(path + "name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
    if kind != 1:
        return
    if not _NAME.match(name) or name != name.lower():
        raise invalid_form(path + "name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    description = body.get("description")
    if not isinstance(description, str) or not 1 <= len(description) <= 100:
        raise invalid_form(path + "description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = body.get("options") or []
    if len(options) > 25:
        raise invalid_form(path + "options", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    optional_seen = False
    for number, option in enumerate(options):
        if not 1 <= option["type"] <= _LAST_OPTION_TYPE:
            raise invalid_form(f"{path}options.{number}.type", "BASE_TYPE_CHOICES", "Value must be one of 1 to 11.")
        _check({**option, "type": 1}, f"{path}options.{number}.")
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid_form(f"{path}options.{number}", code, message)
        optional_seen = optional_seen or not option.get("required")
        if len(option.get("choices") or ()) > 25:
            path_of = f"{path}options.{number}.choices"
            raise invalid_form(path_of, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")


_UPDATE_PERMISSIONS: Final = "applications.commands.permissions.update"
_GLOBAL: Final = "/applications/{application_id}/commands"
_GUILD: Final = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES: Final = (
    *(
        route
        for base in (_GLOBAL, _GUILD)
        for route in (
            Route("GET", base, list_commands),
            Route("POST", base, create),
            Route("PUT", base, replace_all),
            Route("GET", base + "/{command_id:[0-9]+}", read),
            Route("PATCH", base + "/{command_id:[0-9]+}", edit),
            Route("DELETE", base + "/{command_id:[0-9]+}", delete),
        )
    ),
    Route("GET", _GUILD + "/permissions", guild_permissions),
    Route("GET", _GUILD + "/{command_id:[0-9]+}/permissions", command_permissions),
    Route("PUT", _GUILD + "/{command_id:[0-9]+}/permissions", set_permissions, scopes=(_UPDATE_PERMISSIONS,)),
    Route("GET", "/guilds/{guild_id}/application-command-index", index),
)
