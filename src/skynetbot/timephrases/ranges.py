"""Spans of days, of which a reminder takes the start: 11 to 20 August, Sep 3 - Oct 4, 2027, today - next friday."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from skynetbot.timephrases.days import Day, date_of, day_at
from skynetbot.timephrases.numbers import ordinal_at, whole_at
from skynetbot.timephrases.tokens import Token

__all__ = ["range_before", "range_behind"]

_TO: Final = frozenset({"-", "–", "to", "until", "till", "through", "thru"})
_SOME_DAY: Final = date(2000, 1, 1)


def range_before(tokens: Sequence[Token], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    """11 to 20 August (2027): the first number takes the month that comes with the second."""
    start = ordinal_at(tokens, i) or whole_at(tokens, i)
    if start is None or not 1 <= start[0] <= 31:
        return None
    day, j = start
    if tokens[j].low not in _TO and tokens[j].low != "and":
        return None
    end = day_at(tokens, j + 1, day_first=day_first)
    if end is None or end[0].grain != "day" or end[0].weekday is not None or end[0].number is not None:
        return None
    if tokens[j + 1].kind not in {"number", "word"} or end[0].resolve(_SOME_DAY, 0) is None:
        return None
    last = end[0]
    if last.today or not (last.month_day or not last.rolls):
        return None

    def resolve(today: date, skip: int) -> date | None:
        until = last.resolve(today, skip)
        return None if until is None else date_of(until.year, until.month, day)

    return Day(resolve, rolls=last.rolls), end[1]


def range_behind(day: Day, tokens: Sequence[Token], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    """The rest of a range whose first day ends at ``i``; its year counts for the first day too."""
    if tokens[i].low not in _TO or day.grain != "day":
        return None
    end = day_at(tokens, i + 1, day_first=day_first)
    if end is not None and end[0].strength < 0:
        end = None
    if end is None:
        return _number_behind(day, tokens, i)
    last, j = end
    if day.month_day is None or last.rolls or last.today:
        return day, j
    month, number = day.month_day

    def resolve(today: date, skip: int) -> date | None:
        until = last.resolve(today, skip)
        if until is None:
            return None
        found = date_of(until.year, month, number)
        return found if found is None or found <= until else date_of(until.year - 1, month, number)

    return Day(resolve), j


def _number_behind(day: Day, tokens: Sequence[Token], i: int) -> tuple[Day, int] | None:
    """September 3 to 9, 2027."""
    number = ordinal_at(tokens, i + 1) or whole_at(tokens, i + 1)
    if number is None or day.month_day is None or not 1 <= number[0] <= 31:
        return None
    j = number[1]
    n = j + 1 if tokens[j].low == "," else j
    if tokens[n].kind == "number" and len(tokens[n].low) == 4 and tokens[n].low.isdecimal():
        found = date_of(int(tokens[n].low), *day.month_day)
        return None if found is None else (Day(lambda _, skip: found if not skip else None), n + 1)
    return day, j
