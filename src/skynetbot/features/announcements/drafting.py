"""From a command over the form to a preview with its buttons; nothing is posted before one of them is pressed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from skynetbot.discord.commands import CommandContext, PressContext, Reply, UserError
from skynetbot.discord.posts import Button, action_id
from skynetbot.features.announcements.announcement import (
    DRAFT,
    EXPIRE_QUEUE,
    FEATURE,
    MAX_WAITING,
    POST_QUEUE,
    WAITING,
    Announcement,
    Ref,
    body_of,
    dump,
    fingerprint,
)
from skynetbot.features.announcements.desk import Desk
from skynetbot.features.announcements.rules import repetition, zone_of
from skynetbot.features.announcements.when import instant_of
from skynetbot.features.announcements.wording import about, name_of, post_of, problem_of, text_form, time_form
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import DocumentRow, document_delete, document_get, document_insert, document_update
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work
from skynetbot.timephrases import next_occurrence

__all__ = ["Drafting"]

_DRAFT_S: Final = 86_400.0
_GONE: Final = "That draft is gone: it was posted, scheduled or discarded, or it is more than a day old."
_CHANGED: Final = "That draft looks different by now. Use the newest preview of it."


class Drafting:
    """The drafts of the people who are writing; each is its author's alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._documents = desk.services.documents
        self._jobs = desk.services.jobs
        self._now = desk.services.now

    # -- commands --------------------------------------------------------------------------------------------------

    async def now(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        zone = await self._desk.zone(context.guild_id, None)
        return await self._begin(context, replace(self._desk.begun(context), zone=zone))

    async def schedule(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        zone = await self._desk.zone(context.guild_id, context.text("zone"))
        due = self._instant(context.text("when") or "", zone)
        return await self._begin(context, replace(self._desk.begun(context), due=due, zone=zone))

    async def repeat(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        zone = await self._desk.zone(context.guild_id, context.text("zone"))
        now = datetime.fromtimestamp(self._now(), UTC)
        try:
            recurrence = repetition(
                context.text("every") or "", context.text("at") or "", context.text("day") or "", now, ZoneInfo(zone)
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        body = replace(self._desk.begun(context), recurrence=recurrence, zone=zone)
        return await self._begin(context, replace(body, due=self._first(body)))

    async def preview(self, context: CommandContext) -> Reply:
        """Of one that is stored; or of one that is typed now, for this channel and without a ping."""
        typed = context.text("id")
        if typed is None:
            return await self.now(context)
        await self._desk.require(context)
        row = await self._desk.find(context.guild_id, typed)
        if row.state == DRAFT and row.user_id == context.interaction.invoker.id:
            return _shown(row)
        body = body_of(row)
        job = await self._jobs.find(POST_QUEUE, str(row.id))
        body = body if job is None else replace(body, due=job.due)
        return _preview(f"**Announcement {row.id}** ({row.state})\n{about(body)}", body)

    # -- forms and buttons -----------------------------------------------------------------------------------------

    async def typed(self, context: PressContext, row: DocumentRow, body: Announcement) -> Reply:
        """The text form came back for a draft; ``body`` has what was typed."""
        self._require_author(context, row)
        if not await self._documents.update(row, body=dump(body)):
            raise UserError(_GONE)
        return _shown(replace(row, body=dump(body)), update=context.interaction.message is not None)

    async def text(self, context: PressContext) -> Reply:
        return Reply(modal=text_form(await self._mine(context)))

    async def when(self, context: PressContext) -> Reply:
        return Reply(modal=time_form(await self._mine(context)))

    async def timed(self, context: PressContext) -> Reply:
        row = await self._mine(context)
        zone = await self._desk.zone(context.guild_id, context.fields.get("zone") or None)
        due = self._instant(context.fields.get("when", ""), zone)
        body = replace(body_of(row), due=due, zone=zone)
        if not await self._documents.update(row, body=dump(body)):
            raise UserError(_GONE)
        return _shown(replace(row, body=dump(body)), update=True)

    async def confirm(self, context: PressContext) -> Reply:
        return await self._confirm(context, at_once=False)

    async def post_now(self, context: PressContext) -> Reply:
        return await self._confirm(context, at_once=True)

    async def discard(self, context: PressContext) -> Reply:
        row = await self._mine(context)

        def work(writer: JobWriter) -> Work[None]:
            current = yield from document_get(FEATURE, row.id)
            if current is not None and current.state == DRAFT:
                yield from document_delete(row.id)
                yield from writer.cancel(EXPIRE_QUEUE, str(row.id))

        await self._jobs.transaction(FEATURE, "discard", work)
        return Reply(content="Discarded. Nothing was posted.", update=True)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _begin(self, context: CommandContext, body: Announcement) -> Reply:
        """Keep what the options said and open the form: what is typed finds it again, whatever happens to me."""
        guild_id, user_id, at = context.guild_id, context.interaction.invoker.id, self._now()

        def work(writer: JobWriter) -> Work[DocumentRow | None]:
            id_ = yield from document_insert(
                FEATURE, guild_id=guild_id, user_id=user_id, state=DRAFT, body=dump(body), at=at
            )
            yield from writer.add(
                NewJob(
                    queue=EXPIRE_QUEUE,
                    key=str(id_),
                    due=at + _DRAFT_S,
                    payload=dump(Ref(id_)),
                    guild_id=guild_id,
                    user_id=user_id,
                    title="Throw away an announcement that was typed and never confirmed",
                )
            )
            return (yield from document_get(FEATURE, id_))

        row = await self._jobs.transaction(FEATURE, "begin", work)
        if row is None:  # pragma: no cover - it was inserted just now
            raise UserError(_GONE)
        return Reply(modal=text_form(row))

    async def _confirm(self, context: PressContext, *, at_once: bool) -> Reply:
        row = await self._mine(context)
        body = body_of(row)
        if context.number(1) != _shape(body):
            raise UserError(_CHANGED)
        problem = problem_of(body)
        if problem:
            raise UserError(problem)
        now = self._now()
        if at_once:
            body = replace(body, due=None, recurrence=None)
        elif body.recurrence is not None:
            body = replace(body, due=self._first(body))
        elif body.due is not None and body.due <= now:
            raise UserError("That time passed while you were writing. Press “Another time” or “Post now”.")
        if body.due is not None:
            await self._require_room(context.guild_id)
        if not await self._start(row, body, now):
            raise UserError(_GONE)
        if body.due is None:
            said = f"I am posting it in <#{body.channel_id}> (announcement {row.id})."
        else:
            said = (
                f"**Scheduled** as announcement {row.id}.\n{about(body)}\n"
                "`/announce list` shows it, `/announce edit` and `/announce cancel` change it."
            )
        return Reply(content=f"{said}\n-# Should Discord refuse it, I tell you by direct message.", update=True)

    async def _start(self, row: DocumentRow, body: Announcement, now: float) -> bool:
        """The draft becomes a job, in one transaction; False when somebody was faster."""

        def work(writer: JobWriter) -> Work[bool]:
            if not (yield from document_update(row, body=dump(body), state=WAITING)):
                return False
            yield from writer.cancel(EXPIRE_QUEUE, str(row.id))
            yield from writer.add(
                NewJob(
                    queue=POST_QUEUE,
                    key=str(row.id),
                    due=now if body.due is None else body.due,
                    payload=dump(Ref(row.id)),
                    guild_id=row.guild_id,
                    user_id=row.user_id,
                    title=f"Announcement {row.id}: {name_of(body)}",
                    schedule=body.schedule,
                )
            )
            return True

        return await self._jobs.transaction(FEATURE, "start", work)

    async def _require_room(self, guild_id: int) -> None:
        waiting = await self._documents.list(FEATURE, guild_id=guild_id, state=WAITING, limit=MAX_WAITING)
        if len(waiting) >= MAX_WAITING:
            raise UserError(
                f"{MAX_WAITING} announcements wait in this server already, which is the most. "
                "Cancel one with `/announce cancel`, or post this one now."
            )

    async def _mine(self, context: PressContext) -> DocumentRow:
        """The draft that a press is about. Raises UserError."""
        await self._desk.require(context)
        row = await self._documents.get(FEATURE, context.number(0))
        if row is None or row.guild_id != context.guild_id or row.state != DRAFT:
            raise UserError(_GONE)
        self._require_author(context, row)
        return row

    def _require_author(self, context: PressContext, row: DocumentRow) -> None:
        if row.user_id != context.user_id:
            raise UserError("That is somebody else's draft.")

    def _instant(self, text: str, zone: str) -> float:
        try:
            return instant_of(text, self._now(), ZoneInfo(zone))
        except ValueError as error:
            raise UserError(str(error)) from error

    def _first(self, body: Announcement) -> float:
        """When something that repeats is posted next. Raises UserError."""
        after = datetime.fromtimestamp(self._now(), UTC)
        found = None if body.recurrence is None else next_occurrence(body.recurrence, after, zone_of(body.zone))
        if found is None:
            raise UserError("That never happens.")
        return found.timestamp()


def _shape(body: Announcement) -> int:
    """What the buttons of a preview carry: they work only for what the preview showed."""
    return fingerprint(replace(body, title=f"{body.title}\0{body.due}"))


def _shown(row: DocumentRow, *, update: bool = False) -> Reply:
    """A draft as it will look, with its buttons; or what is wrong with it, with a way to correct it."""
    body = body_of(row)
    write = Button(label="Change the text", action=action_id(FEATURE, "text", row.id))
    discard = Button(label="Discard", action=action_id(FEATURE, "discard", row.id), style="danger")
    problem = problem_of(body)
    if problem:
        said = f"⚠️ {problem}\nWhat you typed is kept."
        return Reply(content=said, rows=((write, discard),), ephemeral=True, update=update)
    shape = _shape(body)
    post = Button(label="Post now", action=action_id(FEATURE, "now", row.id, shape), style="success")
    confirm = Button(label="Schedule", action=action_id(FEATURE, "confirm", row.id, shape), style="success")
    if body.recurrence is not None:
        buttons: tuple[Button, ...] = (confirm, write, discard)
    elif body.due is not None:
        later = Button(label="Another time", action=action_id(FEATURE, "when", row.id))
        buttons = (confirm, replace(post, style="secondary"), later, write, discard)
    else:
        later = Button(label="Schedule", action=action_id(FEATURE, "when", row.id))
        buttons = (post, later, write, discard)
    return _preview(
        f"**Preview**: only you see this, and nothing is posted yet.\n{about(body)}",
        body,
        rows=(buttons,),
        update=update,
    )


def _preview(said: str, body: Announcement, *, rows: Sequence[Sequence[Button]] = (), update: bool = False) -> Reply:
    """The embed as it will be, under a line of ours, pinging nobody."""
    post = post_of(body)
    return Reply(
        content=said,
        title=post.title,
        description=post.description,
        color=post.color,
        image=post.image,
        rows=tuple(tuple(row) for row in rows),
        ephemeral=True,
        update=update,
    )
