"""Invites: making, reading and taking them back, and joining by one (which only people can)."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Invite
from discord_emulator.permissions import Permission, base_permissions
from discord_emulator.rest.call import Call, Route
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import Form, InviteForm

__all__ = ["ROUTES"]

_CREATE, _DELETE = 40, 42
_MAX_AGE_S: Final = 604_800
_MAX_USES: Final = 100


async def of_channel(call: Call) -> list[dict[str, Any]]:
    channel = call.channel(Permission.MANAGE_CHANNELS)
    call.guild_of(channel)
    return [_with_uses(call, i) for i in call.world.invites.values() if i.channel_id == channel.id]


async def of_guild(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_GUILD)
    return [_with_uses(call, i) for i in call.world.invites.values() if i.guild_id == guild.id]


async def create(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.CREATE_INVITE)
    guild = call.guild_of(channel)
    form = call.form(InviteForm)
    fields = {key: form[key] for key in ("max_age", "max_uses", "temporary") if form.get(key) is not None}
    for key, most in (("max_age", _MAX_AGE_S), ("max_uses", _MAX_USES)):
        if not 0 <= fields.get(key, 0) <= most:
            raise invalid_form(key, "NUMBER_TYPE_RANGE", f"int value should be between 0 and {most}.")
    invite = call.world.create_invite(channel, call.me.id, **fields)
    call.world.audit(guild, _CREATE, call.me.id, None, call.reason)
    return _with_uses(call, invite)


async def read(call: Call) -> dict[str, Any]:
    return _plain(call, _invite(call))


async def delete(call: Call) -> dict[str, Any]:
    invite = _invite(call)
    guild, channel = call.world.guilds[invite.guild_id], call.world.channels[invite.channel_id]
    if not base_permissions(guild, call.me.id) & Permission.MANAGE_GUILD:
        call.require_in(channel, Permission.MANAGE_CHANNELS)
    del call.world.invites[invite.code]
    data = {"code": invite.code, "guild_id": str(guild.id), "channel_id": str(channel.id)}
    call.world.publish("INVITE_DELETE", data, guild_id=guild.id, channel_id=channel.id)
    call.world.audit(guild, _DELETE, call.me.id, None, call.reason)
    return _plain(call, invite)


async def accept(call: Call) -> dict[str, Any]:
    """Join the server; a route of people's own clients."""
    if call.me.bot:
        raise ApiError(403, 20001, "Bots cannot use this endpoint")
    call.form(Form)
    invite = _invite(call)
    guild = call.world.guilds[invite.guild_id]
    if call.me.id in guild.bans:
        raise ApiError(403, 40007, "The user is banned from this guild.")
    if call.me.id not in guild.members:
        invite.uses += 1
        call.world.add_member(guild, call.me)
        if invite.max_uses and invite.uses >= invite.max_uses:
            del call.world.invites[invite.code]
    return _plain(call, invite)


def _invite(call: Call) -> Invite:
    world = call.world
    invite = world.invites.get(call.parameters["code"])
    if invite is not None and 0 < invite.max_age < (world.time() - invite.created_at).total_seconds():
        del world.invites[invite.code]
        invite = None
    if invite is None or invite.channel_id not in world.channels:
        raise not_found("invite")
    return invite


def _with_uses(call: Call, invite: Invite) -> dict[str, Any]:
    world = call.world
    guild, channel = world.guilds[invite.guild_id], world.channels[invite.channel_id]
    return payloads.invite_payload(invite, guild, channel, world.user(invite.inviter_id))


def _plain(call: Call, invite: Invite) -> dict[str, Any]:
    """What everybody may know: how often it was used is for those who manage the server."""
    hidden = ("uses", "max_uses", "temporary")
    payload = {key: value for key, value in _with_uses(call, invite).items() if key not in hidden}
    if call.flag("with_counts"):
        members = len(call.world.guilds[invite.guild_id].members)
        payload |= {"approximate_member_count": members, "approximate_presence_count": 1}
    return payload


ROUTES: Final = (
    Route("GET", "/channels/{channel_id}/invites", of_channel),
    Route("POST", "/channels/{channel_id}/invites", create),
    Route("GET", "/guilds/{guild_id}/invites", of_guild),
    Route("GET", "/invites/{code}", read, login=False),
    Route("POST", "/invites/{code}", accept),
    Route("DELETE", "/invites/{code}", delete),
)
