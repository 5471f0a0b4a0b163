"""The job: at most one message for each day, whatever crashes; a day missed by more than two hours is left out."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Pings, Post
from skynetbot.features.contract import FeatureServices
from skynetbot.features.motd.keeper import QUEUE
from skynetbot.features.motd.memory import Memory
from skynetbot.features.motd.rules import GRACE_S, chosen, daily, day_due
from skynetbot.features.motd.settings import MotdSettings
from skynetbot.jobs.kinds import JobKind, JobRun, RetryLater
from skynetbot.jobs.retries import RetryPolicy
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.statements import Work

__all__ = ["Poster", "message_of"]

_PATIENCE: Final = RetryPolicy(attempts=1_000, longest_s=300.0)
"""Without an end of its own: after the grace there is nothing to be posted any more."""


class _Done(msgspec.Struct, frozen=True):
    message_id: int
    text: str
    due: float


class Poster:
    def __init__(self, services: FeatureServices, memory: Memory) -> None:
        self._services = services
        self._memory = memory

    def kind(self) -> JobKind:
        return JobKind(queue=QUEUE, handler=self.post, retries=_PATIENCE, catch_up="skip", grace_s=GRACE_S)

    async def post(self, run: JobRun) -> None:
        guild_id = run.job.guild_id
        settings = (await self._services.settings.snapshot(guild_id)).get(MotdSettings)
        if not settings.enabled or settings.channel is None or not settings.messages:
            await run.commit(lambda writer: writer.cancel(QUEUE, run.job.key or ""))
            return
        (row, kept), now = await self._memory.read(guild_id), self._services.now()
        done = msgspec.json.decode(run.progress, type=_Done) if run.progress else None
        if done is None:
            due = day_due(daily(settings.time, settings.zone), now, kept.due)
            if due is None:
                # Too late, or the day has its message: the job goes on with its next time.
                return
            text = chosen(settings.messages, settings.order, kept.text, f"{guild_id} {due}")
            try:
                nonce = _nonce(guild_id, due, settings.zone)
                message_id = await self._services.effects.post(
                    settings.channel, message_of(settings, text, guild_id), nonce=nonce
                )
            except EffectDelayed as delayed:
                raise RetryLater(delayed.reason, delayed.after_s) from delayed
            except EffectRefused as refused:
                await self._refused(run, refused.reason, now)
                return
            done = _Done(message_id, text, due)
            await run.note(msgspec.json.encode(done).decode())
        served = replace(kept, due=done.due, text=done.text, message_id=done.message_id, problem="", problem_at=0)
        await run.commit(lambda _: self._memory.write(row, guild_id, served, now))

    async def _refused(self, run: JobRun, reason: str, now: float) -> None:
        guild_id = run.job.guild_id
        row, kept = await self._memory.read(guild_id)

        def work(writer: JobWriter) -> Work[None]:
            yield from self._memory.write(row, guild_id, replace(kept, problem=reason, problem_at=now), now)
            if self._services.guilds.get(guild_id) is None:
                # Removed from the server while nobody was looking; an invitation brings the job back.
                yield from writer.cancel(QUEUE, run.job.key or "")

        await run.commit(work)


def message_of(settings: MotdSettings, text: str, guild_id: int) -> Post:
    # The role of everybody has the server's id; this feature does not ping everybody.
    roles = tuple(role for role in settings.ping_role if role != guild_id)
    return Post(
        content=" ".join(f"<@&{role}>" for role in roles),
        title="Message of the day",
        description=text.replace(r"\n", "\n"),
        pings=Pings(roles=roles),
    )


def _nonce(guild_id: int, due: float, zone: str) -> str:
    """One for each day of a server, whichever job or attempt posts."""
    return f"{guild_id:x}-{datetime.fromtimestamp(due, ZoneInfo(zone)):%y%m%d}"[-25:]
