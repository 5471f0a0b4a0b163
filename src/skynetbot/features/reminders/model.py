"""What a reminder is, as it is stored, and how it is shown."""

import msgspec

from skynetbot.jobs.schedules import Schedule
from skynetbot.storage.documents import DocumentRow

__all__ = ["DONE", "OPEN", "Reminder", "read", "summary"]

OPEN = "open"
DONE = "done"


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """``channel_id`` None: by direct message. ``due`` is seconds since 1970, of the next time if it repeats."""

    text: str
    due: float
    shown: str
    """When, as it was understood, in words."""
    channel_id: int | None = None
    asked_in: int | None = None
    """The channel in which it was asked for: where it goes if direct messages are refused."""
    schedule: Schedule | None = None


def read(row: DocumentRow) -> Reminder:
    return msgspec.json.decode(row.body, type=Reminder)


def summary(row: DocumentRow) -> tuple[str, str]:
    """A line for a list: what, and when."""
    reminder = read(row)
    when = f"<t:{int(reminder.due)}:F> (<t:{int(reminder.due)}:R>)"
    if reminder.schedule is not None:
        when = f"{reminder.shown}, next {when}"
    where = f" in <#{reminder.channel_id}>" if reminder.channel_id else ""
    return f"{row.id}. {reminder.text[:200]}", when + where
