"""Lengths of time: 90 minutes, 2d4h, an hour and a half, 1 hour thirty; and how they move an instant."""

import math
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from skynetbot.timephrases.numbers import amount_at, glued, plain_number
from skynetbot.timephrases.tokens import Token, tokens_of
from skynetbot.timephrases.words import UNITS, Unit

__all__ = ["Length", "add_months", "duration", "length_at"]

_SKIPPED: Final = frozenset({",", "and", "&"})
_NEXT_SMALLER: Final = {"hour": "minute", "minute": "second", "day": "hour", "week": "day"}
_LEAST_YEAR, _LAST_YEAR = 1, 9998
_LONGEST: Final = 400 * 365 * 86400.0 * 10


class Length(NamedTuple):
    """A length in calendar months, days and seconds: they are added in this order, months and days by the calendar and
    the wall clock, seconds as they elapse, so that "in 1 day" keeps the time of day and "in 24 hours" may not."""

    months: float = 0
    days: float = 0
    seconds: float = 0
    grain: str = "second"
    """Its smallest unit."""

    def plus(self, amount: float, unit: Unit) -> "Length":
        return Length(
            self.months + amount * unit.months,
            self.days + amount * unit.days,
            self.seconds + amount * unit.seconds,
            unit.name,
        )

    def times(self, factor: int) -> "Length":
        return Length(self.months * factor, self.days * factor, self.seconds * factor, self.grain)

    @property
    def by_day(self) -> bool:
        """Whole days or more: it can lead to a day at another time of day."""
        return not self.seconds and self.days == int(self.days) and self.months == int(self.months)

    def seconds_with(self, *, month: float = 30, year: float = 365) -> float:
        """Its length where a month has so many days and a year so many."""
        years, months = divmod(abs(self.months), 12)
        days = math.copysign(years * year + months * month, self.months) + self.days
        return days * 86400 + self.seconds

    def after(self, start: datetime) -> datetime | None:
        """``start`` (aware) moved by this; None beyond the calendar. Parts of a month count as parts of 30 days."""
        if abs(self.seconds_with()) > _LONGEST:
            return None
        whole_months = math.trunc(self.months)
        days = self.days + (self.months - whole_months) * 30
        whole_days = math.trunc(days)
        seconds = self.seconds + round((days - whole_days) * 86400, 6)
        naive = start.replace(tzinfo=None)
        try:
            day = add_months(naive.date(), whole_months)
            if day is None:
                return None
            day += timedelta(days=whole_days)
            if not _LEAST_YEAR < day.year < _LAST_YEAR:
                return None
            moved = start if day == naive.date() else datetime.combine(day, naive.time(), start.tzinfo)
            moved = moved.astimezone(UTC) + timedelta(seconds=seconds)
            return moved.astimezone(start.tzinfo)
        except OverflowError:
            return None


def add_months(day: date, months: int) -> date | None:
    """The same day so many months on, or that month's last day where it is shorter; None beyond the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not _LEAST_YEAR <= year <= _LAST_YEAR:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def length_at(tokens: Sequence[Token], i: int, *, sign: int = 1) -> tuple[Length, int] | None:
    """The longest length that starts at token ``i``, and where it ends; ``sign`` counts until a piece has its own."""
    length, j = Length(), i
    last: Unit | None = None
    while True:
        k = j
        if last is not None:
            k, sign = _between(tokens, j, sign)
        piece = _piece(tokens, k)
        if piece is None:
            break
        amount, unit, k = piece
        if unit is last:
            break
        length, j, last = length.plus(sign * amount, unit), k, unit
        if amount == int(amount) and (half := _and_a_half(tokens, j)) is not None:
            length, j = length.plus(half[0] * sign, unit)._replace(grain=unit.name), half[1]
            break
    if last is None:
        return None
    tail = _bare_tail(tokens, j, last)
    if tail is not None:
        smaller = UNITS[_NEXT_SMALLER[last.name]]
        length, j = length.plus(sign * tail[0], smaller), tail[1]
    return length, j


def _between(tokens: Sequence[Token], j: int, sign: int) -> tuple[int, int]:
    """Over commas, and; and the sign that counts for the next piece."""
    while tokens[j].low in _SKIPPED:
        j += 1
    if tokens[j].low in {"+", "-"} and glued(tokens[j], tokens[j + 1]):
        return j + 1, (1 if tokens[j].low == "+" else -1)
    return j, sign


def _piece(tokens: Sequence[Token], i: int) -> tuple[float, Unit, int] | None:
    token = tokens[i]
    if token.kind == "hclock":  # the 2h30 of 1d2h30
        hours, _, minutes = token.low.partition("h")
        return int(hours) + int(minutes) / 60, UNITS["h"], i + 1
    found = amount_at(tokens, i)
    if found is None:
        return None
    amount, j = found
    mark = tokens[j]
    if mark.low in {'"', "'"} and glued(tokens[j - 1], mark) and token.kind == "number":
        follows = tokens[j + 1]
        if follows.kind in {"end", "mark"}:
            return amount, UNITS["s" if mark.low == '"' else "m"], j + 1
    unit = UNITS.get(mark.low.removesuffix("'s"))
    if unit is None or amount > 1e15 or (len(mark.low) == 1 and tokens[j - 1].low in {"a", "an"}):
        return None
    return amount, unit, j + 1


def _and_a_half(tokens: Sequence[Token], j: int) -> tuple[float, int] | None:
    """The end of "an hour and a half", "one year and a quarter"."""
    if tokens[j].low != "and":
        return None
    k = j + 2 if tokens[j + 1].low in {"a", "an"} else j + 1
    share = {"half": 0.5, "quarter": 0.25}.get(tokens[k].low)
    if share is None or tokens[k + 1].low in UNITS or tokens[k + 1].low in {"of", "a", "an"}:
        return None
    return share, k + 1


def _bare_tail(tokens: Sequence[Token], j: int, last: Unit) -> tuple[float, int] | None:
    """The last number of 3m20, 1 hour thirty, 3 hours and 10: only where nothing that it could count follows."""
    if last.name not in _NEXT_SMALLER or last.name == "week":
        return None
    k = j + 1 if tokens[j].low == "and" else j
    found = amount_at(tokens, k)
    if found is None or tokens[k].low in {"a", "an", "another"} or tokens[k].kind == "slash":
        return None
    value, k = found
    follows = tokens[k]
    if follows.kind != "end" and follows.low not in {"to", "from", "later", "ago", "before", "after", ",", "."}:
        return None
    # "3d 1h 15" ends in a smaller unit, "in 3 days 10" does not: days are followed by a time of day, not by hours
    return (value, k) if value < 60 and value == int(value) and last.name != "day" else None


def duration(text: str) -> Length | None:
    """The length that all of ``text`` is: "1h30m", "-5 days", "+2 days, 4:13:02", "all day"; None if it is not one.

    This is the strict form, for settings and options; in a sentence use ``parse``.
    """
    if len(text) > 200:
        return None
    tokens = tokens_of(text)
    i, sign = 0, 1
    while tokens[i].low in {"for", "in", "about", "around", "than", "less", "more", "over"}:
        i += 1
    if tokens[i].low in {"+", "-"}:
        sign, i = (1 if tokens[i].low == "+" else -1), i + 1
    found = _whole_unit(tokens, i) or length_at(tokens, i, sign=sign)
    length, i = found if found is not None else (Length(), i)
    if tokens[i].kind != "end":
        j = i + 1 if tokens[i].low in _SKIPPED else i
        clock = _clock_form(tokens[j])
        if clock is None or (found is not None and length.seconds):
            return None
        length, i = Length(length.months, length.days, sign * clock), j + 1
    elif found is None:
        return None
    return length if tokens[i].kind == "end" else None


def _whole_unit(tokens: Sequence[Token], i: int) -> tuple[Length, int] | None:
    """all day, full-week."""
    if tokens[i].low not in {"all", "full", "whole"}:
        return None
    j = i + 2 if tokens[i + 1].low == "-" else i + 1
    unit = UNITS.get(tokens[j].low)
    return None if unit is None else (Length().plus(1, unit), j + 1)


def _clock_form(token: Token) -> float | None:
    """4:13 is minutes and seconds, 4:13:02 hours, minutes and seconds."""
    if token.kind != "clock":
        return None
    total = 0.0
    for part in token.low.split(":"):
        value = plain_number(part)
        if value is None:
            return None
        total = total * 60 + value
    return total
