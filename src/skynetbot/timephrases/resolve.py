"""Turns a phrase into an instant, looking ahead: a time that is over today is tomorrow's, a date next year's."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.timephrases.clocks import Clock
from skynetbot.timephrases.days import Day
from skynetbot.timephrases.durations import Length
from skynetbot.timephrases.phrase import Phrase
from skynetbot.timephrases.recurrence import Recurrence, next_occurrence
from skynetbot.timephrases.repeats import Repeat
from skynetbot.timephrases.results import Habits
from skynetbot.timephrases.shown import WEEKDAY_NAMES, dated
from skynetbot.timephrases.zoned import wall_clock

__all__ = ["Resolved", "Unresolvable", "resolve"]

_ROLLS: Final = 60
"""How many possibilities of a day are tried; a weekday that must fall on a date comes round within 28 years."""


class Unresolvable(Exception):
    """The words contradict each other, or name a day that does not exist; the message is a sentence."""

    def __init__(self, reason: str, instant: datetime | None = None) -> None:
        super().__init__(reason)
        self.instant = instant


class Resolved(NamedTuple):
    instant: datetime
    grain: str
    recurrence: Recurrence | None = None
    wall: datetime | None = None
    """The wall clock that was asked for, naive, where one was."""


def resolve(phrase: Phrase, now: datetime, zone: ZoneInfo, habits: Habits) -> Resolved:
    """The instant, which may be in the past where the words say so. ``now`` has whole seconds.

    Raises ``Unresolvable``, and ``OverflowError`` beyond the calendar.
    """
    return _Resolver(phrase, now, zone, habits).resolve()


class _Resolver:
    def __init__(self, phrase: Phrase, now: datetime, zone: ZoneInfo, habits: Habits) -> None:
        self.phrase, self.zone, self.habits = phrase, zone, habits
        self.there = phrase.zone or zone
        self.now = now.astimezone(self.there)
        self.now_instant = now.astimezone(UTC)
        self.today = now.astimezone(zone).date()  # the person's, also in "tomorrow at 9 EST"
        self.clock = _with_part(phrase.clock, phrase.part)

    def resolve(self) -> Resolved:
        phrase = self.phrase
        if phrase.stamp is not None:
            return Resolved(phrase.stamp.astimezone(self.zone), "second")
        if phrase.repeat is not None:
            return self._repeating(phrase.repeat)
        if phrase.shift is not None:
            return self._shifted(phrase.shift)
        return self._on_day(self.today)

    # A day, a time of day, or both.

    def _on_day(self, today: date) -> Resolved:
        day = _one_day(self.phrase.days, today)
        if day is None:
            return self._next_clock(today)
        grain = self._grain(day.grain)
        last: Resolved | None = None
        for skip in range(_ROLLS if day.rolls else 1):
            found = day.resolve(today, skip)
            if found is None:
                break
            last = self._at(found, grain, today_said=day.today)
            if last.instant > self.now_instant:
                break
            if day.grain not in {"day", "weekend"} and found <= today:
                break  # "this month" has begun, which is no reason to take the next
        if last is None:
            raise Unresolvable("That day does not exist, or not within a year: write the year if it does.")
        problem = _contradiction(self.phrase.days, last.instant.astimezone(self.there).date(), today)
        if problem and not self._after_midnight():
            raise Unresolvable(problem, last.instant)
        return last

    def _at(self, day: date, grain: str, *, today_said: bool) -> Resolved:
        """The phrase's time of day on ``day``; without one, the habit."""
        if self.clock is None:
            if self.phrase.part is not None:
                return self._wall(day, getattr(self.habits, self.phrase.part), grain)
            found = self._wall(day, self.habits.day, grain)
            if found.instant <= self.now_instant and day == self.today and (today_said or grain == "weekend"):
                return self._later_today(grain)
            return found
        shift = timedelta(days=1) if self._after_midnight() else timedelta()
        options = [self.clock]
        if day == self.today and self.clock.half is None:
            options = [self.clock._replace(half="am"), self.clock._replace(half="pm")]
        if today_said and self.clock.midnight and not shift:
            shift = timedelta(days=1)  # today at midnight is the one that comes
        walls = [self._wall(day + shift, _time(option), grain) for option in options]
        return next((one for one in walls if one.instant > self.now_instant), walls[-1])

    def _later_today(self, grain: str) -> Resolved:
        """Today without a time, when the usual hour is over: in an hour, but still today."""
        later = (self.now_instant + timedelta(hours=1)).replace(second=0).astimezone(self.there)
        if later.date() != self.now.date():
            later = later.replace(year=self.now.year, month=self.now.month, day=self.now.day, hour=23, minute=59)
        return Resolved(later.astimezone(self.zone), grain)

    def _next_clock(self, today: date) -> Resolved:
        """A time of day without a day: the next one, in either half of the day if the words leave it open."""
        if self.clock is None:
            if self.phrase.part is None:
                raise Unresolvable("That names no day and no time.")
            options = [getattr(self.habits, self.phrase.part)]
        elif self.clock.half is None:
            options = [_time(self.clock._replace(half="am")), _time(self.clock._replace(half="pm"))]
        else:
            options = [_time(self.clock)]
        grain = self._grain("day")
        found = [self._wall(today + timedelta(days=ahead), at, grain) for ahead in range(3) for at in options]
        return min((one for one in found if one.instant > self.now_instant), key=lambda one: one.instant.timestamp())

    def _after_midnight(self) -> bool:
        """Tonight at 2 is in the night that begins today."""
        night = self.phrase.part == "night" and any(day.part == "night" for day in self.phrase.days)
        clock = self.phrase.clock
        if not night and self.phrase.part in {"evening", "night"} and self.phrase.days and clock is not None:
            return clock.midnight or (clock.hour == 12 and clock.bare)
        return night and clock is not None and self.clock is not None and self.clock.hour < 5

    def _wall(self, day: date, at: time, grain: str) -> Resolved:
        wall = datetime.combine(day, at)
        return Resolved(wall_clock(wall, self.there).astimezone(self.zone), grain, None, wall)

    def _grain(self, of_day: str) -> str:
        clock = self.phrase.clock
        if clock is None:
            return "hour" if self.phrase.part else of_day
        return "second" if clock.second else "minute"

    # A length from now, or from what was said.

    def _shifted(self, shift: Length) -> Resolved:
        if self.phrase.anchored:
            return self._from_anchor(shift)
        moved = shift.after(self.now)
        if moved is None:
            raise OverflowError
        if self.phrase.days and not all(day.today for day in self.phrase.days):
            return self._on_day(moved.date())  # a monday in two weeks
        if self.clock is None and (self.phrase.part is None or self.phrase.days):
            grain = shift.grain
            wall = None if not shift.by_day or not (shift.days or shift.months) else moved
            return Resolved(moved.astimezone(self.zone), grain, None, wall.replace(tzinfo=None) if wall else None)
        at = getattr(self.habits, self.phrase.part or "day") if self.clock is None else _time(self.clock)
        return self._wall(moved.date(), at, "minute")

    def _from_anchor(self, shift: Length) -> Resolved:
        anchor = replace(self.phrase, shift=None, anchored=False)
        base = resolve(anchor, self.now_instant, self.zone, self.habits)
        moved = shift.after(base.instant.astimezone(self.there))
        if moved is None:
            raise OverflowError
        grain = base.grain if shift.by_day else "minute"
        return Resolved(moved.astimezone(self.zone), grain)

    # Something that repeats.

    def _repeating(self, repeat: Repeat) -> Resolved:
        phrase = self.phrase
        start = None if phrase.start is None else resolve(phrase.start, self.now_instant, self.zone, self.habits)
        if start is not None and phrase.start is not None and phrase.clock is None:
            self.clock = phrase.start.clock
        by_clock = repeat.step not in {"minute", "hour"}
        times = self._times(repeat, start) if by_clock else ()
        counts_from_now = start is None and not repeat.named and self.clock is None and not (repeat.part or phrase.part)
        if start is not None:
            anchor = start.instant
            if by_clock and start.grain not in {"second", "minute", "hour"}:  # starting on a day is at any time of it
                anchor = datetime.combine(anchor.astimezone(self.there).date(), time(), self.there).astimezone(UTC)
        elif not by_clock and self.clock is not None:
            anchor = self._next_clock(self.now.date()).instant
        elif counts_from_now:
            anchor = self._one_step(repeat)
        else:
            anchor = self.now.astimezone(UTC)
        if counts_from_now and by_clock:
            times = (_seconds(anchor.astimezone(self.zone).time()),)
        recurrence = Recurrence(
            step=repeat.step,
            every=repeat.every,
            anchor=int(anchor.timestamp()),
            times=times,
            weekdays=repeat.weekdays,
            nth=repeat.nth,
            day=repeat.day,
            month=repeat.month,
        )
        # without a start, "every other monday" starts with the coming one: only then is it counted by twos
        opening = (
            recurrence if start or counts_from_now or not by_clock else msgspec.structs.replace(recurrence, every=1)
        )
        anchor = anchor.astimezone(UTC)  # where a second before is a second before, also when the clocks change
        first = next_occurrence(opening, max(self.now_instant, anchor - timedelta(seconds=1)), self.zone)
        if first is None:
            raise OverflowError
        recurrence = _settled(recurrence, first)
        return Resolved(first, "minute" if self.clock or not by_clock else "day", recurrence)

    def _times(self, repeat: Repeat, start: Resolved | None) -> tuple[int, ...]:
        """Seconds after midnight in the person's own zone, which the recurrence is kept in."""
        part = self.phrase.part or repeat.part
        clocks = [clock for clock in (self.clock, *self.phrase.more_clocks) if clock is not None]
        if clocks:
            walls = [_time(_with_part(clock, part) or clock) for clock in clocks]
        elif start is not None and start.grain in {"second", "minute"}:
            walls = [start.instant.astimezone(self.there).time()]
        else:
            walls = [getattr(self.habits, part or "day")]
        if self.phrase.zone is not None:
            today = self.now.date()
            walls = [
                wall_clock(datetime.combine(today, wall), self.there).astimezone(self.zone).time() for wall in walls
            ]
        return tuple(sorted({_seconds(wall) for wall in walls}))

    def _one_step(self, repeat: Repeat) -> datetime:
        scale = {"minute": Length(seconds=60), "hour": Length(seconds=3600), "day": Length(days=1)}
        scale |= {"week": Length(days=7), "month": Length(months=1), "year": Length(months=12)}
        moved = scale[repeat.step].times(repeat.every).after(self.now)
        if moved is None:
            raise OverflowError
        return moved


def _settled(recurrence: Recurrence, first: datetime) -> Recurrence:
    """Counted from its first occurrence, with the day of a month that was meant, which a short month would lose."""
    anchor_day = first.day
    day, month = recurrence.day, recurrence.month
    if recurrence.step in {"month", "year"} and not recurrence.nth and not day:
        day = anchor_day
    if recurrence.step == "year" and not month:
        month = first.month
    weekdays = recurrence.weekdays
    if recurrence.step == "week" and not weekdays:
        weekdays = (first.weekday(),)
    return msgspec.structs.replace(recurrence, anchor=int(first.timestamp()), weekdays=weekdays, day=day, month=month)


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _time(clock: Clock) -> time:
    fixed = clock.fixed
    return time(fixed.hour, fixed.minute, fixed.second)


def _with_part(clock: Clock | None, part: str | None) -> Clock | None:
    """3 in the afternoon is 15:00; 2 at night stays 2:00, as no one calls the afternoon night."""
    if clock is None or (clock.half is not None and not (clock.bare and clock.hour == 12)):
        return clock
    if part == "morning":
        return clock._replace(half="am").fixed
    if part in {"afternoon", "evening"}:
        if part == "evening" and clock.hour == 12:
            return clock._replace(hour=0, half="24")
        return clock._replace(half="pm").fixed
    if part == "night":
        late = 5 <= clock.hour <= 11
        return clock._replace(half="pm" if late else "am").fixed
    return clock


def _one_day(days: list[Day], today: date) -> Day | None:
    """The days that were said, as one."""
    if not days:
        return None
    if len(days) == 1:
        return days[0]
    if days[-1].grain == "year":
        year, inside = days[-1], _one_day(days[:-1], today) or days[0]
        return replace(inside, resolve=lambda base, skip: _in_period(year, inside, base, skip), rolls=False)
    weekday = next((day.weekday for day in days if day.weekday is not None), None)
    others = [day for day in days if day.weekday is None]
    if not others:
        return days[0]
    day = others[-1]
    if weekday is None:
        return day
    if day.grain in {"week", "month"}:
        return _weekday_within(day, weekday)
    if day.number is not None or day.month_day is not None:
        return _on_weekday(day, weekday, today)
    return day


def _in_period(period: Day, inside: Day, today: date, skip: int) -> date | None:
    start = period.resolve(today, 0)
    return None if start is None or skip else inside.resolve(start, 0)


def _weekday_within(period: Day, weekday: int) -> Day:
    """Monday of next week; the first Monday of a month."""

    def resolve_day(today: date, skip: int) -> date | None:
        start = period.resolve(today, skip)
        return None if start is None else start + timedelta(days=(weekday - start.weekday()) % 7)

    return Day(resolve_day, rolls=period.rolls)


def _on_weekday(day: Day, weekday: int, today: date) -> Day:
    """Thursday the 15th; "sunday, 10 february" was this year's if that was a Sunday and next year's is not."""
    if day.number is not None:

        def matching(start: date, skip: int) -> date | None:
            found = (day.resolve(start, n) for n in range(_ROLLS))
            fitting = [one for one in found if one is not None and one.weekday() == weekday]
            return fitting[skip] if skip < len(fitting) else None

        return replace(day, resolve=matching)
    ahead = day.resolve(today, 0)
    if ahead is not None and ahead.weekday() != weekday:
        try:
            before = ahead.replace(year=ahead.year - 1)
        except ValueError:
            return day
        if before.weekday() == weekday and (today - before).days < 60:
            return replace(day, resolve=lambda _, skip: before if not skip else None, rolls=False)
    return day


def _contradiction(days: list[Day], found: date, today: date) -> str:
    """Why the words cannot all be right; empty if they can."""
    for day in days:
        if day.weekday is not None and found.weekday() != day.weekday:
            return f"{dated(found)} is a {WEEKDAY_NAMES[found.weekday()]}, not a {WEEKDAY_NAMES[day.weekday]}."
        if len(days) > 1 and day.weekday is None and day.grain == "day" and not day.rolls and day.number is None:
            said = day.resolve(today, 0)
            if said is not None and said != found and day.month_day is None:
                return f"{dated(said)} and {dated(found)} are two different days."
    return ""
