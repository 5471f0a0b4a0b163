"""Roles of a server."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Guild, Role
from discord_emulator.permissions import Permission, base_permissions, top_position
from discord_emulator.rest.call import Call, Route, bits, snowflake
from discord_emulator.rest.errors import ApiError, invalid_form, missing_permissions
from discord_emulator.rest.forms import Moved, RoleForm

__all__ = ["ROUTES"]

_CREATE, _UPDATE, _DELETE = 30, 31, 32
_MAX_ROLES: Final = 250


async def list_roles(call: Call) -> list[dict[str, Any]]:
    return [payloads.role_payload(role) for role in call.guild().roles.values()]


async def read(call: Call) -> dict[str, Any]:
    return payloads.role_payload(call.role(call.guild()))


async def create(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    if len(guild.roles) >= _MAX_ROLES:
        raise ApiError(400, 30005, f"Maximum number of guild roles reached ({_MAX_ROLES})")
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
    for item in call.forms(Moved):
        role = guild.roles.get(snowflake(item.get("id"), "id"))
        if role is not None and item.get("position") is not None:
            _require_below(call, guild, role)
            if item["position"] >= top_position(guild, call.me.id):
                raise missing_permissions()
            call.world.update_role(guild, role, position=item["position"])
    return [payloads.role_payload(role) for role in guild.roles.values()]


async def delete(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    role = call.role(guild)
    if role.id == guild.id or role.managed:
        raise ApiError(400, 50028, "Invalid Role")
    _require_below(call, guild, role)
    call.world.delete_role(guild, role)
    call.world.audit(guild, _DELETE, call.me.id, role.id, call.reason)


async def member_counts(call: Call) -> dict[str, int]:
    guild = call.guild()
    counts = {str(role_id): 0 for role_id in guild.roles if role_id != guild.id}
    for member in guild.members.values():
        for role_id in member.roles:
            counts[str(role_id)] = counts.get(str(role_id), 0) + 1
    return counts


def _require_below(call: Call, guild: Guild, role: Role) -> None:
    if role.position >= top_position(guild, call.me.id):
        raise missing_permissions()


def _fields(call: Call, guild: Guild) -> dict[str, Any]:
    form = call.form(RoleForm)
    fields: dict[str, Any] = {}
    for key in ("name", "color", "hoist", "mentionable"):
        if form.get(key) is not None:
            fields[key] = form[key]
    if len(str(fields.get("name", ""))) > 100:
        raise invalid_form("name", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    colors = form.get("colors")
    if isinstance(colors, dict) and colors.get("primary_color") is not None:
        fields["color"] = colors["primary_color"]
    if not 0 <= fields.get("color", 0) <= 0xFFFFFF:
        raise invalid_form("color", "NUMBER_TYPE_MAX", "int value should be between 0 and 16777215.")
    if form.get("permissions") is not None:
        wanted = bits(form["permissions"], "permissions")
        # Nobody hands out what they do not have.
        if wanted & ~base_permissions(guild, call.me.id):
            raise missing_permissions()
        fields["permissions"] = wanted
    return fields


ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}/roles", list_roles),
    Route("POST", "/guilds/{guild_id}/roles", create),
    Route("PATCH", "/guilds/{guild_id}/roles", move),
    Route("GET", "/guilds/{guild_id}/roles/member-counts", member_counts),
    Route("GET", "/guilds/{guild_id}/roles/{role_id}", read),
    Route("PATCH", "/guilds/{guild_id}/roles/{role_id}", edit),
    Route("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete),
)
