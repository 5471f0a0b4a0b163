"""All that was said about one time, before any of it is resolved, and which parts can be one time."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from skynetbot.timephrases.clocks import Clock
from skynetbot.timephrases.days import ALONE, EDGE, STRONG, Day
from skynetbot.timephrases.durations import Length
from skynetbot.timephrases.repeats import Repeat

__all__ = ["Phrase", "joins", "stands"]


@dataclass(slots=True)
class Phrase:
    """All that was said about one time; nothing is resolved yet."""

    stamp: datetime | None = None
    repeat: Repeat | None = None
    shift: Length | None = None
    bare: bool = False
    """The length stands alone: "5 days"."""
    article: bool = False
    """The length is "a day", which is a time only with "in" or if it is all that was written."""
    anchored: bool = False
    """The length is counted from the day or time of day, and not from now: two weeks after yesterday."""
    days: list[Day] = field(default_factory=list)
    clock: Clock | None = None
    more_clocks: list[Clock] = field(default_factory=list)
    part: str | None = None
    zone: tzinfo | None = None
    start: "Phrase | None" = None
    """Of something that repeats."""
    strength: int = STRONG
    first: int = 0
    end: int = 0

    @property
    def empty(self) -> bool:
        return not (
            self.stamp or self.repeat or self.shift is not None or self.days or self.clock or self.part or self.start
        )


def stands(phrase: Phrase, lead: str) -> bool:
    """Sets how sure the phrase is; False if it is none, such as a number alone."""
    clock, strength = phrase.clock, STRONG
    parts = [phrase.stamp, phrase.repeat, phrase.shift, phrase.clock, phrase.part, *phrase.days]
    alone = sum(part is not None for part in parts) == 1
    if clock is not None and clock.bare and not (phrase.days or phrase.part or phrase.shift or phrase.repeat):
        if lead not in {"at", "@", "by", "before", "until", "till", "from", "around", "between"}:
            return False
        strength = STRONG if lead in {"at", "@"} else EDGE
    if phrase.shift is not None and phrase.anchored and not (phrase.days or clock):
        return False
    if alone and phrase.days:
        strength = phrase.days[0].strength
        if strength == ALONE and lead in {"on", "by", "until", "from", "before"}:
            strength = STRONG
        if strength < ALONE:
            return False
    if alone and phrase.part and lead not in {"in", "at", "by", "before", "during"}:
        strength = ALONE
    if alone and phrase.shift is not None and (phrase.bare or lead == "for"):
        strength = ALONE if phrase.article else EDGE
    phrase.strength = strength
    return True


def joins(days: list[Day], day: Day) -> bool:
    """Two days are one time if one says which of the other is meant."""
    if not days:
        return True
    if day.number is not None and any(known.weekday is None for known in days):
        return False
    if len(days) == 1:
        before = days[0]
        one_weekday = (before.weekday is not None) != (day.weekday is not None)
        other = day if before.weekday is not None else before
        if one_weekday:
            return other.grain in {"day", "week", "month"} and other.part is None
    # tomorrow, Thursday 26 November 2026
    if day.grain == "year":  # 5 march next year
        return all(known.rolls and known.grain in {"day", "month"} for known in days)
    only_days = day.grain == "day" and all(known.grain == "day" for known in days)
    return day.weekday is not None or (only_days and not day.today)
