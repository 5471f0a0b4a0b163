"""What each kind of measure does in Discord, and how it is undone. Everything here may be done twice."""

from skynetbot.discord.effects import EffectRefused
from skynetbot.discord.guilds import Standing
from skynetbot.features.contract import FeatureServices
from skynetbot.features.temporary.measures import Before, Measure
from skynetbot.features.temporary.rules import everyone_before, locked, restored, timeout_end
from skynetbot.features.temporary.wording import audit_reason

__all__ = ["Actions"]


class Actions:
    """Raises what `DiscordEffects` raises."""

    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._effects = services.effects

    @property
    def _standing(self) -> Standing:
        return self._services.guilds.standing

    async def carry_out(self, measure: Measure) -> None:
        effects, guild_id, target_id = self._effects, measure.guild_id, measure.target_id
        reason = audit_reason(measure)
        match measure.kind:
            case "tempban":
                await effects.ban(guild_id, target_id, reason=reason, delete_message_s=measure.delete_message_s)
            case "unban":
                await effects.unban(guild_id, target_id, reason=reason)
            case "mute":
                await self._time_out(measure, reason)
            case "unmute":
                await effects.time_out(guild_id, target_id, None, reason=reason)
            case "temprole":
                await effects.give_role(guild_id, target_id, measure.role_id, reason=reason)
            case "untemprole":
                await effects.take_role(guild_id, target_id, measure.role_id, reason=reason)
            case "lock":
                allow, deny = locked(self._now_of(measure), measure.bits)
                await effects.set_overwrite(target_id, guild_id, allow=allow, deny=deny, reason=reason)
            case "unlock":
                await self._restore(measure, reason)
            case "slowmode":
                await effects.slow_down(target_id, measure.seconds, reason=reason)

    async def undo(self, measure: Measure) -> str:
        """At its time; returns what became of it."""
        effects, guild_id, target_id = self._effects, measure.guild_id, measure.target_id
        reason = audit_reason(measure, end=True)
        try:
            match measure.kind:
                case "tempban":
                    await effects.unban(guild_id, target_id, reason=reason)
                case "temprole":
                    await effects.take_role(guild_id, target_id, measure.role_id, reason=reason)
                case "lock":
                    await self._restore(measure, reason)
                case "slowmode":
                    before = measure.before or Before()
                    await effects.slow_down(target_id, before.slow_mode_s, reason=reason)
                case _:
                    # A timeout ends in Discord by itself; ending it here would cut short one that a moderator made
                    # longer by hand.
                    pass
        except EffectRefused:
            if not self._is_gone(measure):
                raise
            return "the channel does not exist any more"
        return "ended at its time"

    async def _time_out(self, measure: Measure, reason: str) -> None:
        now = self._services.now()
        until = timeout_end(measure.expires_at if measure.expires_at is not None else now, now)
        await self._effects.time_out(measure.guild_id, measure.target_id, until, reason=reason)

    async def _restore(self, measure: Measure, reason: str) -> None:
        before = measure.before or Before()
        allow, deny = restored(self._now_of(measure), before, measure.bits)
        await self._effects.set_overwrite(measure.target_id, measure.guild_id, allow=allow, deny=deny, reason=reason)

    def _now_of(self, measure: Measure) -> Before:
        """The overwrite of @everyone as it is; as it was before, where the channel is not known (after a start)."""
        channel = self._standing.channel(measure.guild_id, measure.target_id)
        if channel is None:
            return measure.before or Before()
        return everyone_before(measure.guild_id, channel.overwrites)

    def _is_gone(self, measure: Measure) -> bool:
        known = self._services.guilds.get(measure.guild_id) is not None
        return measure.info.of_channel and known and self._standing.channel(measure.guild_id, measure.target_id) is None
