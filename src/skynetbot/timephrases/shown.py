"""Says what was understood, in words that ``parse`` reads as the same instant."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.timephrases.recurrence import Recurrence

__all__ = ["WEEKDAY_NAMES", "dated", "describe", "moment", "show"]

WEEKDAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}


def show(instant: datetime, recurrence: Recurrence | None, now: datetime, zone: ZoneInfo) -> str:
    """ "tomorrow, Thursday 26 November 2026 at 17:00 (Europe/Berlin)", after the rule if it repeats."""
    when = moment(instant, now, zone)
    return when if recurrence is None else f"{describe(recurrence)}, starting {when}"


def moment(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """One instant, with its weekday, and today or tomorrow in front."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    at = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    if local.fold:  # the second of two: only its offset tells them apart
        at += f" {_offset(local)}"
    near = {today: "today, ", today + timedelta(days=1): "tomorrow, "}.get(local.date(), "")
    return f"{near}{WEEKDAY_NAMES[local.weekday()]} {dated(local.date())} at {at} ({zone.key})"


def describe(recurrence: Recurrence) -> str:
    """ "every 2 weeks on Monday and Friday at 09:00"."""
    step, every = recurrence.step, recurrence.every
    if step == "week" and recurrence.weekdays:
        names = (
            "weekday"
            if recurrence.weekdays == (0, 1, 2, 3, 4)
            else _listed(WEEKDAY_NAMES[n] for n in recurrence.weekdays)
        )
        said = f"every {names}" if every == 1 else f"every {every} weeks on {names}"
    else:
        said = f"every {step}" if every == 1 else f"every {every} {step}s"
        if step == "month":
            said += f" on the {_of_month(recurrence)}"
        elif step == "year" and recurrence.day:
            said += f" on {recurrence.day} {_MONTHS[recurrence.month - 1]}"
    if recurrence.times and step not in {"minute", "hour"}:
        said += f" at {_listed(_clock(second) for second in recurrence.times)}"
    return said


def _of_month(recurrence: Recurrence) -> str:
    if recurrence.nth:
        return f"{_NTH[recurrence.nth]} {_listed(WEEKDAY_NAMES[n] for n in recurrence.weekdays)}"
    return "last day" if recurrence.day == -1 else _ordinal(recurrence.day)


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def dated(day: date) -> str:
    """26 November 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year:04d}"


def _clock(second: int) -> str:
    text = f"{second // 3600:02d}:{second // 60 % 60:02d}"
    return f"{text}:{second % 60:02d}" if second % 60 else text


def _offset(local: datetime) -> str:
    offset = local.utcoffset() or timedelta()
    minutes = abs(int(offset.total_seconds())) // 60
    return f"UTC{'-' if offset < timedelta() else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def _listed(words: Iterable[str]) -> str:
    names = list(words)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
