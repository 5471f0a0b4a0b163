"""Application commands: registered by bots, listed for the pickers of people's clients."""

import re
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Command
from discord_emulator.permissions import base_permissions
from discord_emulator.rest.call import Call, Route
from discord_emulator.rest.errors import ApiError, invalid_form, not_found

__all__ = ["ROUTES"]

_NAME: Final = re.compile(r"^[-_'\w]{1,32}$")
_MAX_COMMANDS: Final = 100


async def list_commands(call: Call) -> list[dict[str, Any]]:
    application = call.own_application()
    commands = call.world.commands_of(application.id, _guild_id(call))
    return [payloads.command_payload(command) for command in commands]


async def create(call: Call) -> dict[str, Any]:
    application = call.own_application()
    form = call.form()
    _check(form, "")
    if len(call.world.commands_of(application.id, _guild_id(call))) >= _MAX_COMMANDS:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100)")
    command, _ = call.world.put_command(application.id, _guild_id(call), form)
    return payloads.command_payload(command)


async def replace_all(call: Call) -> list[dict[str, Any]]:
    application = call.own_application()
    if not isinstance(call.body, list):
        raise ApiError(400, 50109, "The request body contains invalid JSON.")
    seen: set[tuple[str, int]] = set()
    for index, body in enumerate(call.body):
        _check(body, f"{index}.")
        key = (body["name"], body.get("type") or 1)
        if key in seen:
            message = "Application command names must be unique"
            raise invalid_form(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
    guild_id = _guild_id(call)
    kept = {call.world.put_command(application.id, guild_id, body)[0].id for body in call.body}
    for command in call.world.commands_of(application.id, guild_id):
        if command.id not in kept:
            del call.world.commands[command.id]
    return await list_commands(call)


async def read(call: Call) -> dict[str, Any]:
    return payloads.command_payload(_command(call))


async def edit(call: Call) -> dict[str, Any]:
    command = _command(call)
    form = call.form()
    changed = {**command.body, "name": command.name, **form}
    _check(changed, "")
    command.name = changed.pop("name")
    command.body = changed
    command.version = call.world.snowflakes.make()
    return payloads.command_payload(command)


async def delete(call: Call) -> None:
    del call.world.commands[_command(call).id]


async def guild_permissions(call: Call) -> list[dict[str, Any]]:
    call.own_application()
    call.guild()
    return []


async def index(call: Call) -> dict[str, Any]:
    """For people's clients: the commands that they may use in this server."""
    guild = call.guild()
    mine = base_permissions(guild, call.me.id)
    applications = [a for a in call.world.applications.values() if a.bot_user_id in guild.members]
    commands: list[dict[str, Any]] = []
    for application in applications:
        for command in (
            *call.world.commands_of(application.id),
            *call.world.commands_of(application.id, guild.id),
        ):
            needed = command.body.get("default_member_permissions")
            if needed is None or (mine & int(needed) == int(needed) and int(needed)):
                commands.append(payloads.command_payload(command))
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


def _guild_id(call: Call) -> int | None:
    return call.guild().id if "guild_id" in call.parameters else None


def _command(call: Call) -> Command:
    application = call.own_application()
    command = call.world.commands.get(call.id("command_id"))
    if command is None or command.application_id != application.id or command.guild_id != _guild_id(call):
        raise not_found("application command")
    return command


def _check(body: Any, path: str) -> None:
    """https://discord.com/developers/docs/interactions/application-commands"""
    if not isinstance(body, dict):
        raise ApiError(400, 50109, "The request body contains invalid JSON.")
    name = body.get("name")
    kind = body.get("type") or 1
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
        _check({**option, "type": 1}, f"{path}options.{number}.")
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid_form(f"{path}options.{number}", code, message)
        optional_seen = optional_seen or not option.get("required")
        if len(option.get("choices") or ()) > 25:
            path_of = f"{path}options.{number}.choices"
            raise invalid_form(path_of, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")


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
    Route("GET", "/guilds/{guild_id}/application-command-index", index),
)
