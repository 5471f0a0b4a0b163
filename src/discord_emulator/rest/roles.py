"""Roles of a server."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Guild, Role
from discord_emulator.permissions import Permission, base_permissions, top_position
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import invalid_form, missing_permissions

__all__ = ["ROUTES"]

_CREATE, _UPDATE, _DELETE = 30, 31, 32


async def list_roles(call: Call) -> list[dict[str, Any]]:
    return [payloads.role_payload(role) for role in call.guild().roles.values()]


async def read(call: Call) -> dict[str, Any]:
    return payloads.role_payload(call.role(call.guild()))


async def create(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    fields = _fields(call, guild)
    role = call.world.create_role(guild, fields.pop("name", "new role"), **{"position": 1, **fields})
    call.world.audit(guild, _CREATE, call.me.id, role.id, call.reason)
    return payloads.role_payload(role)


async def edit(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    role = call.role(guild)
    _require_below(call, guild, role)
    call.world.update_role(guild, role, **_fields(call, guild))
    call.world.audit(guild, _UPDATE, call.me.id, role.id, call.reason)
    return payloads.role_payload(role)


async def move(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    for item in call.body if isinstance(call.body, list) else ():
        role = guild.roles.get(snowflake(item.get("id"), "id"))
        if role is not None and item.get("position") is not None:
            _require_below(call, guild, role)
            call.world.update_role(guild, role, position=int(item["position"]))
    return [payloads.role_payload(role) for role in guild.roles.values()]


async def delete(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    role = call.role(guild)
    if role.id == guild.id or role.managed:
        raise invalid_form("role_id", "INVALID_ROLE", "Invalid Role")
    _require_below(call, guild, role)
    call.world.delete_role(guild, role)
    call.world.audit(guild, _DELETE, call.me.id, role.id, call.reason)


def _require_below(call: Call, guild: Guild, role: Role) -> None:
    if role.position >= top_position(guild, call.me.id):
        raise missing_permissions()


def _fields(call: Call, guild: Guild) -> dict[str, Any]:
    form = call.form()
    fields: dict[str, Any] = {}
    for key in ("name", "color", "hoist", "mentionable"):
        if form.get(key) is not None:
            fields[key] = form[key]
    if len(str(fields.get("name", ""))) > 100:
        raise invalid_form("name", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    colors = form.get("colors")
    if isinstance(colors, dict) and colors.get("primary_color") is not None:
        fields["color"] = int(colors["primary_color"])
    if form.get("permissions") is not None:
        wanted = int(form["permissions"])
        # Nobody hands out what they do not have.
        if wanted & ~base_permissions(guild, call.me.id):
            raise missing_permissions()
        fields["permissions"] = wanted
    return fields


ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}/roles", list_roles),
    Route("POST", "/guilds/{guild_id}/roles", create),
    Route("PATCH", "/guilds/{guild_id}/roles", move),
    Route("GET", "/guilds/{guild_id}/roles/{role_id}", read),
    Route("PATCH", "/guilds/{guild_id}/roles/{role_id}", edit),
    Route("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete),
)
