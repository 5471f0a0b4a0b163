"""Days by name or date: tomorrow, next friday, the day after tomorrow, 5 march, march 5th 2027, 5/3, the 15th."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from skynetbot.timephrases.durations import add_months
from skynetbot.timephrases.numbers import ordinal_at, whole_at
from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import HOLIDAYS, MONTHS, NUMBERS, UNITS, WEAK_WEEKDAYS, WEEKDAYS

__all__ = ["ALONE", "EDGE", "STRONG", "Day", "date_of", "day_at", "fixed_day", "month_day"]

ALONE, EDGE, STRONG = 0, 1, 2
"""How sure a phrase is: only as all of the text, only at its start or end, or anywhere."""
Resolve = Callable[[date, int], date | None]

_RELATIVE: Final = {
    "today": 0, "tomorrow": 1, "tomorow": 1, "tommorow": 1, "tommorrow": 1, "tmr": 1, "tmrw": 1, "tomo": 1,
    "yesterday": -1, "overmorrow": 2,
}  # fmt: skip
_SEPARATORS: Final = frozenset({"-", "/", "."})


@dataclass(slots=True, frozen=True)
class Day:
    """A day, or a period that starts on a day."""

    resolve: Resolve
    """From today and how many possibilities to skip (for "friday": next week's is 1) to the date; None if there is
    none. A date without a year gives today or later."""
    grain: str = "day"
    rolls: bool = False
    """Skipping gives another date."""
    strength: int = STRONG
    weekday: int | None = None
    """The day is only a weekday, so that a date or a week beside it can say which."""
    today: bool = False
    month_day: tuple[int, int] | None = None
    """Month and day where no year was said, so that a weekday beside it can say which."""
    number: int | None = None
    """A day of a month that was not said: the 15th."""
    part: str | None = None
    """A part of the day that the word says too: tonight, last night."""


def fixed_day(offset: int, **more: object) -> Day:
    return Day(lambda today, skip: today + timedelta(days=offset) if not skip else None, **more)  # type: ignore[arg-type]


def date_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_day(month: int, day: int) -> Resolve:
    """This year's or next year's date from today on. A 29 February that is further off does not come, and nor does a
    31 June: whoever writes one without the year has more likely counted wrong."""

    def resolve(today: date, skip: int) -> date | None:
        ahead = date_of(today.year, month, day)
        this_year = ahead is not None and ahead >= today
        return date_of(today.year + skip + (not this_year), month, day)

    return resolve


def day_at(tokens: Sequence[Token], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    """The day at token ``i``, and where it ends."""
    token = tokens[i]
    if token.kind in {"iso", "slash", "dashed", "dotted"}:
        return _written(tokens, i, day_first=day_first)
    j = i + 1 if token.low == "the" else i
    if token.kind == "number" and "." in token.low:
        return _day_and_month(tokens, i)
    return (
        _relative(tokens, j)
        or _weekday(tokens, j)
        or _dated(tokens, j)
        or _month_first(tokens, j)
        or _ordinal_only(tokens, j, the=j > i)
        or _holiday(tokens, j)
    )


def _relative(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    word = tokens[j].low
    offset = _RELATIVE.get(word)
    if offset is not None:
        return fixed_day(offset, today=offset == 0), j + 1
    if word in {"tonight", "tonite"}:
        return fixed_day(0, today=True, part="night"), j + 1
    if word == "last" and tokens[j + 1].low == "night":
        return fixed_day(-1, part="night"), j + 2
    if word == "this" and tokens[j + 1].low in {"morning", "afternoon", "evening"}:
        return fixed_day(0, today=True, part=tokens[j + 1].low), j + 2
    if word == "day" and tokens[j + 1].low in {"after", "before"}:
        base = _RELATIVE.get(tokens[j + 2].low)
        if base is not None:
            return fixed_day(base + (1 if tokens[j + 1].low == "after" else -1)), j + 3
    return None


def _weekday(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    which = ""
    k = j
    while tokens[k].low in {"this", "next", "last", "past", "coming", "upcoming", "previous", "following"}:
        which, k = tokens[k].low, k + 1
    word = tokens[k].low
    number = WEEKDAYS.get(word)
    if number is None:
        return None
    strength = ALONE if word in WEAK_WEEKDAYS and not which else STRONG
    k += 1
    if tokens[k].low == "." and word in WEAK_WEEKDAYS | {"thur", "thurs", "tues"}:
        k += 1
    if not which and tokens[k].low == "after" and tokens[k + 1].low == "next":
        return Day(lambda today, skip: _in_week(today, number, 2 + skip), rolls=True), k + 2
    if which == "next":
        return Day(lambda today, skip: _in_week(today, number, 1 + skip), rolls=True), k
    if which in {"coming", "upcoming", "following"}:
        return Day(lambda today, skip: _coming(number)(today + timedelta(days=1), skip), rolls=True), k
    if which in {"last", "past", "previous"}:
        return Day(lambda today, _: today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)), k
    resolve = _coming(number)
    return Day(resolve, rolls=True, strength=strength, weekday=number), k


def _in_week(today: date, weekday: int, weeks: int) -> date:
    return today + timedelta(days=weekday - today.weekday(), weeks=weeks)


def _coming(weekday: int) -> Resolve:
    return lambda today, skip: today + timedelta(days=(weekday - today.weekday()) % 7, weeks=skip)


def _written(tokens: Sequence[Token], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    token = tokens[i]
    strength = STRONG
    parts = token.low.replace("/", "-").replace(".", "-").replace(" ", "").split("-")
    numbers = [int(part) for part in parts]
    if token.kind == "iso":
        found = date_of(*numbers)
    elif len(numbers) == 3:
        if len(parts[2]) not in {2, 4} or max(len(parts[0]), len(parts[1])) > 2:
            return None
        if token.kind == "dotted" and len(parts[2]) == 2 and min(len(parts[0]), len(parts[1])) < 2:
            return None  # a version, such as 1.10.30
        year = _full_year(numbers[2], len(parts[2]))
        first = day_first or token.kind == "dotted"
        month, day = (numbers[1], numbers[0]) if first else (numbers[0], numbers[1])
        found = date_of(year, month, day)
        if found is None and not (month == 2 and day == 29) and day <= 12:
            found = date_of(year, day, month)
    else:
        return _two_numbers(numbers, parts, i, day_first=day_first)
    if found is None:
        return None
    return Day(lambda _, skip: found if not skip else None, strength=strength), i + 1


def _two_numbers(numbers: list[int], parts: list[str], i: int, *, day_first: bool) -> tuple[Day, int] | None:
    """5/3 is a day, 9/2012 a month."""
    if len(parts[0]) > 2:
        return None
    if len(parts[1]) == 4:
        start = date_of(numbers[1], numbers[0], 1)
        if start is None:
            return None
        return Day(lambda _, skip: start if not skip else None, grain="month"), i + 1
    if len(parts[1]) > 2:
        return None
    month, day = (numbers[1], numbers[0]) if day_first else (numbers[0], numbers[1])
    if date_of(2000, month, day) is None:
        month, day = day, month
    if date_of(2000, month, day) is None:
        return None
    return Day(month_day(month, day), rolls=True, strength=EDGE, month_day=(month, day)), i + 1


def _day_and_month(tokens: Sequence[Token], i: int) -> tuple[Day, int] | None:
    """12.12. with its last dot, behind "on" or before a time; else it could be any number at the end of a sentence."""
    day, _, month = tokens[i].low.partition(".")
    dot = tokens[i + 1]
    if dot.low != "." or dot.start != tokens[i].end or not (day.isdecimal() and month.isdecimal()):
        return None
    if not (tokens[i + 2].kind == "clock" or tokens[i + 2].low == "at" or (i > 0 and tokens[i - 1].low == "on")):
        return None
    if len(day) > 2 or len(month) > 2 or date_of(2000, int(month), int(day)) is None:
        return None
    return Day(month_day(int(month), int(day)), rolls=True, month_day=(int(month), int(day))), i + 2


def _full_year(year: int, digits: int) -> int:
    return year if digits == 4 else 2000 + year if year < 70 else 1900 + year


def _dated(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """5 march, 5th of march 2027, first of march, 15Sep, 05-Mar-2027."""
    number = ordinal_at(tokens, j) or whole_at(tokens, j)
    if number is None:
        return None
    day, k = number
    while tokens[k].low in {"of", "-", "/", "day", "in"} and k < j + 4:
        k += 1
    month = MONTHS.get(tokens[k].low)
    if month is None or (day > 31 and tokens[j].kind == "word"):
        return None
    if tokens[j].low in NUMBERS and k == number[1] and tokens[k].low in {"may", "march"}:
        return None  # one may hope
    return _with_year(tokens, k + 1, month, day)


def _month_first(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    """march 5th 2027, May twenty nine, Oct/2, march 2027, (in) march."""
    k = j
    following = tokens[k].low in {"next", "this", "coming", "upcoming"}
    if following:
        k += 1
    month = MONTHS.get(tokens[k].low)
    if month is None or (j > 0 and tokens[j - 1].kind == "number" and tokens[j - 1].low.isdecimal()):
        return None
    word = tokens[k].low
    k += 1
    if tokens[k].low in {".", "/", "-", ","} and len(word) <= 4 and tokens[k + 1].kind in {"number", "word"}:
        k += 1
    n = k + 1 if tokens[k].low == "the" else k
    number = ordinal_at(tokens, n) or whole_at(tokens, n)
    if number is not None and not following and 0 < number[0] <= 99:
        day, n = number
        if tokens[n].low not in {":", "h", "am", "pm", "o'clock"}:
            return _with_year(tokens, n, month, day)
    year = _year(tokens, k + 1 if tokens[k].low in {"of", ","} else k)
    if year is not None:
        start = date_of(year[0], month, 1)
        return Day(lambda _, skip: start if not skip else None, grain="month"), year[1]
    return _month_only(tokens, j, k, month, word, following=following)


def _month_only(
    tokens: Sequence[Token], j: int, k: int, month: int, word: str, *, following: bool
) -> tuple[Day, int] | None:
    later = 0
    if tokens[k].low == "after" and tokens[k + 1].low == "next":
        later, k, following = 1, k + 2, True
    led = j > 0 and tokens[j - 1].low in {"in", "during", "by", "of", "until", "for", "from"}
    led = led or following or (tokens[k].low in {"next", "this"} and tokens[k + 1].low == "year")
    if not led and (len(word) == 3 or word in {"march", "sept"}) and tokens[j].text != "March":
        return None  # jan, may, march: other words more often than months
    strength = STRONG if led or len(word) > 5 or word == "april" else ALONE

    def resolve(today: date, skip: int) -> date | None:
        start = date_of(today.year, month, 1)
        if start is None:
            return None
        if start < today.replace(day=1):
            start = date_of(today.year + 1, month, 1)
        return None if start is None else add_months(start, 12 * (skip + later))

    return Day(resolve, grain="month", rolls=True, strength=strength), k


def _year(tokens: Sequence[Token], k: int) -> tuple[int, int] | None:
    token = tokens[k]
    if token.kind == "number" and len(token.low) == 4 and token.low.isdecimal() and 1000 <= int(token.low) <= 9998:
        return int(token.low), k + 1
    return None


def _with_year(tokens: Sequence[Token], k: int, month: int, day: int) -> tuple[Day, int] | None:
    n = k
    while tokens[n].low in {",", ".", "-", "/", "of"} and n < k + 2:
        n += 1
    year = _year(tokens, n) if n == k or tokens[n - 1].low != "." or tokens[k - 1].end != tokens[n].start else None
    if year is None and tokens[k].kind == "number" and len(tokens[k].low) == 2 and tokens[k + 1].kind == "end":
        year = _full_year(int(tokens[k].low), 2), k + 1  # 3rd June 27
    if year is None and tokens[k].kind == "clock" and (late := _year(tokens, k + 1)) is not None:
        # Wed Mar 05 12:00:00 2027: the clock between is read by whoever reads this token again
        return _exact(late[0], month, day, k)
    if year is not None:
        return _exact(year[0], month, day, year[1])
    if tokens[k].low == "." and tokens[k - 1].low in MONTHS and len(tokens[k - 1].low) <= 4:
        k += 1
    return Day(month_day(month, day), rolls=True, month_day=(month, day)), k


def _exact(year: int, month: int, day: int, k: int) -> tuple[Day, int]:
    """A date with its year; one that does not exist (29 February 2027) is a day that never comes."""
    found = date_of(year, month, day)
    return Day(lambda _, skip: found if not skip else None), k


def _ordinal_only(tokens: Sequence[Token], j: int, *, the: bool) -> tuple[Day, int] | None:
    """the 15th; 20th of next month. A day that a month does not have waits for one that has it."""
    number = ordinal_at(tokens, j) or (whole_at(tokens, j) if tokens[j + 1].low == "of" else None)
    if number is None or not 1 <= number[0] <= 31:
        return None
    day, k = number
    n = k + 1 if tokens[k].low == "of" else k
    n = n + 1 if n > k and tokens[n].low == "the" else n
    shift = {"next": 1, "following": 1, "this": 0, "current": 0, "last": -1, "previous": -1, "coming": 1}
    months = shift.get(tokens[n].low) if n > k else None
    if months is not None and tokens[n + 1].low == "month":
        return Day(lambda today, skip: _of_month(today, months, day) if not skip else None), n + 2
    if n > k and tokens[n].low == "month":
        k = n + 1
    elif tokens[k].low in UNITS or tokens[k].low in WEEKDAYS:
        return None  # the 1st week
    elif tokens[j].kind == "word" and k == j + 1 and day < 4:
        # "the second", "the first" count something more often than they date it
        return Day(_nth_day(day), rolls=True, strength=ALONE - 1, number=day), k
    return Day(_nth_day(day), rolls=True, strength=STRONG if the else ALONE, number=day), k


def _of_month(today: date, months: int, day: int) -> date | None:
    start = add_months(today.replace(day=1), months)
    return None if start is None else date_of(start.year, start.month, day)


def _nth_day(day: int) -> Resolve:
    def resolve(today: date, skip: int) -> date | None:
        for months in range(36):
            found = _of_month(today, months, day)
            if found is not None and found >= today:
                if not skip:
                    return found
                skip -= 1
        return None

    return resolve


def _holiday(tokens: Sequence[Token], j: int) -> tuple[Day, int] | None:
    for words, (month, day) in HOLIDAYS.items():
        if tokens[j].low == words[0] and all(tokens[j + n].low == word for n, word in enumerate(words)):
            k = j + len(words)
            year = _year(tokens, k)
            if year is not None:
                return _exact(year[0], month, day, year[1])
            return Day(month_day(month, day), rolls=True), k
    return None
