"""What every order goes through: who asks, may they, of whom; then the case is opened and its outcome waited for."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.guilds import GuildSummary, Standing
from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.views import ChannelView
from skynetbot.features.contract import FeatureServices
from skynetbot.features.temporary import hierarchy, wording
from skynetbot.features.temporary.durations import read_duration
from skynetbot.features.temporary.ledger import Busy, Ledger
from skynetbot.features.temporary.measures import APPLYING, Kind, Measure
from skynetbot.features.temporary.settings import TemporarySettings
from skynetbot.features.temporary.watch import Watch
from skynetbot.guildconfig.levels import access_of
from skynetbot.writes.checks import storable_text

__all__ = ["Desk", "Order", "Person"]

_WAIT_S: Final = 2.0
"""Discord gives three seconds for an answer."""
_MAX_REASON: Final = 400
_MAX_NAME: Final = 80


class Person(msgspec.Struct, frozen=True):
    """Whom an order is about; ``roles`` is None for who is no member."""

    id: int
    name: str
    roles: tuple[int, ...] | None


class Order(msgspec.Struct, frozen=True):
    """Who asks, in which server."""

    context: CommandContext
    guild: GuildSummary
    settings: TemporarySettings

    @property
    def actor(self) -> tuple[int, tuple[int, ...]]:
        member = self.context.interaction.member
        return self.context.interaction.invoker.id, tuple(member.roles) if member is not None else ()

    def reason(self) -> str:
        return _one_line(self.context.text("reason") or "no reason given")[:_MAX_REASON]

    def duration(self, usual: str | None = None) -> float | None:
        """Seconds; ``usual`` where none was said. Raises UserError for what is none."""
        text = self.context.text("duration") or usual
        if text is None:
            return None
        try:
            return read_duration(text)
        except ValueError as error:
            raise UserError(str(error)) from error

    def person(self, option: str) -> Person:
        """As Discord describes them with the command: who is not told of by the gateway is known here, too."""
        data = self.context.interaction.data
        resolved = data.resolved if data is not None else {}
        id_ = self.context.snowflake(option) or 0
        user: Mapping[str, Any] = resolved.get("users", {}).get(str(id_)) or {}
        member: Mapping[str, Any] | None = resolved.get("members", {}).get(str(id_))
        name = _one_line(str(user.get("global_name") or user.get("username") or id_))[:_MAX_NAME]
        roles = None if member is None else tuple(int(role) for role in member.get("roles", ()))
        return Person(id_, name, roles)


class Desk:
    def __init__(self, services: FeatureServices, ledger: Ledger, watch: Watch) -> None:
        self.services = services
        self.ledger = ledger
        self._watch = watch

    @property
    def standing(self) -> Standing:
        return self.services.guilds.standing

    async def order(self, context: CommandContext, needed: int, channel_id: int | None = None) -> Order:
        """Whether they may ask for this at all.

        Raises:
            UserError: they may not.
        """
        guild = self.services.guilds.get(context.guild_id)
        if guild is None:
            raise UserError("I am still getting to know this server. Try again in a moment.")
        snapshot = await self.services.settings.snapshot(guild.id)
        order = Order(context, guild, snapshot.get(TemporarySettings))
        actor_id, roles = order.actor
        held = self.standing.permissions(guild.id, actor_id, roles, channel_id, self.services.now())
        if channel_id is not None and not held & (Permission.VIEW_CHANNEL | Permission.ADMINISTRATOR):
            raise UserError("You cannot see that channel.")
        access = access_of(snapshot)
        refusal = hierarchy.right_refusal(held, needed, access, owner=actor_id == guild.owner_id, roles=roles)
        if refusal:
            raise UserError(refusal)
        return order

    def require_own(self, order: Order, needed: int, channel_id: int | None = None) -> None:
        """Refuse before a case is opened for nothing."""
        lack = hierarchy.own_lack(self.standing, order.guild.id, needed, channel_id, self.services.now())
        if lack:
            raise UserError(lack)

    def require_rank(self, order: Order, person: Person) -> None:
        refusal = hierarchy.person_refusal(
            self.standing, order.guild.id, order.guild.owner_id, order.actor, (person.id, person.roles or ())
        )
        if refusal:
            raise UserError(refusal)

    def require_role(self, order: Order, role_id: int) -> None:
        refusal = hierarchy.role_refusal(self.standing, order.guild.id, order.guild.owner_id, order.actor, role_id)
        if refusal:
            raise UserError(refusal)

    def channel(self, context: CommandContext) -> ChannelView:
        """The channel that was named, or the one in which the command was used."""
        channel_id = context.snowflake("channel") or context.interaction.channel_id or 0
        channel = self.standing.channel(context.guild_id, channel_id)
        if channel is None:
            raise UserError("I do not know that channel. Can I see it?")
        return channel

    def draft(
        self, order: Order, kind: Kind, target_id: int, target_name: str, lasts_s: float | None = None
    ) -> Measure:
        now = self.services.now()
        return Measure(
            kind=kind,
            order=order.context.interaction.id,
            guild_id=order.guild.id,
            target_id=target_id,
            target_name=target_name,
            moderator_id=order.actor[0],
            moderator_name=_one_line(order.context.interaction.invoker_name)[:_MAX_NAME],
            reason=order.reason(),
            at=now,
            expires_at=None if lasts_s is None else now + lasts_s,
        )

    async def carry_out(self, measure: Measure, remark: str = "") -> Reply:
        """Open the case and say what became of it.

        Raises:
            UserError: Discord refused it, with its reason; the case is closed.
        """
        # Before the case: what is loaded later may miss it.
        await self._watch.load(measure.guild_id)
        record = await self.ledger.of_order(measure)
        if record is None:
            try:
                record = await self.ledger.open(measure)
            except Busy as busy:
                text = "Another order about this is being carried out just now. Try again in a moment."
                raise UserError(text) from busy
            self._watch.add(record)
        settled = await self.ledger.settled(record.id, _WAIT_S)
        number = record.measure.case
        if settled is None or settled.state == APPLYING:
            text = (
                f"⏳ Discord has not confirmed case #{number} yet. I keep trying, and write to you what becomes of it."
            )
            return Reply(content=text, ephemeral=True)
        if settled.state == "refused":
            raise UserError(f"Case #{number} was {settled.measure.outcome}")
        return Reply(content=wording.answer(settled.measure, remark), ephemeral=True)


def _one_line(text: str) -> str:
    return " ".join(storable_text(text).split())
