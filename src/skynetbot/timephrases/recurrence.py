"""When something that repeats happens next: a compact rule, and one pure function.

The rules, in the person's zone:

* Seconds, minutes and hours are elapsed time from ``anchor``: "every 2 hours" is not moved by a change of the clocks.
* Days and longer keep the wall clock. A time that does not exist on a day (the clocks go forward) is moved forward by
  the gap; one that exists twice is the first.
* A day that a month does not have (the 31st, or 29 February) is that month's last day. A fifth Friday that a month does
  not have is skipped.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.timephrases.zoned import wall_clock

__all__ = ["Recurrence", "Step", "next_occurrence"]

Step = Literal["minute", "hour", "day", "week", "month", "year"]
_SECONDS: Final = {"minute": 60, "hour": 3600}
_LAST_YEAR: Final = 9990


class Recurrence(msgspec.Struct, frozen=True, array_like=True):
    """Every ``every`` steps, counted from ``anchor``; ``msgspec.json`` writes it as a short list.

    Fields are only added at the end, so that what is stored stays readable.
    """

    step: Step
    every: int
    """1 to 10,000."""
    anchor: int
    """Unix time of an occurrence, or of any instant in the day, week, month or year that counting starts from."""
    times: tuple[int, ...] = ()
    """Seconds after midnight, for days and longer; empty is the anchor's time of day."""
    weekdays: tuple[int, ...] = ()
    """0 is Monday. With weeks: on each of them. With months or years: those that ``nth`` says."""
    nth: int = 0
    """1 to 5, or -1 for the last, of ``weekdays`` in the month."""
    day: int = 0
    """Of the month, 1 to 31, -1 for the last; 0 is the anchor's."""
    month: int = 0
    """Of the year, 1 to 12; 0 is the anchor's."""

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise ValueError(problem)


def _problem(rule: Recurrence) -> str:
    if not 1 <= rule.every <= 10_000:
        return "a recurrence repeats every 1 to 10,000 steps"
    if not all(0 <= second < 86_400 for second in rule.times):
        return "times are seconds after midnight, 0 to 86,399"
    if not all(0 <= day <= 6 for day in rule.weekdays):
        return "weekdays are 0 (Monday) to 6"
    if rule.nth and (not -1 <= rule.nth <= 5 or not rule.weekdays):
        return "nth is 1 to 5, or -1 for the last, of some weekdays"
    if not (-1 <= rule.day <= 31 and 0 <= rule.month <= 12):
        return "day is 1 to 31 or -1, month is 1 to 12"
    return ""


def next_occurrence(recurrence: Recurrence, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first occurrence after ``after`` (aware; itself excluded), in ``zone``; None beyond the calendar.

    Occurrences never lie before the anchor. Pure: the same arguments give the same answer, whatever has happened.
    """
    if after.tzinfo is None:
        raise ValueError("next_occurrence needs an aware datetime")
    seconds = _SECONDS.get(recurrence.step)
    try:
        anchor = datetime.fromtimestamp(recurrence.anchor, UTC).astimezone(zone)
        if seconds is not None:
            return _elapsed(anchor, seconds * recurrence.every, after).astimezone(zone)
        return _by_calendar(recurrence, anchor, after.astimezone(zone), zone)
    except (OverflowError, ValueError, OSError):
        return None


def _elapsed(anchor: datetime, seconds: int, after: datetime) -> datetime:
    start = anchor.astimezone(UTC)
    passed = after.astimezone(UTC) - start
    steps = 0 if passed < timedelta() else passed // timedelta(seconds=seconds) + 1
    return start + timedelta(seconds=seconds * steps)


def _by_calendar(rule: Recurrence, anchor: datetime, after: datetime, zone: ZoneInfo) -> datetime | None:
    """Looks at the rule's days in order. A zone that skips a whole day moves a time to the next, where an earlier time
    may stand, so one more day is looked at after the first hit."""
    times = sorted(rule.times) or [anchor.hour * 3600 + anchor.minute * 60 + anchor.second]
    clocks = [time(second // 3600, second // 60 % 60, second % 60) for second in times]
    earliest = max(after.timestamp(), rule.anchor - 1)
    best: datetime | None = None
    for day in _days(rule, anchor.date(), max(after.date() - timedelta(days=2), anchor.date())):
        hits = [
            found
            for clock in clocks
            if (found := wall_clock(datetime.combine(day, clock), zone)).timestamp() > earliest
        ]
        if best is not None:
            return min([best, *hits], key=datetime.timestamp)
        best = min(hits, key=datetime.timestamp, default=None)
        if day.year > _LAST_YEAR:
            return best
    return best


def _days(rule: Recurrence, anchor: date, since: date) -> Iterator[date]:
    """The rule's days from ``since`` on, in order."""
    if rule.step == "day":
        return _every_days(rule.every, anchor, since)
    if rule.step == "week":
        return _every_weeks(rule, anchor, since)
    return _every_months(rule, anchor, since)


def _every_days(every: int, anchor: date, since: date) -> Iterator[date]:
    first = -(-(since - anchor).days // every)
    for steps in count(max(first, 0)):
        yield anchor + timedelta(days=steps * every)


def _every_weeks(rule: Recurrence, anchor: date, since: date) -> Iterator[date]:
    monday = anchor - timedelta(days=anchor.weekday())
    weekdays = sorted(rule.weekdays) or [anchor.weekday()]
    for steps in count(max((since - monday).days // 7 // rule.every, 0)):
        for weekday in weekdays:
            day = monday + timedelta(weeks=steps * rule.every, days=weekday)
            if day >= since:
                yield day


def _every_months(rule: Recurrence, anchor: date, since: date) -> Iterator[date]:
    every = rule.every * (12 if rule.step == "year" else 1)
    start = anchor.year * 12 + (rule.month if rule.month and rule.step == "year" else anchor.month) - 1
    for steps in count(max((since.year * 12 + since.month - 1 - start) // every, 0)):
        year, month = divmod(start + steps * every, 12)
        for day in _in_month(rule, anchor, year, month + 1):
            if day >= since:
                yield day
        if year > _LAST_YEAR:
            return


def _in_month(rule: Recurrence, anchor: date, year: int, month: int) -> list[date]:
    length = monthrange(year, month)[1]
    if not rule.nth:
        wanted = rule.day or anchor.day
        return [date(year, month, length if wanted == -1 else min(wanted, length))]
    found: list[date] = []
    for weekday in rule.weekdays:
        matching = [day for day in range(1, length + 1) if date(year, month, day).weekday() == weekday]
        if rule.nth == -1:
            found.append(date(year, month, matching[-1]))
        elif rule.nth <= len(matching):
            found.append(date(year, month, matching[rule.nth - 1]))
    return sorted(found)
