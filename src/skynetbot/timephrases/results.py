"""What reading a time phrase gives: what was understood, or why not."""

from datetime import datetime, time
from typing import Literal

import msgspec

from skynetbot.timephrases.recurrence import Recurrence

__all__ = ["Habits", "Kind", "Refused", "Understood"]

Kind = Literal["not_a_time", "past", "ambiguous", "too_far", "too_often"]


class Habits(msgspec.Struct, frozen=True):
    """What a word means for a person: when "tomorrow" or "the morning" is."""

    day: time = time(9)
    """The time of a day for which none was said."""
    morning: time = time(9)
    afternoon: time = time(15)
    evening: time = time(20)
    night: time = time(22)
    end_of_day: time = time(17)


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """A time that is ahead."""

    instant: datetime
    """Aware, in the person's zone, whole seconds; of something that repeats the first occurrence."""
    recurrence: Recurrence | None
    when: str
    """The part of the text that was read as the time."""
    rest: str
    """What remains of the text: what to be reminded of. May be empty."""
    shown: str
    """What was understood, in a sentence that ``parse`` reads as the same instant."""
    note: str = ""
    """What a person may not expect, in a sentence: the clocks change, a month is too short."""
    grain: str = "second"
    """How exact the words were: second, minute, hour, day, weekend, week, month, quarter, year."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """No time to remind at."""

    kind: Kind
    reason: str
    """A sentence for the person."""
    examples: tuple[str, str]
    """Two phrases that would be understood."""
    instant: datetime | None = None
    """What it would have been, where the words were clear but nothing can be reminded of then."""
    when: str = ""
