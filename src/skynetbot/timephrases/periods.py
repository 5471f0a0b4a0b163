"""Days found through a period: end of month, next week, first tuesday of october, the closest monday to 5 oct, 3rd qtr.

A week starts on Monday. A period without more is its first day; "this week" has then begun, which is for the caller to
refuse.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from skynetbot.timephrases.days import ALONE, STRONG, Day, Resolve, date_of, day_at
from skynetbot.timephrases.durations import add_months
from skynetbot.timephrases.numbers import ordinal_at, whole_at
from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import MONTHS, UNITS, WEEKDAYS

__all__ = ["period_at", "start_of"]

_STEPS: Final = {
    "this": 0, "current": 0, "next": 1, "following": 1, "coming": 1, "upcoming": 1, "last": -1, "previous": -1,
    "past": -1,
}  # fmt: skip
_GRAINS: Final = frozenset({"week", "month", "quarter", "year"})
_LAST: Final = frozenset({"last", "final"})


def period_at(tokens: Sequence[Token], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    """The day that is found through a period at token ``i``, and where it ends."""
    j = i + 1 if tokens[i].low in {"the", "a"} else i
    return (
        _edge(tokens, j, day_first=day_first)
        or _upcoming(tokens, j)
        or _closest(tokens, j, day_first=day_first)
        or _nth(tokens, j, day_first=day_first)
        or _stepped(tokens, j)
        or _weekdays_from_now(tokens, j)
        or _week_of(tokens, j, day_first=day_first)
    )


def start_of(day: date, grain: str) -> date:
    """The first day of the week, month, quarter or year that ``day`` is in."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if grain == "year" else day


def _moved(day: date, grain: str, count: int) -> date | None:
    """The start of the period ``count`` periods from the one with ``day``."""
    start = start_of(day, grain)
    if grain in {"day", "week"}:
        try:
            return start + timedelta(days=count * (7 if grain == "week" else 1))
        except OverflowError:
            return None
    return add_months(start, count * {"month": 1, "quarter": 3, "year": 12, "decade": 120}[grain])


def _last_day(start: date, grain: str) -> date | None:
    following = _moved(start, grain, 1)
    return None if following is None else following - timedelta(days=1)


def _stepped(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """next week, this weekend, last month, (the) following year; the possessive too: next week's friday."""
    step = _STEPS.get(tokens[j].low)
    if step is None:
        return _unstepped(tokens, j)
    word = tokens[j + 1].low.removesuffix("'s")
    if word == "weekend":
        return Day(_weekend(step), grain="weekend", rolls=step == 0), j + 2
    unit = UNITS.get(word)
    if unit is None or len(word) < 3:
        return None
    if unit.name == "decade":
        return Day(lambda today, skip: add_months(today, 120 * step) if not skip else None, grain="decade"), j + 2
    if unit.name not in _GRAINS and not (unit.name == "day" and step):
        return None
    grain = unit.name
    return Day(lambda today, skip: _moved(today, grain, step) if not skip else None, grain=grain), j + 2


def _unstepped(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """(the) weekend, week after next."""
    word = tokens[j].low
    if word == "weekend":
        led = j > 0 and tokens[j - 1].low in {"the", "on", "at"}
        return Day(_weekend(0), grain="weekend", rolls=True, strength=STRONG if led else ALONE), j + 1
    if word in {"week", "month", "year"} and tokens[j + 1].low == "after" and tokens[j + 2].low == "next":
        return Day(lambda today, skip: _moved(today, word, 2) if not skip else None, grain=word), j + 3
    return None


def _weekend(step: int) -> Resolve:
    def resolve(today: date, skip: int) -> date | None:
        saturday = start_of(today, "week") + timedelta(days=5, weeks=step)
        if step == 0 and today.weekday() == 6:  # on a Sunday, this weekend is today
            return today + timedelta(days=6, weeks=skip - 1) if skip else today
        return saturday + timedelta(days=min(skip, 1), weeks=max(skip - 1, 0))

    return resolve


def _upcoming(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """upcoming two weeks, 2 upcoming days: the start of the last of them."""
    words = {"upcoming", "coming", "next", "following"}
    k = j + 1 if tokens[j].low in words else j
    count = whole_at(tokens, k)
    if count is None:
        return None
    number, n = count
    if k == j:
        if tokens[n].low not in words:
            return None
        n += 1
    unit = UNITS.get(tokens[n].low)
    if unit is None or len(tokens[n].low) < 3 or unit.name not in _GRAINS | {"day"}:
        return None
    grain = unit.name
    return Day(lambda today, skip: _moved(today, grain, number) if not skip else None, grain=grain), n + 1


def _edge(tokens: Sequence[Token], j: int, *, day_first: bool) -> tuple[Day, int] | None:
    """end of (the) month, beginning of next year, start of march, middle of next week; eom."""
    short = {"eom": "month", "eoy": "year", "eow": "week"}.get(tokens[j].low)
    if short is not None:
        return _end_of(Day(lambda today, skip: _moved(today, short, skip), grain=short, rolls=True)), j + 1
    edge = tokens[j].low
    if edge not in {"end", "beginning", "start", "middle", "mid"}:
        return None
    k = j + 1
    while tokens[k].low in {"of", "the", "-"}:
        k += 1
    unit = UNITS.get(tokens[k].low)
    period: tuple[Day, int] | None
    if unit is not None and unit.name in _GRAINS and len(tokens[k].low) > 1:
        grain = unit.name
        period = Day(lambda today, skip: _moved(today, grain, skip), grain=grain, rolls=True), k + 1
    else:
        period = _stepped(tokens, k) or day_at(tokens, k, day_first=day_first)
    if period is None or period[0].grain not in _GRAINS:
        return None
    day, n = period
    if edge == "end":
        return _end_of(day), n
    if edge in {"middle", "mid"}:
        return _shifted(day, {"week": 2, "month": 14, "quarter": 45, "year": 181}[day.grain]), n
    return _shifted(day, 0), n


def _end_of(period: Day) -> Day:
    """Its last day; of a week Friday, as who says "end of the week" works."""

    def resolve(today: date, skip: int) -> date | None:
        start = period.resolve(today, skip)
        if start is None:
            return None
        return start + timedelta(days=4) if period.grain == "week" else _last_day(start, period.grain)

    return Day(resolve, rolls=period.rolls)


def _shifted(period: Day, days: int) -> Day:
    def resolve(today: date, skip: int) -> date | None:
        start = period.resolve(today, skip)
        return None if start is None else start + timedelta(days=days)

    return Day(resolve, rolls=period.rolls)


def _nth(tokens: Sequence[Token], j: int, *, day_first: bool) -> tuple[Day, int] | None:
    """first tuesday of october, last day in march 2027, third last week of 2027, third tuesday after christmas."""
    number, k = 0, j
    ordinal = ordinal_at(tokens, j)
    if ordinal is not None:
        number, k = ordinal
    backwards = tokens[k].low in _LAST
    if backwards:
        number, k = number or 1, k + 1
    if not number:
        return None
    word = tokens[k].low
    weekday = WEEKDAYS.get(word)
    unit = UNITS.get(word)
    grain = None if unit is None else unit.name
    if weekday is None and grain not in {"day", "week", "quarter"}:
        return None
    if tokens[k + 1].low == "after" and not backwards:
        after = day_at(tokens, k + 2, day_first=day_first)
        return None if after is None or weekday is None else (_after(after[0], weekday, number), after[1])
    if grain == "quarter":
        return _quarter(tokens, k + 1, number)
    if tokens[k + 1].low not in {"of", "in"}:
        return None
    found = _container(tokens, k + 2)
    if found is None:
        return None
    period, n = found
    signed = -number if backwards else number

    def resolve(today: date, skip: int) -> date | None:
        for ahead in range(skip, skip + 12) if period.rolls else (skip,):
            start = period.resolve(today, ahead)
            if start is None:
                return None
            day = _nth_in(start, period.grain, signed, weekday=weekday, weeks=grain == "week")
            if day is not None and (not period.rolls or day >= today):
                return day
        return None

    return Day(resolve, grain="week" if grain == "week" else "day", rolls=period.rolls, strength=STRONG), n


def _container(tokens: Sequence[Token], k: int) -> tuple[Day, int] | None:
    """october (2027), 2027, the month, this month, next year."""
    k = k + 1 if tokens[k].low == "the" else k
    stepped = _stepped(tokens, k)
    if stepped is not None:
        return stepped if stepped[0].grain in {"month", "year"} else None
    unit = UNITS.get(tokens[k].low)
    if unit is not None and unit.name in {"month", "year"} and len(tokens[k].low) > 1:
        grain = unit.name
        return Day(lambda today, skip: _moved(today, grain, skip) if not skip else None, grain=grain), k + 1
    month = MONTHS.get(tokens[k].low)
    y = k if month is None else k + 1
    digits = tokens[y].low
    if tokens[y].kind == "number" and len(digits) == 4 and digits.isdecimal():
        start = date_of(int(digits), month or 1, 1)
        if start is None or start.year > 9000:
            return None
        return Day(lambda _, skip: start if not skip else None, grain="month" if month else "year"), y + 1
    if month is None:
        return None

    def resolve(today: date, skip: int) -> date | None:
        start = date_of(today.year, month, 1)
        if start is None:
            return None
        ended = start < today.replace(day=1)
        return add_months(start, 12 * (skip + ended))

    return Day(resolve, grain="month", rolls=True), k + 1


def _nth_in(start: date, grain: str, number: int, *, weekday: int | None, weeks: bool) -> date | None:
    """The n-th day, weekday or week (that starts in it) of the period; negative counts from its end."""
    last = _last_day(start, grain)
    if last is None:
        return None
    if weeks:
        weekday = 0
    if weekday is None:
        found = start + timedelta(days=number - 1) if number > 0 else last + timedelta(days=number + 1)
    elif number > 0:
        found = start + timedelta(days=(weekday - start.weekday()) % 7, weeks=number - 1)
    else:
        if weeks:  # the last week is the one that lies in the period, and not the one that only starts there
            last -= timedelta(days=6)
        found = last - timedelta(days=(last.weekday() - weekday) % 7, weeks=-number - 1)
    return found if start <= found <= (_last_day(start, grain) or found) else None


def _after(base: Day, weekday: int, number: int) -> Day:
    def resolve(today: date, skip: int) -> date | None:
        day = base.resolve(today, skip)
        if day is None:
            return None
        return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1, weeks=number - 1)

    return Day(resolve, rolls=base.rolls)


def _quarter(tokens: Sequence[Token], k: int, number: int) -> tuple[Day, int] | None:
    if not 1 <= number <= 4:
        return None
    n = k + 1 if tokens[k].low == "of" else k
    digits = tokens[n].low
    month = number * 3 - 2
    if tokens[n].kind == "number" and len(digits) == 4 and digits.isdecimal():
        start = date_of(int(digits), month, 1)
        return None if start is None else (Day(lambda _, skip: start if not skip else None, grain="quarter"), n + 1)

    def resolve(today: date, skip: int) -> date | None:
        ended = start_of(today, "quarter").month > month
        return date_of(today.year + ended + skip, month, 1)

    return Day(resolve, grain="quarter", rolls=True), k


def _closest(tokens: Sequence[Token], j: int, *, day_first: bool) -> tuple[Day, int] | None:
    """the (second) closest monday to may 8th."""
    ordinal = ordinal_at(tokens, j)
    number, k = ordinal if ordinal is not None else (1, j)
    weekday = WEEKDAYS.get(tokens[k + 1].low)
    if tokens[k].low not in {"closest", "nearest"} or weekday is None or tokens[k + 2].low != "to" or number > 50:
        return None
    target = day_at(tokens, k + 3, day_first=day_first)
    if target is None:
        return None
    base = target[0]

    def resolve(today: date, skip: int) -> date | None:
        day = base.resolve(today, skip)
        if day is None:
            return None
        before = day - timedelta(days=(day.weekday() - weekday) % 7)
        around = [before + timedelta(weeks=n) for n in range(-number, number + 1)]
        return sorted(around, key=lambda other: abs((other - day).days))[number - 1]

    return Day(resolve, rolls=base.rolls), target[1]


def _weekdays_from_now(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """3 fridays from now, two thursdays back."""
    count = whole_at(tokens, j)
    if count is None or not 0 < count[0] <= 520:
        return None
    number, k = count
    weekday = WEEKDAYS.get(tokens[k].low.removesuffix("s"))
    if weekday is None:
        return None
    if tokens[k + 1].low == "from" and tokens[k + 2].low in {"now", "today"}:

        def resolve(today: date, skip: int) -> date | None:
            return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1, weeks=number - 1 + skip)

        return Day(resolve, rolls=True), k + 3
    if tokens[k + 1].low in {"back", "ago"}:
        return Day(
            lambda today, _: today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1, weeks=number - 1)
        ), k + 2
    return None


def _week_of(tokens: Sequence[Token], j: int, *, day_first: bool) -> tuple[Day, int] | None:
    """the week of october 6th; a Sunday counts to the week that follows, as where weeks start with it."""
    if tokens[j].low != "week" or tokens[j + 1].low != "of":
        return None
    base = day_at(tokens, j + 2, day_first=day_first)
    if base is None or base[0].grain != "day":
        return None

    def resolve(today: date, skip: int) -> date | None:
        day = base[0].resolve(today, skip)
        return None if day is None else start_of(day + timedelta(days=day.weekday() == 6), "week")

    return Day(resolve, grain="week", rolls=base[0].rolls), base[1]
