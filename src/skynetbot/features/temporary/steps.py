"""The jobs: carry out, end, keep up, tell. Discord is acted on only here, so that every outcome is recorded."""

from collections.abc import Sequence
from typing import Final

import msgspec

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Post
from skynetbot.features.contract import FeatureServices
from skynetbot.features.temporary import wording
from skynetbot.features.temporary.actions import Actions
from skynetbot.features.temporary.ledger import APPLY, END, KEEP, TELL, Changed, Ledger, Record, Ref, Tell
from skynetbot.features.temporary.measures import ACTIVE, APPLYING, Measure
from skynetbot.features.temporary.rules import next_renewal
from skynetbot.features.temporary.settings import TemporarySettings
from skynetbot.jobs.kinds import GiveUp, JobKind, JobRun, RetryLater
from skynetbot.jobs.retries import RetryPolicy
from skynetbot.jobs.service import JobWriter, WriterWork
from skynetbot.storage.statements import Work

__all__ = ["LATE_S", "Steps"]

LATE_S: Final = 1.5
"""After this the moderator may have been answered already, and is told the outcome by direct message."""
_SOON_S: Final = 0.1
_TOLD: Final = "told"


class Steps:
    def __init__(self, services: FeatureServices, ledger: Ledger) -> None:
        self._services = services
        self._ledger = ledger
        self._actions = Actions(services)

    def kinds(self) -> tuple[JobKind, ...]:
        return (
            JobKind(queue=APPLY, handler=self.apply, retries=RetryPolicy(attempts=12, first_s=0.5, longest_s=300)),
            # What cannot be ended (a permission is missing) is tried for about a week before it is given up.
            JobKind(queue=END, handler=self.end, retries=RetryPolicy(attempts=60, first_s=0.5, longest_s=21_600)),
            JobKind(queue=KEEP, handler=self.keep, retries=RetryPolicy(attempts=12, first_s=0.5)),
            JobKind(queue=TELL, handler=self.tell),
        )

    async def apply(self, run: JobRun) -> None:
        """Carry a measure out, and replace what is in force about the same thing."""
        record = await self._ledger.get(run.payload(Ref).id)
        if record is None or record.state != APPLYING:
            return
        expires_at = record.measure.expires_at
        if expires_at is not None and self._services.now() >= expires_at:
            return  # an attempt that died may have done it: the job that ends it undoes it
        replaced = await self._ledger.active_on(record.measure)
        for other in replaced:
            await self._wait_for(other, END, KEEP)
        record = await self._inherit(record, replaced)
        measure = record.measure
        settings = await self._settings(measure.guild_id)
        told = await self._tell_before(run, measure, settings)
        try:
            await self._actions.carry_out(measure)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            await self._refused(run, record, refused.reason, settings, told=bool(told))
            return
        tells = self._began(measure, settings, "They could not be told by direct message." if told is False else "")
        renew_at = None
        if measure.kind == "mute" and expires_at is not None:
            renew_at = next_renewal(expires_at, self._services.now())
        await self._commit(run, lambda writer: self._ledger.applied(writer, record, replaced, renew_at, tells))
        for other in replaced:
            self._ledger.on_closed(other.measure, other.id)

    async def end(self, run: JobRun) -> None:
        """Undo a measure at its time; also one that Discord never confirmed, for it may be in force."""
        record = await self._ledger.get(run.payload(Ref).id)
        if record is None or record.state not in (APPLYING, ACTIVE):
            return
        measure = record.measure
        await self._wait_for(record, KEEP)
        await self._wait_for_order(measure)
        waits = await self._services.jobs.find(APPLY, measure.thing_key)
        is_ours = waits is not None and msgspec.json.decode(waits.payload, type=Ref).id == record.id
        try:
            outcome = await self._actions.undo(measure)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            await self._trouble(record, refused.reason, wording.stuck(measure, refused.reason))
            raise RetryLater(refused.reason) from refused
        if record.state == APPLYING:
            outcome = "it was over before Discord confirmed it"
        tells = self._to_log(await self._settings(measure.guild_id), wording.over(measure, outcome))

        def work(writer: JobWriter) -> Work[None]:
            if is_ours and not (yield from writer.cancel(APPLY, measure.thing_key)):
                raise Changed
            yield from self._ledger.closed(writer, record, "ended", outcome, tells)

        await self._commit(run, work)
        self._ledger.on_closed(measure, record.id)

    async def keep(self, run: JobRun) -> None:
        """Renew a timeout that Discord keeps for 28 days only, or give back what went with a member who left."""
        ref = run.payload(Ref)
        record = await self._ledger.get(ref.id)
        now = self._services.now()
        if record is None or record.state != ACTIVE:
            return
        measure = record.measure
        if measure.expires_at is None or now >= measure.expires_at:
            return
        await self._wait_for(record, END)
        await self._wait_for_order(measure)
        if measure.kind == "mute" and not ref.returned and self._was_lifted(measure, now):
            await self._lifted(run, record)
            return
        try:
            await self._actions.carry_out(measure)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            await self._trouble(record, refused.reason, wording.not_kept_up(measure, refused.reason))
            raise GiveUp(refused.reason) from refused
        renew_at = next_renewal(measure.expires_at, now) if measure.kind == "mute" else None
        if renew_at is not None:
            following = self._ledger.keeping(record, renew_at)
            await run.commit(lambda writer: writer.add(following))

    async def tell(self, run: JobRun) -> None:
        """Say what was decided to be said."""
        tell = run.payload(Tell)
        post = Post(content=tell.text)
        try:
            if tell.to == "channel":
                await self._services.effects.post(tell.id, post, nonce=run.nonce)
            else:
                await self._services.effects.post_directly(tell.id, post, nonce=run.nonce)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            # Who takes no direct messages has decided so; /case show says the same.
            if tell.to == "channel":
                raise GiveUp(refused.reason) from refused

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _settings(self, guild_id: int) -> TemporarySettings:
        return (await self._services.settings.snapshot(guild_id)).get(TemporarySettings)

    async def _wait_for(self, record: Record, *queues: str) -> None:
        """Two jobs that change one thing in Discord at once would leave it to chance which of them was last.

        Each looks for the other after it is leased itself, so that never both go on.
        """
        for queue in queues:
            if await self._ledger.in_hand(queue, str(record.id)):
                raise RetryLater(f"case #{record.measure.case} is worked on just now", _SOON_S)

    async def _wait_for_order(self, measure: Measure) -> None:
        if await self._ledger.in_hand(APPLY, measure.thing_key):
            raise RetryLater("something else is done about it just now", _SOON_S)

    async def _inherit(self, record: Record, replaced: Sequence[Record]) -> Record:
        """Of measures that replace each other, "before" is what was before the first of them."""
        if not record.measure.info.of_channel or not replaced:
            return record
        first = replaced[0].measure
        measure = msgspec.structs.replace(record.measure, before=first.before, bits=record.measure.bits | first.bits)
        if measure == record.measure:
            return record
        changed = await self._ledger.rewrite(record, measure)
        if changed is None:
            raise RetryLater("the case was changed meanwhile", _SOON_S)
        return changed

    async def _tell_before(self, run: JobRun, measure: Measure, settings: TemporarySettings) -> bool | None:
        """Tell of a ban before it, for afterwards nobody can write to them; whether it worked, None: not tried."""
        text = self._direct(measure) if measure.kind == "tempban" and settings.tell_member else None
        if text is None:
            return None
        if run.progress is not None:
            return run.progress == _TOLD
        try:
            await self._services.effects.post_directly(measure.target_id, Post(content=text), nonce=run.nonce)
        except EffectRefused:
            await run.note("not told")
            return False
        await run.note(_TOLD)
        return True

    def _direct(self, measure: Measure) -> str | None:
        guild = self._services.guilds.get(measure.guild_id)
        role = self._services.guilds.standing.role(measure.guild_id, measure.role_id)
        return wording.direct(measure, guild.name if guild else "the server", role.name if role else "a role")

    def _began(self, measure: Measure, settings: TemporarySettings, remark: str) -> list[Tell]:
        tells = self._to_log(settings, wording.logged(measure, remark))
        if self._services.now() - measure.at > LATE_S:
            tells.append(Tell("user", measure.moderator_id, wording.answer(measure, remark)))
        text = self._direct(measure) if settings.tell_member and measure.kind != "tempban" else None
        if text is not None:
            tells.append(Tell("user", measure.target_id, text))
        return tells

    def _to_log(self, settings: TemporarySettings, text: str) -> list[Tell]:
        return [] if settings.log_channel is None else [Tell("channel", settings.log_channel, text)]

    async def _refused(
        self, run: JobRun, record: Record, reason: str, settings: TemporarySettings, *, told: bool
    ) -> None:
        measure = record.measure
        text = wording.not_carried_out(measure, reason)
        tells = self._to_log(settings, text)
        if self._services.now() - measure.at > LATE_S:
            tells.append(Tell("user", measure.moderator_id, text))
        if told:
            tells.append(Tell("user", measure.target_id, "That ban was not carried out after all."))
        outcome = f"not carried out: {reason}"
        await self._commit(run, lambda writer: self._ledger.closed(writer, record, "refused", outcome, tells))
        self._ledger.on_closed(measure, record.id)

    async def _trouble(self, record: Record, reason: str, text: str) -> None:
        """Tell once of what goes on being impossible; the case stays open, for the measure still stands."""
        measure = record.measure
        if measure.problem == reason:
            return
        settings = await self._settings(measure.guild_id)
        tells = [*self._to_log(settings, text), Tell("user", measure.moderator_id, text)]
        await self._ledger.rewrite(record, msgspec.structs.replace(measure, problem=reason), tells)

    def _was_lifted(self, measure: Measure, now: float) -> bool:
        member = self._services.guilds.standing.member(measure.guild_id, measure.target_id)
        return member is not None and (member.timeout_until is None or member.timeout_until <= now)

    async def _lifted(self, run: JobRun, record: Record) -> None:
        outcome = "ended by hand in Discord"
        tells = self._to_log(await self._settings(record.measure.guild_id), wording.over(record.measure, outcome))
        await self._commit(run, lambda writer: self._ledger.closed(writer, record, "lifted", outcome, tells))
        self._ledger.on_closed(record.measure, record.id)

    async def _commit(self, run: JobRun, work: WriterWork[None]) -> None:
        try:
            await run.commit(work)
        except Changed as changed:
            raise RetryLater("the case was changed meanwhile", _SOON_S) from changed
