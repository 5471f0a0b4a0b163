"""Phrases that repeat: every day, every other monday, weekdays, monthly on the 1st, the last friday of each month."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from skynetbot.timephrases.days import day_at
from skynetbot.timephrases.durations import Length, length_at
from skynetbot.timephrases.numbers import ordinal_at
from skynetbot.timephrases.recurrence import Step
from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import PARTS, UNITS, WEEKDAYS

__all__ = ["Repeat", "refine", "repeat_at"]

_ADVERBS: Final[dict[str, tuple[Step, int]]] = {
    "hourly": ("hour", 1), "daily": ("day", 1), "everyday": ("day", 1), "weekly": ("week", 1), "biweekly": ("week", 2),
    "fortnightly": ("week", 2), "monthly": ("month", 1), "quarterly": ("month", 3), "yearly": ("year", 1),
    "annually": ("year", 1), "anually": ("year", 1), "nightly": ("day", 1),
}  # fmt: skip
_EVERY: Final = frozenset({"every", "each", "any"})
_GROUPS: Final = {
    "weekday": (0, 1, 2, 3, 4), "weekdays": (0, 1, 2, 3, 4), "workday": (0, 1, 2, 3, 4), "workdays": (0, 1, 2, 3, 4),
    "weekend": (5, 6), "weekends": (5, 6),
}  # fmt: skip
_JOINS: Final = frozenset({",", "and", "&", "+", "/", "on", "every"})
_A_LEAP_YEAR: Final = date(2000, 1, 1)


@dataclass(slots=True, frozen=True)
class Repeat:
    """What was said about repeating; the time of day and the start are found beside it."""

    step: Step
    every: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int = 0
    day: int = 0
    month: int = 0
    part: str | None = None
    too_often: bool = False
    """More often than every minute."""

    @property
    def named(self) -> bool:
        """It says on which days, and so does not start now."""
        return bool(self.weekdays or self.day or self.month)


def repeat_at(tokens: Sequence[Token], i: int) -> tuple[Repeat, int] | None:
    """The repetition at token ``i``, and where it ends."""
    token = tokens[i]
    adverb = _ADVERBS.get(token.low)
    if adverb is not None:
        return Repeat(*adverb, part="night" if token.low == "nightly" else None), i + 1
    if token.low in _EVERY:
        return _every(tokens, i + 1) if token.low != "any" else None
    if token.low == "once" and tokens[i + 1].low in {"a", "every", "per", "each"}:
        unit = UNITS.get(tokens[i + 2].low)
        found = None if unit is None else _stepped(Length().plus(1, unit))
        return None if found is None else (found, i + 3)
    plural = _plural(tokens, i)
    return plural if plural is not None else _of_every(tokens, i)


def _every(tokens: Sequence[Token], i: int) -> tuple[Repeat, int] | None:
    every, j = 1, i
    if tokens[j].low in {"single", "and"}:
        j += 1
    ordinal = ordinal_at(tokens, j)
    if tokens[j].low == "other":
        every, j = 2, j + 1
    elif ordinal is not None and _repeats(tokens[ordinal[1]]):
        in_month = _nth_of_month(tokens, j)
        if in_month is not None:
            return in_month
        every, j = ordinal
    elif tokens[j].low == "second" and (tokens[j + 1].kind == "end" or tokens[j + 1].low not in {"of", "day"}):
        return Repeat("minute", 1, too_often=True), j + 1
    elif ordinal is not None or tokens[j].low == "last":
        return _nth_of_month(tokens, j) or _on_a_date(tokens, j)
    if every < 1:
        return None
    return _unit_or_name(tokens, j, every) or (_on_a_date(tokens, j) if every == 1 else None)


def _repeats(token: Token) -> bool:
    return token.low in UNITS or token.low in WEEKDAYS or token.low in _GROUPS or token.low in PARTS


def _unit_or_name(tokens: Sequence[Token], j: int, every: int) -> tuple[Repeat, int] | None:
    unit = UNITS.get(tokens[j].low)
    if unit is not None and len(tokens[j].low) > 2 and tokens[j].low not in WEEKDAYS:
        found = _stepped(Length().plus(every, unit))
        return None if found is None else (found, j + 1)
    part = PARTS.get(tokens[j].low)
    if part is not None:
        return Repeat("day", every, part=part), j + 1
    names = _weekdays(tokens, j)
    if names is not None:
        return Repeat("week", every, names[0]), names[1]
    if tokens[j].low == "business" and tokens[j + 1].low in {"day", "days"}:
        return Repeat("week", every, _GROUPS["weekday"]), j + 2
    length = length_at(tokens, j) if every == 1 else None
    if length is None:
        return None
    k = length[1]
    if length[0].by_day and not length[0].months and length[0].days % 7 == 0:
        names = _weekdays(tokens, k + 1 if tokens[k].low == "on" else k)
        if names is not None:
            return Repeat("week", int(length[0].days) // 7, names[0]), names[1]
    found = _stepped(length[0])
    return None if found is None else (found, k)


def _stepped(length: Length) -> Repeat | None:
    """A length as whole steps; None where it is none (every 0 days, every half month)."""
    if length.by_day and (bool(length.months) != bool(length.days)):
        if length.months:
            years = length.months % 12 == 0 and length.grain in {"year", "decade", "century"}
            return _sane(Repeat("year", int(length.months) // 12) if years else Repeat("month", int(length.months)))
        weeks = length.days % 7 == 0 and length.grain in {"week", "fortnight"}
        return _sane(Repeat("week", int(length.days) // 7) if weeks else Repeat("day", int(length.days)))
    if length.months:
        return None
    seconds = length.days * 86400 + length.seconds
    if not 0 < seconds <= 10_000 * 3600:
        return None
    if seconds % 3600 == 0:
        return _sane(Repeat("hour", int(seconds) // 3600))
    minutes = round(seconds / 60)
    return _sane(Repeat("minute", max(minutes, 1), too_often=seconds < 60))


def _sane(repeat: Repeat) -> Repeat | None:
    return repeat if 1 <= repeat.every <= 10_000 else None


def _weekday(token: Token) -> tuple[int, ...] | None:
    word = token.low
    group = _GROUPS.get(word)
    if group is not None:
        return group
    number = WEEKDAYS.get(word)
    if number is None and word.endswith("s"):
        number = WEEKDAYS.get(word[:-1])
    return None if number is None else (number,)


def _weekdays(tokens: Sequence[Token], j: int) -> tuple[tuple[int, ...], int] | None:
    """monday, wednesday and friday."""
    first = _weekday(tokens[j])
    if first is None:
        return None
    found, j = set(first), j + 1
    while True:
        k = j
        while tokens[k].low in _JOINS and k < j + 3:
            k += 1
        more = _weekday(tokens[k]) if k > j else None
        if more is None:
            return tuple(sorted(found)), j
        found.update(more)
        j = k + 1


def _plural(tokens: Sequence[Token], i: int) -> tuple[Repeat, int] | None:
    """mondays, weekdays, tuesdays and thursdays: the first word is plural."""
    word = tokens[i].low
    by_part = word in WEEKDAYS and tokens[i + 1].low in {"mornings", "afternoons", "evenings", "nights"}
    if by_part:
        return Repeat("week", 1, (WEEKDAYS[word],), part=PARTS[tokens[i + 1].low]), i + 2
    if word not in {"weekdays", "weekends", "workdays"} and not (word.endswith("days") and word[:-1] in WEEKDAYS):
        return None
    names = _weekdays(tokens, i)
    return None if names is None else (Repeat("week", 1, names[0]), names[1])


def _of_every(tokens: Sequence[Token], i: int) -> tuple[Repeat, int] | None:
    """the 1st of every month, last friday of each month, 5 march of every year."""
    j = i + 1 if tokens[i].low == "the" else i
    found = _nth_words(tokens, j)
    if found is None or tokens[found[1]].low not in {"of", "in"} or tokens[found[1] + 1].low not in _EVERY:
        return None
    return (found[0], found[1] + 3) if tokens[found[1] + 2].low == "month" else None


def _nth_of_month(tokens: Sequence[Token], j: int) -> tuple[Repeat, int] | None:
    """(every) 15th, first monday of the month, last day of the month."""
    found = _nth_words(tokens, j)
    if found is None:
        return None
    repeat, k = found
    said = tokens[k].low in {"of", "in"}
    n = k + 1 if said else k
    n = n + 1 if said and tokens[n].low in {"the", "each", "every", "a"} else n
    if said and tokens[n].low == "month":
        return repeat, n + 1
    return found if not said and repeat.day > 0 else None


def _nth_words(tokens: Sequence[Token], j: int) -> tuple[Repeat, int] | None:
    ordinal = ordinal_at(tokens, j)
    if ordinal is None and tokens[j].low != "last":
        return None
    number, k = ordinal if ordinal is not None else (-1, j + 1)
    names = WEEKDAYS.get(tokens[k].low)
    if names is not None:
        return (Repeat("month", 1, (names,), nth=number), k + 1) if -1 <= number <= 5 else None
    if tokens[k].low == "day":
        k += 1
    elif number == -1 or tokens[k].low in UNITS:
        return None
    return (Repeat("month", 1, day=number), k) if -1 <= number <= 31 and number else None


def _on_a_date(tokens: Sequence[Token], j: int) -> tuple[Repeat, int] | None:
    """(every) 5 march, christmas."""
    found = day_at(tokens, j, day_first=False)
    if found is None or found[0].grain != "day" or not found[0].rolls or found[0].weekday is not None:
        return None
    day = found[0].resolve(_A_LEAP_YEAR, 0)
    if day is None or found[0].number is not None:
        return None
    return Repeat("year", 1, day=day.day, month=day.month), found[1]


def refine(repeat: Repeat, tokens: Sequence[Token], i: int) -> tuple[Repeat, int] | None:
    """What follows says when: weekly on monday, monthly on the 1st, every year on march 5, every day at night."""
    j = i
    while tokens[j].low in {"on", "the", ",", "in"}:
        j += 1
    if repeat.step == "week" and not repeat.weekdays:
        names = _weekdays(tokens, j)
        return None if names is None else (replace(repeat, weekdays=names[0]), names[1])
    if repeat.step == "month" and not repeat.named and j > i:
        found = _nth_words(tokens, j)
        if found is None:
            return None
        said = found[0]
        return replace(repeat, day=said.day, nth=said.nth, weekdays=said.weekdays), found[1]
    if repeat.step == "year" and not repeat.named:
        dated = _on_a_date(tokens, j)
        return None if dated is None else (replace(repeat, day=dated[0].day, month=dated[0].month), dated[1])
    if repeat.step in {"week", "day"} and repeat.part is None:
        j = j + 1 if tokens[j].low in {"at", "every"} else j
        part = PARTS.get(tokens[j].low)
        return None if part is None or tokens[j - 1].low == "this" else (replace(repeat, part=part), j + 1)
    return None
