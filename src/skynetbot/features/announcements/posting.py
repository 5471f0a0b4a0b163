"""The jobs: posting exactly once, changing what was posted, telling the author what went wrong, dropping old drafts."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Pings, Post
from skynetbot.features.announcements.announcement import (
    CANCELLED,
    DRAFT,
    EDIT_QUEUE,
    EXPIRE_QUEUE,
    FEATURE,
    POST_QUEUE,
    POSTED,
    REFUSED,
    TELL_QUEUE,
    WAITING,
    Announcement,
    Ref,
    body_of,
    dump,
    fingerprint,
)
from skynetbot.features.announcements.settings import AnnouncementSettings
from skynetbot.features.announcements.wording import name_of, post_of
from skynetbot.features.contract import FeatureServices
from skynetbot.jobs.kinds import GiveUp, JobKind, JobRun, RetryLater
from skynetbot.jobs.retries import RetryPolicy
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import DocumentRow, document_delete, document_get, document_update
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work

__all__ = ["Posting", "edit_job"]

_PATIENCE: Final = RetryPolicy(attempts=40, longest_s=300.0)
"""An hour and a half or more of asking again while Discord does not answer; then it counts as refused."""
_MOST_REFUSALS: Final = 5
"""In a row; after that something that repeats is given up."""
_ALREADY_PUBLISHED: Final = 40033
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""


class _Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far an earlier attempt came."""

    message_id: int = 0
    published: bool = False
    print: int = 0
    """The fingerprint of what was posted."""


class _News(msgspec.Struct, frozen=True):
    """The payload of a job that tells somebody something."""

    user_id: int
    text: str


class Posting:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._documents = services.documents
        self._effects = services.effects

    def kinds(self) -> Sequence[JobKind]:
        """Both one-time and repeating announcements are posted late, once, after a downtime."""
        return (
            JobKind(queue=POST_QUEUE, handler=self.post, retries=_PATIENCE, catch_up="late"),
            JobKind(queue=EDIT_QUEUE, handler=self.edit, retries=_PATIENCE),
            JobKind(queue=TELL_QUEUE, handler=self.tell, concurrency=4),
            JobKind(queue=EXPIRE_QUEUE, handler=self.expire, concurrency=4),
        )

    async def post(self, run: JobRun) -> None:
        row = await self._documents.get(FEATURE, run.payload(Ref).id)
        if row is None or row.state != WAITING:
            await run.commit(lambda writer: writer.cancel(POST_QUEUE, run.job.key or ""))
            return
        body = body_of(row)
        done = msgspec.json.decode(run.progress, type=_Done) if run.progress else _Done()
        problem = ""
        try:
            if not done.message_id:
                message_id = await self._effects.post(body.channel_id, post_of(body), nonce=run.nonce)
                done = _Done(message_id, print=fingerprint(body))
                await run.note(dump(done))
            if body.crosspost and not done.published:
                await self._publish(body.channel_id, done.message_id)
                done = replace(done, published=True)
                await run.note(dump(done))
        except EffectRefused as refused:
            _retry_if_delayed(run, refused)
            problem = f"It was posted, and not published: {refused.reason}" if done.message_id else refused.reason
        await run.commit(lambda writer: self._record(writer, row.id, done, problem))

    async def edit(self, run: JobRun) -> None:
        """Make the posted message say what the announcement says now."""
        row = await self._documents.get(FEATURE, run.payload(Ref).id)
        if row is None or not body_of(row).message_id:
            return
        body = body_of(row)
        problem = ""
        try:
            await self._effects.edit_post(body.channel_id, body.message_id, post_of(body))
        except EffectRefused as refused:
            _retry_if_delayed(run, refused)
            problem = f"The posted message was not changed: {refused.reason}"
        said = fingerprint(body)

        def work(writer: JobWriter) -> Work[None]:
            current = yield from document_get(FEATURE, row.id)
            if current is None:
                return
            newest = body_of(current)
            if fingerprint(newest) != said:
                # It was edited again meanwhile, and that edit could not have a job beside this one.
                yield from writer.add(edit_job(current, run.job.user_id, self._services.now()))
            if problem:
                yield from self._keep(current, replace(newest, problem=problem), current.state)
                yield from writer.add(self._news(current, run.job.user_id, problem))

        await run.commit(work)

    async def tell(self, run: JobRun) -> None:
        """By direct message, or in the log channel where that is refused."""
        news = run.payload(_News)
        post = Post(content=news.text)
        try:
            await self._effects.post_directly(news.user_id, post, nonce=run.nonce)
            return
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            problem = refused.reason
        settings = (await self._services.settings.snapshot(run.job.guild_id)).get(AnnouncementSettings)
        if settings.log_channel is None:
            raise GiveUp(f"{problem} There is no log channel to say it in.")
        try:
            named = Post(content=f"<@{news.user_id}> {news.text}", pings=Pings(users=(news.user_id,)))
            await self._effects.post(settings.log_channel, named, nonce=run.nonce)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            raise GiveUp(f"{problem} In the log channel: {refused.reason}") from refused

    async def expire(self, run: JobRun) -> None:
        id_ = run.payload(Ref).id

        def work(_: JobWriter) -> Work[None]:
            row = yield from document_get(FEATURE, id_)
            if row is not None and row.state == DRAFT:
                yield from document_delete(id_)

        await run.commit(work)

    async def _publish(self, channel_id: int, message_id: int) -> None:
        try:
            await self._effects.publish(channel_id, message_id)
        except EffectRefused as refused:
            # Published before a crash, and not noted: Discord says so, and that is all we want.
            if getattr(refused.__cause__, "code", None) != _ALREADY_PUBLISHED:
                raise

    def _record(self, writer: JobWriter, id_: int, done: _Done, problem: str) -> Work[None]:
        """In the transaction that finishes the job or gives it its next time."""
        row = yield from document_get(FEATURE, id_)
        if row is None:
            yield from writer.cancel(POST_QUEUE, str(id_))
            return
        body, now = body_of(row), self._services.now()
        known = problem == body.problem
        refusals = 0 if done.message_id else body.refusals + 1
        state = REFUSED if refusals else POSTED
        if body.recurrence is not None and refusals < _MOST_REFUSALS:
            state = WAITING
        if row.state == CANCELLED:
            state = CANCELLED
        if state != WAITING:
            # Only a job that repeats is still there; this was its last time.
            yield from writer.cancel(POST_QUEUE, str(id_))
        body = replace(body, problem=problem, refusals=refusals)
        if done.message_id:
            body = replace(body, message_id=done.message_id, posted_at=now, published=done.published)
            if done.print != fingerprint(body):
                # It was edited while it was being posted.
                yield from writer.add(edit_job(row, row.user_id, now))
        yield from self._keep(row, body, state)
        if problem and (not known or state == REFUSED):
            ended = "\nI tried it several times in a row and do not go on." if refusals >= _MOST_REFUSALS else ""
            yield from writer.add(self._news(row, row.user_id, f"{problem}{ended}"))

    def _keep(self, row: DocumentRow, body: Announcement, state: str) -> Work[None]:
        if not (yield from document_update(row, body=dump(body), state=state)):
            # Rolls all of it back; the next attempt finds what was noted and the newer document.
            raise RetryLater("The announcement was changed at the same moment.", 0.0)

    def _news(self, row: DocumentRow, user_id: int, problem: str) -> NewJob:
        body = body_of(row)
        guild = self._services.guilds.get(row.guild_id)
        where = f" ({guild.name})" if guild is not None else ""
        return NewJob(
            queue=TELL_QUEUE,
            due=self._services.now(),
            payload=dump(
                _News(
                    user_id,
                    f"⚠️ Announcement {row.id}, “{name_of(body)}”, for <#{body.channel_id}>{where}: {problem}",
                )
            ),
            guild_id=row.guild_id,
            user_id=user_id,
            title=f"Tell the author that announcement {row.id} has a problem",
        )


def edit_job(row: DocumentRow, user_id: int, now: float) -> NewJob:
    """``user_id`` is who edits, and who hears of it should it fail."""
    return NewJob(
        queue=EDIT_QUEUE,
        key=str(row.id),
        due=now,
        payload=dump(Ref(row.id)),
        guild_id=row.guild_id,
        user_id=user_id,
        title=f"Change the posted announcement {row.id}",
    )


def _retry_if_delayed(run: JobRun, refused: EffectRefused) -> None:
    """Raises RetryLater while there is patience; what Discord cannot do now it may do in a minute."""
    if isinstance(refused, EffectDelayed) and run.job.attempts < _PATIENCE.attempts:
        raise RetryLater(refused.reason, refused.after_s) from refused
