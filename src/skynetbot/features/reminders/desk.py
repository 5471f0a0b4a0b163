"""What people say about their reminders, and what they are told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.discord.commands import CommandContext, PressContext, Reply, UserError
from skynetbot.features import zones
from skynetbot.features.contract import FeatureServices
from skynetbot.features.reminders.firing import QUEUE
from skynetbot.features.reminders.model import OPEN, Reminder, read, summary
from skynetbot.features.reminders.settings import ReminderSettings
from skynetbot.jobs.schedules import Schedule, packed
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import (
    DocumentRow,
    document_delete,
    document_insert,
    document_update,
)
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work
from skynetbot.timephrases import Refused, parse

__all__ = ["Desk"]

FEATURE: Final = "reminders"
_MAX_TEXT: Final = 1_500
_MOST_BY_MESSAGE: Final = 25
_LISTED: Final = 20


class Desk:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._documents = services.documents

    async def remind_me(self, context: CommandContext) -> Reply:
        invoker = context.interaction.invoker
        reminder, note = await self._understood(context, context.text("what") or "", here=context.flag("here"))
        guild_id = context.interaction.guild_id or 0
        most = await self._most(guild_id)
        pending = await self._documents.list(FEATURE, user_id=invoker.id, state=OPEN, limit=most)
        if len(pending) >= most:
            raise UserError(f"You have {most} reminders, which is the limit. Cancel one with `/reminders cancel`.")
        await self._insert(guild_id, invoker.id, reminder)
        return Reply(content=_promise(reminder, note), ephemeral=True)

    async def list(self, context: CommandContext) -> Reply:
        rows = await self._documents.list(FEATURE, user_id=context.interaction.invoker.id, state=OPEN, limit=100)
        if not rows:
            return Reply(content="You have no reminders. Set one with `/remindme`.", ephemeral=True)
        shown = sorted(rows, key=lambda row: read(row).due)[:_LISTED]
        more = f" · the next {_LISTED} of {len(rows)}" if len(rows) > _LISTED else ""
        return Reply(
            title="Your reminders",
            fields=tuple((*summary(row), False) for row in shown),
            footer=f"Times are shown in your own zone{more}",
            ephemeral=True,
        )

    async def edit(self, context: CommandContext) -> Reply:
        row = await self._mine(context.interaction.invoker.id, context.snowflake("reminder") or 0)
        before = read(row)
        reminder, note = await self._understood(context, context.text("what") or "", here=False)
        if not reminder.text or reminder.text == "Reminder":
            reminder = msgspec.structs.replace(reminder, text=before.text)
        reminder = msgspec.structs.replace(reminder, channel_id=before.channel_id, asked_in=before.asked_in)

        def work(writer: JobWriter) -> Work[bool]:
            if not (yield from document_update(row, body=_body(reminder))):
                return False
            yield from writer.add(_job(row.id, row.guild_id, row.user_id, reminder))
            return True

        if not await self._services.jobs.transaction(FEATURE, "edit", work):
            raise UserError("That reminder was changed just now. Look at `/reminders list` and try again.")
        return Reply(content=_promise(reminder, note), ephemeral=True)

    async def cancel(self, context: CommandContext) -> Reply:
        row = await self._mine(context.interaction.invoker.id, context.snowflake("reminder") or 0)

        def work(writer: JobWriter) -> Work[None]:
            yield from writer.cancel(QUEUE, str(row.id))
            yield from document_delete(row.id)

        await self._services.jobs.transaction(FEATURE, "cancel", work)
        return Reply(content=f"Forgotten: {read(row).text[:_MAX_TEXT]}", ephemeral=True)

    async def time_zone(self, context: CommandContext) -> Reply:
        zone = context.text("zone") or ""
        if zone not in zones.known_zones():
            raise UserError(f"I know no time zone {zone[:50]!r}. Choose one from the list, such as Europe/Berlin.")
        user_id = context.interaction.invoker.id
        before, row = await zones.preference_of(self._documents, user_id)
        day_first = context.flag("day_first") if "day_first" in context.options else before.day_first
        body = msgspec.json.encode(zones.Preference(zone=zone, day_first=day_first, chosen=True)).decode()

        def work(_: JobWriter) -> Work[None]:
            if row is None or not (yield from document_update(row, body=body)):
                yield from document_insert(
                    zones.FEATURE, guild_id=0, user_id=user_id, state=OPEN, body=body, at=self._services.now()
                )

        await self._services.jobs.transaction(zones.FEATURE, "set", work)
        clock = datetime.fromtimestamp(self._services.now(), ZoneInfo(zone))
        return Reply(content=f"Your time zone is {zone}, where it is {clock:%H:%M} now.", ephemeral=True)

    async def snooze(self, context: PressContext) -> Reply:
        row = await self._mine(context.user_id, context.number(0), state=None)
        due = self._services.now() + context.number(1) * 60
        # What repeats goes on by itself; the snoozed one is another.
        again = msgspec.structs.replace(read(row), due=due, schedule=None)
        await self._insert(row.guild_id, row.user_id, again)
        return Reply(content=f"💤 {again.text}\nI remind you again <t:{int(due)}:R>.", update=True)

    async def done(self, context: PressContext) -> Reply:
        row = await self._mine(context.user_id, context.number(0), state=None)
        return Reply(content=f"✅ {read(row).text}", update=True)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        if option != "reminder":
            return ()
        rows = await self._documents.list(FEATURE, user_id=context.interaction.invoker.id, state=OPEN, limit=100)
        pairs = [(f"{row.id}. {read(row).text}"[:90], str(row.id)) for row in rows]
        return [pair for pair in pairs if typed.lower() in pair[0].lower()][:25]

    async def complete_zone(self, _: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        if option != "zone":
            return ()
        return zones.matching_zones(typed, datetime.fromtimestamp(self._services.now(), UTC))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _understood(self, context: CommandContext, text: str, *, here: bool) -> tuple[Reminder, str]:
        preference, _ = await zones.preference_of(self._documents, context.interaction.invoker.id)
        zone = ZoneInfo(preference.zone)
        now = datetime.fromtimestamp(self._services.now(), UTC)
        found = parse(text, now=now, zone=zone, day_first=preference.day_first)
        if isinstance(found, Refused):
            first, second = found.examples
            raise UserError(f"{found.reason} Try “{first} …” or “{second} …”.")
        interaction = context.interaction
        if here and interaction.guild_id is not None:
            settings = (await self._services.settings.snapshot(interaction.guild_id)).get(ReminderSettings)
            if not settings.in_channels:
                raise UserError("This server wants reminders by direct message only. Leave out `here`.")
        note = found.note
        if not preference.chosen:
            note = f"{note} I read times as UTC until you choose your zone with `/timezone`.".strip()
        reminder = Reminder(
            text=found.rest[:_MAX_TEXT] or "Reminder",
            due=found.instant.timestamp(),
            shown=found.shown,
            channel_id=interaction.channel_id if here and interaction.guild_id is not None else None,
            asked_in=interaction.channel_id if interaction.guild_id is not None else None,
            schedule=None if found.recurrence is None else Schedule(found.recurrence, preference.zone),
        )
        return reminder, note

    async def _insert(self, guild_id: int, user_id: int, reminder: Reminder) -> int:
        now = self._services.now()

        def work(writer: JobWriter) -> Work[int]:
            id_ = yield from document_insert(
                FEATURE, guild_id=guild_id, user_id=user_id, state=OPEN, body=_body(reminder), at=now
            )
            yield from writer.add(_job(id_, guild_id, user_id, reminder))
            return id_

        return await self._services.jobs.transaction(FEATURE, "add", work)

    async def _mine(self, user_id: int, id_: int, state: str | None = OPEN) -> DocumentRow:
        row = await self._documents.get(FEATURE, id_)
        if row is None or row.user_id != user_id or (state is not None and row.state != state):
            raise UserError("You have no such reminder. `/reminders list` shows yours.")
        return row

    async def _most(self, guild_id: int) -> int:
        if not guild_id:
            return _MOST_BY_MESSAGE
        return (await self._services.settings.snapshot(guild_id)).get(ReminderSettings).most


def _body(reminder: Reminder) -> str:
    return msgspec.json.encode(reminder).decode()


def _job(id_: int, guild_id: int, user_id: int, reminder: Reminder) -> NewJob:
    return NewJob(
        queue=QUEUE,
        key=str(id_),
        due=reminder.due,
        payload=str(id_),
        guild_id=guild_id,
        user_id=user_id,
        # Not what it says: moderators see the titles of what is pending.
        title="A member's reminder",
        schedule=None if reminder.schedule is None else packed(reminder.schedule),
    )


def _promise(reminder: Reminder, note: str) -> str:
    where = f" in <#{reminder.channel_id}>" if reminder.channel_id else ""
    text = f"I will remind you **{reminder.shown}** (<t:{int(reminder.due)}:R>){where}: {reminder.text}"
    return f"{text}\n{note}" if note else text
