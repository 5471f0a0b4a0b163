"""The orders about members: bans, mutes, roles."""

from typing import Final

import msgspec

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.features.temporary.desk import Desk, Order, Person
from skynetbot.features.temporary.measures import ACTIVE
from skynetbot.features.temporary.wording import moment

__all__ = ["MemberOrders"]

_SECONDS_PER_DAY: Final = 86_400
_SHOWN: Final = 20


class MemberOrders:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def tempban(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.BAN_MEMBERS)
        person = order.person("member")
        self._desk.require_rank(order, person)
        self._desk.require_own(order, Permission.BAN_MEMBERS)
        lasts_s = order.duration(order.settings.ban_duration)
        measure = self._desk.draft(order, "tempban", person.id, person.name, lasts_s)
        deleted = (context.snowflake("delete_days") or 0) * _SECONDS_PER_DAY
        return await self._desk.carry_out(msgspec.structs.replace(measure, delete_message_s=deleted))

    async def unban(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.BAN_MEMBERS)
        person = order.person("user")
        if person.roles is not None:
            raise UserError("They are in this server, so they are not banned.")
        self._desk.require_own(order, Permission.BAN_MEMBERS)
        return await self._desk.carry_out(self._desk.draft(order, "unban", person.id, person.name))

    async def mute(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.MODERATE_MEMBERS)
        person = self._member(order)
        self._desk.require_rank(order, person)
        held = self._desk.standing.permissions(order.guild.id, person.id, person.roles, None, 0.0)
        if held & Permission.ADMINISTRATOR:
            raise UserError("Discord lets nobody mute an administrator. Take that role from them first.")
        self._desk.require_own(order, Permission.MODERATE_MEMBERS)
        lasts_s = order.duration(order.settings.mute_duration)
        return await self._desk.carry_out(self._desk.draft(order, "mute", person.id, person.name, lasts_s))

    async def unmute(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.MODERATE_MEMBERS)
        person = order.person("member")
        measure = self._desk.draft(order, "unmute", person.id, person.name)
        if person.roles is None and not await self._desk.ledger.active_on(measure):
            raise UserError("They are not in this server.")
        self._desk.require_rank(order, person)
        self._desk.require_own(order, Permission.MODERATE_MEMBERS)
        return await self._desk.carry_out(measure)

    async def give(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.MANAGE_ROLES)
        person = self._member(order)
        role_id = context.snowflake("role") or 0
        self._require_role(order, person, role_id)
        lasts_s = order.duration(order.settings.role_duration)
        draft = self._desk.draft(order, "temprole", person.id, person.name, lasts_s)
        measure = msgspec.structs.replace(draft, role_id=role_id)
        if role_id in (person.roles or ()) and not await self._desk.ledger.active_on(measure):
            raise UserError("They have that role already, without an end. Take it away first.")
        return await self._desk.carry_out(measure)

    async def end(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.MANAGE_ROLES)
        person = order.person("member")
        role_id = context.snowflake("role") or 0
        draft = self._desk.draft(order, "untemprole", person.id, person.name)
        measure = msgspec.structs.replace(draft, role_id=role_id)
        if not await self._desk.ledger.active_on(measure):
            raise UserError("They do not have that role for a time. `/temprole list` shows who has which.")
        self._require_role(order, person, role_id)
        return await self._desk.carry_out(measure)

    async def list(self, context: CommandContext) -> Reply:
        order = await self._desk.order(context, Permission.MANAGE_ROLES)
        active = await self._desk.ledger.in_state(order.guild.id, ACTIVE)
        roles = [record.measure for record in active if record.measure.kind == "temprole"]
        roles.sort(key=lambda measure: measure.expires_at or 0.0)
        lines = [
            f"<@{measure.target_id}> · <@&{measure.role_id}> · until {moment(measure.expires_at or 0)} · "
            f"case #{measure.case}"
            for measure in roles[:_SHOWN]
        ]
        if len(roles) > _SHOWN:
            lines.append(f"… and {len(roles) - _SHOWN} more that end later.")
        text = "\n".join(lines) or "Nobody has a role for a time."
        return Reply(title="Roles for a time", description=text, ephemeral=True)

    def _member(self, order: Order) -> Person:
        person = order.person("member")
        if person.roles is None:
            raise UserError("They are not in this server.")
        return person

    def _require_role(self, order: Order, person: Person, role_id: int) -> None:
        self._desk.require_rank(order, person)
        self._desk.require_own(order, Permission.MANAGE_ROLES)
        self._desk.require_role(order, role_id)
