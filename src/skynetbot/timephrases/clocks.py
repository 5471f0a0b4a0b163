"""Times of day: 5pm, 17:30, noon, half past six, quarter to nine, 3 in the afternoon, 8h00 GMT."""

from collections.abc import Sequence
from datetime import timedelta, timezone, tzinfo
from typing import Final, Literal, NamedTuple

from skynetbot.timephrases.numbers import glued, whole_at
from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import FRACTIONS, MONTHS, PARTS, UNITS, zone_of

__all__ = ["ABOUT", "Clock", "Half", "clock_at", "part_behind", "zone_at"]

Half = Literal["am", "pm", "24"] | None
ABOUT: Final = frozenset({"about", "around", "approximately", "roughly", "exactly", "sharp", "ish", "circa", "approx"})
_PAST: Final = frozenset({"past", "after"})
_TO: Final = frozenset({"to", "before", "till", "til", "until", "of"})


class Clock(NamedTuple):
    hour: int
    """0 to 23; with ``half`` None it is what was written, 1 to 11, and may mean the afternoon."""
    minute: int = 0
    second: int = 0
    half: Half = None
    """``24`` where the hour can only mean one thing."""
    midnight: bool = False
    """Midnight without a day is the coming one."""
    bare: bool = False
    """Only a number: a time of day if something else says so."""

    @property
    def fixed(self) -> "Clock":
        """With the half of the day worked into the hour."""
        if self.half == "am":
            return self._replace(hour=self.hour % 12, half="24")
        if self.half == "pm":
            return self._replace(hour=self.hour % 12 + 12, half="24")
        return self


def clock_at(tokens: Sequence[Token], i: int, *, led: bool) -> tuple[Clock, int] | None:
    """The time of day at token ``i``, and where it ends; ``led`` says that "at" or a day stands before it."""
    while tokens[i].low in {"early", "late"}:
        i += 1
    ranged = i > 0 and tokens[i - 1].low in {"from", "between"}  # from 3 to 5pm is no time before 5
    found = (
        _special(tokens, i)
        or (_range(tokens, i) if ranged else None)
        or _relative(tokens, i)
        or _range(tokens, i)
        or _plain(tokens, i, led=led)
    )
    if found is None:
        return None
    clock, j = found
    while tokens[j].low in ABOUT:
        j += 1
    return clock, j


def _special(tokens: Sequence[Token], i: int) -> tuple[Clock, int] | None:
    j = i
    if tokens[j].low in {"12", "twelve"}:
        j += 1
    word = tokens[j].low
    if word in {"noon", "midday", "noontime"} or (word == "mid" and tokens[j + 1].low == "day"):
        return Clock(12, half="24"), j + (2 if word == "mid" else 1)
    if word in {"midnight", "midnite"} or (word == "mid" and tokens[j + 1].low == "night"):
        return Clock(0, half="24", midnight=True), j + (2 if word == "mid" else 1)
    led = j > 0 and tokens[j - 1].low in {"at", "by", "before", "after"}
    if word == "lunchtime" or (word == "lunch" and led):
        return Clock(12, half="24"), j + 1
    return None


def _relative(tokens: Sequence[Token], i: int) -> tuple[Clock, int] | None:
    """half past six, (a) quarter to nine, twenty after 3pm, 10 minutes to 5."""
    j = i + 1 if tokens[i].low in {"a", "an"} else i
    share = FRACTIONS.get(tokens[j].low)
    minutes = 0
    if share is not None and tokens[j].low != "quarters":
        minutes, j = int(share * 60), j + 1
    else:
        whole = whole_at(tokens, i)
        if whole is None or not 0 < whole[0] < 60:
            return None
        minutes, j = whole
        if tokens[j].low in {"minute", "minutes", "min", "mins"}:
            j += 1
    word = tokens[j].low
    if word not in _PAST and word not in _TO:
        return None
    base = _special(tokens, j + 1) or _plain(tokens, j + 1, led=True)
    if base is None or base[0].minute or (base[0].bare and base[0].hour > 12):
        return None
    clock, j = base
    if tokens[j].low in MONTHS:  # 10 to 12 August
        return None
    if word in _PAST:
        return clock._replace(minute=minutes, bare=False), j
    fixed = clock.fixed
    if fixed.half == "24":
        return fixed._replace(hour=(fixed.hour - 1) % 24, minute=60 - minutes, bare=False, midnight=False), j
    return clock._replace(hour=(clock.hour - 2) % 12 + 1, minute=60 - minutes, bare=False), j


def _range(tokens: Sequence[Token], i: int) -> tuple[Clock, int] | None:
    """3:30-4:30pm, 8-9am, (between) 3 and 4pm: its start, in the half of the day that its end says."""
    if tokens[i].kind not in {"clock", "number"}:
        return None
    joined = tokens[i + 1].low
    if joined not in {"-", "–", "to"} and not (joined == "and" and i and tokens[i - 1].low == "between"):
        return None
    if tokens[i].kind == "clock":
        start = _digital(tokens, i)
    else:
        whole = whole_at(tokens, i)
        start = None if whole is None else _checked(Clock(whole[0]), i + 1)
    end = _plain(tokens, i + 2, led=True)
    if start is None or end is None or start[1] != i + 1:
        return None
    clock, (until, j) = start[0], end
    if until.half is None or (tokens[i].kind == "number" and until.bare):
        return (clock, j) if tokens[i].kind == "clock" else None
    if clock.half is None and 1 <= clock.hour <= 12:
        late = until.hour >= 12 and clock.hour % 12 + 12 <= until.hour
        clock = clock._replace(half="pm" if late else "am").fixed
    return clock, j


def _plain(tokens: Sequence[Token], i: int, *, led: bool) -> tuple[Clock, int] | None:
    token = tokens[i]
    if token.kind == "clock":
        return _digital(tokens, i)
    if token.kind == "hclock":
        hours, _, minutes = token.low.partition("h")
        if not (led or int(hours) > 12):  # 1h30 alone is a length
            return None
        return _checked(Clock(int(hours), int(minutes), half="24"), i + 1)
    spoken = whole_at(tokens, i)
    if spoken is None:
        return _dotted(tokens, i, led=led)
    hour, j = spoken
    minute, bare = 0, True
    if token.kind == "number" and len(token.low) in {3, 4}:  # 730, 1030
        if 1900 <= int(token.low) < 2100 and i > 0 and tokens[i - 1].low not in {"at", "@", "by", "around"}:
            return None  # friday 2027: a year, more likely
        hour, minute = divmod(int(token.low), 100)
    elif token.kind == tokens[j].kind == "word" and (more := whole_at(tokens, j)) is not None and 10 <= more[0] < 60:
        minute, j = more  # three twenty, one thirty
    if not minute and token.kind == "word" and hour >= 20 and j == i + 2:
        return None  # twenty one: a number, as nobody says such an hour alone
    after = tokens[j]
    if after.low in {"o'clock", "oclock"} or (after.low == "o" and tokens[j + 1].low == "clock"):
        j, bare, led = j + (1 if after.low != "o" else 2), False, True
    elif after.low == "h" and glued(token, after) and led:
        return _checked(Clock(hour, minute, half="24"), j + 1)
    half, k = _half_behind(tokens, j, led=led)
    if half is not None:
        return _checked(Clock(hour, minute, half=half), k)
    if after.low == "ish" and glued(token, after):
        bare, led, j = False, True, j + 1
    if bare and not led and (token.kind != "number" or len(token.low) > 2):
        return None if token.kind != "word" or minute or hour > 12 else (Clock(hour, half=None, bare=True), j)
    if bare and _counted(tokens, i, j):
        return None
    half = "24" if not 1 <= hour <= 12 or (token.kind == "number" and token.low.startswith("0")) else None
    return _checked(Clock(hour, minute, half="pm" if hour == 12 and half is None else half, bare=bare), j)


def _counted(tokens: Sequence[Token], i: int, j: int) -> bool:
    """The number counts or belongs to something: a unit, a price, a range of numbers, a telephone number."""
    after = tokens[j]
    if after.low in UNITS or after.low in {"%", "$", "€", "£", "percent", "points", "people", "/"}:
        return True
    if after.low in {"-", "–", ".", ":"} and tokens[j + 1].kind == "number":
        return True
    if after.kind in {"word", "number"} and glued(tokens[j - 1], after):
        return True
    return i > 0 and tokens[i - 1].low in {"$", "€", "£", "#", "-", "/"} and glued(tokens[i - 1], tokens[i])


def _digital(tokens: Sequence[Token], i: int) -> tuple[Clock, int] | None:
    hour, minute, *rest = tokens[i].low.replace(",", ".").split(":")
    second = int(float(rest[0])) if rest else 0
    half, j = _half_behind(tokens, i + 1, led=True)
    if half is None and (not 1 <= int(hour) <= 11 or hour.startswith("0") or rest):
        half = "24"
    if half is None and int(hour) == 12:
        half = "pm"
    return _checked(Clock(int(hour), int(minute), second, half), j)


def _dotted(tokens: Sequence[Token], i: int, *, led: bool) -> tuple[Clock, int] | None:
    """6.45, where "at" or a date stands before it."""
    hour, _, minute = tokens[i].low.partition(".")
    if tokens[i].kind != "number" or not (hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        return None
    half, j = _half_behind(tokens, i + 1, led=True)
    if not led and half is None:
        return None
    if half is None:
        if _counted(tokens, i, j):
            return None
        half = "24" if not 1 <= int(hour) <= 11 else None
    return _checked(Clock(int(hour), int(minute), half=half), j)


def _half_behind(tokens: Sequence[Token], j: int, *, led: bool) -> tuple[Half, int]:
    """am, p.m., p m, a (only where led), in the AM."""
    k = j
    if tokens[k].low == "in" and tokens[k + 1].low == "the" and tokens[k + 2].low in {"am", "pm"}:
        k += 2
    word = tokens[k].low
    half: Half = "am" if word[:1] == "a" else "pm"
    if word in {"am", "pm"}:
        return half, k + 1
    if word not in {"a", "p"} or k != j:
        return None, j
    n = k + 2 if tokens[k + 1].low == "." else k + 1
    if tokens[n].low == "m" and (n == k + 2 or not glued(tokens[k], tokens[n])):
        ends = tokens[n + 1].low == "." and n == k + 2 and glued(tokens[n], tokens[n + 1])
        return half, n + 2 if ends else n + 1
    if led and glued(tokens[j - 1], tokens[j]):
        return half, k + 1
    return None, j


def _checked(clock: Clock, j: int) -> tuple[Clock, int] | None:
    if clock.minute > 59 or clock.second > 59:
        return None
    if clock.half in {"am", "pm"}:
        if not 0 < clock.hour <= 12:
            afternoon = clock.half == "pm" and 12 < clock.hour < 24 and clock.minute > 0  # 17:30pm, but not 14pm
            return (clock._replace(half="24"), j) if afternoon else None
        return clock.fixed, j
    if clock.hour == 24 and not clock.minute and not clock.second:
        return clock._replace(hour=0, midnight=True), j
    return (clock, j) if clock.hour < 24 else None


def part_behind(tokens: Sequence[Token], i: int) -> tuple[str, int] | None:
    """(in the) morning, at night, (during the) evening: its name and where it ends."""
    j = i
    if tokens[j].low in {"in", "at", "during"}:
        j += 1
    if tokens[j].low == "the":
        j += 1
    while tokens[j].low in {"early", "late"}:
        j += 1
    part = PARTS.get(tokens[j].low)
    return None if part is None else (part, j + 1)


def zone_at(tokens: Sequence[Token], i: int) -> tuple[tzinfo, int] | None:
    """CET, (Europe/Berlin), UTC+2, GMT-03:30 behind a time of day."""
    j = i + 1 if tokens[i].low in {"(", ","} else i
    token = tokens[j]
    if token.kind not in {"word", "zone"} or (token.low == "z" and not glued(tokens[j - 1], token)):
        return None
    enclosed = tokens[i].low == "(" and tokens[j + 1].low == ")"
    zone = zone_of(token.text, named=enclosed)
    if zone is None:
        return None
    if token.low in {"utc", "gmt"} and tokens[j + 1].low in {"+", "-"} and glued(token, tokens[j + 1]):
        offset = _offset(tokens[j + 2])
        if offset is not None:
            zone = timezone(offset if tokens[j + 1].low == "+" else -offset)
            j += 2
    j += 1
    if j - i > 1 and tokens[i].low == "(" and tokens[j].low == ")":
        j += 1
    return zone, j


def _offset(token: Token) -> timedelta | None:
    hours, _, minutes = token.low.partition(":")
    if not hours.isdecimal() or len(hours) > 2 or not (minutes or "0").isdecimal():
        return None
    found = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return found if found <= timedelta(hours=14) else None
