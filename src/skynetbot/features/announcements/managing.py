"""What stands already: the list, changing one, cancelling one."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from skynetbot.discord.commands import CommandContext, PressContext, Reply, UserError
from skynetbot.features.announcements.announcement import (
    CANCELLED,
    DRAFT,
    FEATURE,
    MAX_WAITING,
    POST_QUEUE,
    POSTED,
    REFUSED,
    WAITING,
    Announcement,
    body_of,
    dump,
    fingerprint,
)
from skynetbot.features.announcements.desk import Desk
from skynetbot.features.announcements.drafting import Drafting
from skynetbot.features.announcements.posting import edit_job
from skynetbot.features.announcements.rules import zones_like
from skynetbot.features.announcements.when import instant_of, shown_instant
from skynetbot.features.announcements.wording import LATE_ONCE, about, line_of, name_of, problem_of, text_form
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import DocumentRow, document_update
from skynetbot.storage.statements import Work
from skynetbot.writes.checks import storable_text

__all__ = ["Managing"]

_RECENT: Final = 5
_MOST_LISTED: Final = 4_000
_BUSY: Final = "It is being posted just now, or somebody changed it at the same moment. Look at it and try again."


class Managing:
    def __init__(self, desk: Desk, drafting: Drafting) -> None:
        self._desk = desk
        self._drafting = drafting
        self._documents = desk.services.documents
        self._jobs = desk.services.jobs
        self._now = desk.services.now

    async def list(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        waiting = [(await self._due(row), row) for row in await self._of(context.guild_id, WAITING, MAX_WAITING)]
        waiting.sort(key=lambda pair: (pair[0], pair[1].id))
        lines = [line_of(row, due) for due, row in waiting]
        ended = [
            *await self._of(context.guild_id, POSTED, _RECENT),
            *await self._of(context.guild_id, REFUSED, _RECENT),
        ]
        ended.sort(key=lambda row: -row.id)
        recent = [line_of(row) for row in ended[:_RECENT]]
        text = "\n".join(lines) or "Nothing waits. `/announce schedule` and `/announce repeat` make something wait."
        return Reply(
            title="Announcements",
            description=text[:_MOST_LISTED],
            fields=(("Lately", _fitting(recent, 1_024), False),) if recent else (),
            footer="Times are shown in your own time zone.",
            ephemeral=True,
        )

    async def edit(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        row = await self._desk.find(context.guild_id, context.text("id") or "")
        self._require_editable(context, row)
        when = context.text("when")
        if when is None:
            return Reply(modal=text_form(row))
        return await self._move(context, row, when)

    async def typed(self, context: PressContext) -> Reply:
        """The text form came back, of a draft or of something that stands."""
        await self._desk.require(context)
        row = await self._desk.find(context.guild_id, context.number(0))
        old, fields = body_of(row), context.fields
        body = replace(
            old,
            title=storable_text(fields.get("title", "").strip()),
            text=storable_text(fields.get("text", "").strip()),
            color=storable_text(fields.get("color", "").strip()),
            image=storable_text(fields.get("image", "").strip()),
        )
        if context.number(1) != fingerprint(old):
            raise UserError(
                "Nothing was saved: it was changed since you opened the form. What you typed:\n"
                f"```\n{body.text[:1_500].replace('```', '')}\n```"
            )
        if row.state == DRAFT:
            return await self._drafting.typed(context, row, body)
        self._require_editable(context, row)
        problem = problem_of(body)
        if problem:
            text = body.text[:1_500].replace("```", "")
            raise UserError(f"Nothing was saved. {problem} What you typed:\n```\n{text}\n```")
        await self._save(row, body, context.user_id)
        said = "Saved, and I am changing the message." if row.state == POSTED else "Saved."
        if row.state == WAITING and body.message_id:
            said = "Saved for the next times, and I am changing the message that was posted last."
        return Reply(content=f"{said} (announcement {row.id})\n{about(body)}", ephemeral=True)

    async def cancel(self, context: CommandContext) -> Reply:
        await self._desk.require(context)
        row = await self._desk.find(context.guild_id, context.text("id") or "")
        if row.state != WAITING:
            raise UserError(_why_not_cancel(row))
        repeats = body_of(row).recurrence is not None
        job = await self._jobs.find(POST_QUEUE, str(row.id))
        if job is not None and job.progress is not None:
            raise UserError(
                "It was posted just now, and only publishing it is not done yet. Delete the message instead."
            )

        def work(writer: JobWriter) -> Work[bool]:
            waits = yield from writer.cancel(POST_QUEUE, str(row.id))
            # Of something that repeats the job may be running: it then finds this state, and that was its last time.
            if not waits and not repeats:
                return False
            return (yield from document_update(row, state=CANCELLED))

        if not await self._jobs.transaction(FEATURE, "cancel", work):
            raise UserError(_BUSY)
        return Reply(content=f"Cancelled: announcement {row.id}, “{name_of(body_of(row))}”.", ephemeral=True)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        if option == "zone":
            return [(name, name) for name in zones_like(typed)]
        if option != "id" or not await self._desk.may(context):
            return ()
        path, _ = context.interaction.path()
        states = (WAITING,) if path[-1] == "cancel" else (WAITING, POSTED)
        rows = [row for state in states for row in await self._of(context.guild_id, state, MAX_WAITING)]
        labels = [(f"{row.id} · {name_of(body_of(row))}", str(row.id)) for row in rows]
        wanted = typed.strip().lower()
        return [(label, value) for label, value in labels if wanted in label.lower()]

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _of(self, guild_id: int, state: str, limit: int) -> Sequence[DocumentRow]:
        return await self._documents.list(FEATURE, guild_id=guild_id, state=state, limit=limit)

    async def _due(self, row: DocumentRow) -> float:
        job = await self._jobs.find(POST_QUEUE, str(row.id))
        return job.due if job is not None else body_of(row).due or row.at

    def _require_editable(self, context: CommandContext | PressContext, row: DocumentRow) -> None:
        if row.state not in (WAITING, POSTED):
            said = "is still a draft" if row.state == DRAFT else f"was {row.state}"
            raise UserError(f"Announcement {row.id} {said}, so there is nothing to change. Announce anew.")
        if row.state == WAITING:
            # What is posted already pings nobody again, whatever is edited.
            self._desk.require_ping(context, body_of(row))

    async def _save(self, row: DocumentRow, body: Announcement, user_id: int) -> None:
        def work(writer: JobWriter) -> Work[bool]:
            if not (yield from document_update(row, body=dump(body))):
                return False
            if body.message_id:
                yield from writer.add(edit_job(row, user_id, self._now()))
            return True

        if not await self._jobs.transaction(FEATURE, "edit", work):
            raise UserError(_BUSY)

    async def _move(self, context: CommandContext, row: DocumentRow, when: str) -> Reply:
        old = body_of(row)
        if row.state != WAITING:
            raise UserError(f"Announcement {row.id} was posted already, so its time cannot be changed.")
        if old.recurrence is not None:
            raise UserError("That one repeats. Cancel it, and make a new one with `/announce repeat`.")
        zone = await self._desk.zone(context.guild_id, context.text("zone") or old.zone)
        try:
            due = instant_of(when, self._now(), ZoneInfo(zone))
        except ValueError as error:
            raise UserError(str(error)) from error

        def work(writer: JobWriter) -> Work[bool]:
            if not (yield from writer.move(POST_QUEUE, str(row.id), due)):
                return False
            return (yield from document_update(row, body=dump(replace(old, due=due, zone=zone))))

        if not await self._jobs.transaction(FEATURE, "move", work):
            raise UserError(_BUSY)
        said = f"Announcement {row.id} is posted on {shown_instant(due, ZoneInfo(zone))} now. {LATE_ONCE}"
        return Reply(content=said, ephemeral=True)


def _why_not_cancel(row: DocumentRow) -> str:
    if row.state == POSTED:
        return f"Announcement {row.id} was posted already. Delete its message, or change it with `/announce edit`."
    if row.state == DRAFT:
        return f"Announcement {row.id} is a draft; its author can discard it, and it goes away by itself."
    return f"Announcement {row.id} was {row.state} already."


def _fitting(lines: Sequence[str], most: int) -> str:
    """As many whole lines as fit."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > most:
            break
        text += f"{line}\n"
    return text.rstrip()
