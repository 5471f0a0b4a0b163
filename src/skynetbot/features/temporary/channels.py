"""The orders about channels: locks and slow mode."""

from typing import Final

import msgspec

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.views import ChannelView
from skynetbot.features.temporary.desk import Desk
from skynetbot.features.temporary.measures import Before
from skynetbot.features.temporary.rules import everyone_before

__all__ = ["ChannelOrders"]

_CATEGORY: Final = 4
_NAMED: Final = 10


class ChannelOrders:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def lock(self, context: CommandContext) -> Reply:
        channel = self._desk.channel(context)
        order = await self._desk.order(context, Permission.MANAGE_CHANNELS, channel.id)
        if channel.is_thread or channel.type == _CATEGORY:
            raise UserError("Only channels can be locked, not threads or categories.")
        self._desk.require_own(order, Permission.MANAGE_ROLES, channel.id)
        before = everyone_before(order.guild.id, channel.overwrites)
        draft = self._desk.draft(order, "lock", channel.id, channel.name, order.duration())
        if before.deny & Permission.SEND_MESSAGES and not await self._desk.ledger.active_on(draft):
            raise UserError("@everyone cannot write there as it is, and I did not lock it: there is nothing to do.")
        # Without the second, everybody goes on writing in the channel's threads. Discord lets nobody change permissions
        # that they do not have themselves, so it is left out where we lack it.
        own = self._desk.standing.permissions(order.guild.id, self._desk.standing.own_id or 0, None, None, 0.0)
        bits = Permission.SEND_MESSAGES | own & Permission.SEND_MESSAGES_IN_THREADS
        measure = msgspec.structs.replace(draft, before=before, bits=bits)
        return await self._desk.carry_out(measure, _still_writing(order.guild.id, channel))

    async def unlock(self, context: CommandContext) -> Reply:
        channel = self._desk.channel(context)
        order = await self._desk.order(context, Permission.MANAGE_CHANNELS, channel.id)
        self._desk.require_own(order, Permission.MANAGE_ROLES, channel.id)
        draft = self._desk.draft(order, "unlock", channel.id, channel.name)
        active = await self._desk.ledger.active_on(draft)
        if not active:
            raise UserError("I did not lock that channel. If nobody can write there, its permissions say so.")
        lock = active[0].measure
        return await self._desk.carry_out(msgspec.structs.replace(draft, before=lock.before, bits=lock.bits))

    async def slowmode(self, context: CommandContext) -> Reply:
        channel = self._desk.channel(context)
        order = await self._desk.order(context, Permission.MANAGE_CHANNELS, channel.id)
        if channel.type == _CATEGORY:
            raise UserError("A category has no slow mode; choose one of its channels.")
        needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
        self._desk.require_own(order, needed, channel.id)
        draft = self._desk.draft(order, "slowmode", channel.id, channel.name, order.duration())
        seconds = context.snowflake("seconds") or 0
        before = Before(slow_mode_s=channel.slow_mode_s)
        return await self._desk.carry_out(msgspec.structs.replace(draft, seconds=seconds, before=before))


def _still_writing(guild_id: int, channel: ChannelView) -> str:
    """Roles and members whose own overwrite outweighs that of @everyone."""
    names = [
        f"<@&{each.id}>" if each.type == 0 else f"<@{each.id}>"
        for each in channel.overwrites
        if each.id != guild_id and each.allow & Permission.SEND_MESSAGES
    ]
    return f"Still allowed to write by permissions of their own: {', '.join(names[:_NAMED])}" if names else ""
