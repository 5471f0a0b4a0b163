"""The vocabulary: what each English word of a time phrase stands for."""

from datetime import timedelta, timezone, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "FRACTIONS",
    "HOLIDAYS",
    "MONTHS",
    "NUMBERS",
    "ORDINALS",
    "PARTS",
    "UNITS",
    "VAGUE",
    "WEAK_WEEKDAYS",
    "WEEKDAYS",
    "Unit",
    "zone_of",
]


class Unit(NamedTuple):
    """One of a unit is so many calendar months, days and seconds; only one of the three is not zero."""

    name: str
    months: int = 0
    days: int = 0
    seconds: float = 0


def _units() -> dict[str, Unit]:
    named = {
        Unit("nanosecond", seconds=1e-9): "ns nanosecond nanoseconds",
        Unit("microsecond", seconds=1e-6): "us µs μs microsecond microseconds",
        Unit("millisecond", seconds=1e-3): "ms msec msecs millisecond milliseconds",
        Unit("second", seconds=1): "s sec secs second seconds",
        Unit("minute", seconds=60): "m min mins minute minutes",
        Unit("hour", seconds=3600): "h hr hrs hour hours",
        Unit("day", days=1): "d day days",
        Unit("week", days=7): "w wk wks week weeks",
        Unit("fortnight", days=14): "fortnight fortnights",
        Unit("month", months=1): "mo mos mon mth mths month months",
        Unit("quarter", months=3): "qtr qtrs quarter quarters",
        Unit("year", months=12): "y yr yrs year years",
        Unit("decade", months=120): "decade decades",
        Unit("century", months=1200): "century centuries",
    }
    return {word: unit for unit, words in named.items() for word in words.split()}


UNITS: Final = _units()

_MONTH_NAMES: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTHS: Final = (
    {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
    | {name[:3]: number for number, name in enumerate(_MONTH_NAMES, 1)}
    | {"sept": 9}
)

_WEEKDAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS: Final = (
    {name: number for number, name in enumerate(_WEEKDAY_NAMES)}
    | {name[:3]: number for number, name in enumerate(_WEEKDAY_NAMES)}
    | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
)
WEAK_WEEKDAYS: Final = frozenset({"mon", "sat", "sun", "wed", "fri", "thu", "tue"})
"""Short forms that are also other words or names: they need company, or to be all that was written."""

NUMBERS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip

VAGUE: Final = {"couple": 2, "few": 3}
"""Words that people count with; a few is three, as in the libraries that we compare with."""
FRACTIONS: Final = {"half": 0.5, "quarter": 0.25, "quarters": 0.25}

PARTS: Final = {
    "morning": "morning", "mornings": "morning",
    "afternoon": "afternoon", "afternoons": "afternoon",
    "evening": "evening", "evenings": "evening",
    "night": "night", "nights": "night",
}  # fmt: skip

HOLIDAYS: Final = {
    ("christmas", "eve"): (12, 24), ("christmas", "day"): (12, 25), ("christmas",): (12, 25), ("xmas",): (12, 25),
    ("new", "year's", "eve"): (12, 31), ("new", "years", "eve"): (12, 31), ("new", "year's", "day"): (1, 1),
    ("new", "years", "day"): (1, 1), ("new", "year's"): (1, 1), ("halloween",): (10, 31),
    ("valentine's", "day"): (2, 14), ("valentines", "day"): (2, 14),
}  # fmt: skip
"""Only those with a fixed date; whoever wants another writes its date. Longer names come first."""

_FIXED: Final = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3,
    "ist": 5.5, "sgt": 8, "hkt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13, "brt": -3, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
    "akst": -9, "hst": -10,
}  # fmt: skip
"""Hours east of UTC; a shared abbreviation has its most common meaning: IST India, CST and EST America, BST Britain."""
_PLACES: Final = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
}  # fmt: skip


def zone_of(written: str, *, named: bool = False) -> tzinfo | None:
    """A zone by abbreviation (``CET``, ``pst``, ``ET``) or by IANA name (``Europe/Berlin``); None if it is neither.

    ``named`` says that it stands where nothing but a zone would, so that names such as ``Japan`` count too.
    """
    hours = _FIXED.get(written.lower())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    name = _PLACES.get(written) or (written if "/" in written or named else None)
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
