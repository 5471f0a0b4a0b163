"""Reads a phrase part by part: "at 5pm" and "next friday", in any order, are one time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from skynetbot.timephrases.clocks import ABOUT, Clock, clock_at, part_behind, zone_at
from skynetbot.timephrases.days import day_at
from skynetbot.timephrases.durations import Length, length_at
from skynetbot.timephrases.numbers import glued, whole_at
from skynetbot.timephrases.periods import period_at
from skynetbot.timephrases.phrase import Phrase, joins, stands
from skynetbot.timephrases.ranges import range_before, range_behind
from skynetbot.timephrases.repeats import refine, repeat_at
from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import PARTS, UNITS

__all__ = ["phrase_at"]

_LEADS: Final = frozenset({
    "at", "@", "on", "in", "by", "within", "for", "after", "from", "until", "till", "before", "between", "during",
    "sometime", "the", "around", "about",
})  # fmt: skip
_SHIFTING: Final = frozenset({"in", "within", "after", "for"})
_LINKS: Final = _LEADS | {",", "(", "of", "-", "late", "early"}
_NOW: Final = frozenset({"now", "atm", "immediately", "asap"})
_AGO: Final = frozenset({"ago", "earlier", "back"})
_LATER: Final = frozenset({"later", "hence", "out"})
_START: Final = frozenset({"starting", "beginning", "from", "start", "since", "first"})


def phrase_at(tokens: Sequence[Token], i: int, *, day_first: bool) -> Phrase | None:
    """The phrase whose first meaningful token is ``i``; words such as "at" before it are taken in."""
    if i and glued(tokens[i - 1], tokens[i]) and not _may_touch(tokens, i):
        return None
    reader = _Reader(tokens, day_first=day_first)
    first, lead = _leads_before(tokens, i)
    reader.phrase.first = first
    end = reader.read(i, lead)
    phrase = reader.phrase
    phrase.end = end
    if phrase.empty or not stands(phrase, lead):
        return None
    after = tokens[end]
    if glued(tokens[end - 1], after) and after.kind in {"word", "number", "clock", "hclock"}:
        return None  # 4pmish, 1call: it only began like a time
    if after.low in {"-", "/"} and glued(tokens[end - 1], after) and glued(after, tokens[end + 1]):
        return None
    return phrase


def _may_touch(tokens: Sequence[Token], i: int) -> bool:
    """Whether a phrase may begin right behind the token before: (5pm, +5m, but not $5 or x-5."""
    before = tokens[i - 1].low
    if before in {"+", "-"}:
        return i < 2 or not glued(tokens[i - 2], tokens[i - 1])
    return before in {"(", "@", '"', "'", "“", ":", "*", "_", "~", "`"}


def _leads_before(tokens: Sequence[Token], i: int) -> tuple[int, str]:
    """Where the words that lead to token ``i`` begin, and the one that says most."""
    first, lead = i, ""
    while first > 0 and i - first < 4:
        word = tokens[first - 1].low
        if word in {"+", "-"} and first == i and glued(tokens[first - 1], tokens[i]):
            lead = word
        elif word == "about" and tokens[first - 2].low not in {"at", "in"}:
            break  # remind me about the 5pm meeting
        elif word in _LEADS:
            lead = word if word not in {"the", "about", "around"} and lead not in {"+", "-"} else lead or word
        elif word not in ABOUT:
            break
        first -= 1
    return first, lead


class _Reader:
    def __init__(self, tokens: Sequence[Token], *, day_first: bool) -> None:
        self.tokens = tokens
        self.day_first = day_first
        self.phrase = Phrase()

    def read(self, i: int, lead: str) -> int:
        end = i
        step = self._component(i, lead)
        while step is not None:
            end = step
            k, lead = self._links(end)
            step = self._component(k, lead) if self.tokens[k].kind != "end" else None
        return end + 1 if self.tokens[end].low == ")" and self._opened(i, end) else end

    def _opened(self, i: int, end: int) -> bool:
        return any(token.low == "(" for token in self.tokens[max(i - 1, 0) : end])

    def _links(self, end: int) -> tuple[int, str]:
        """Over words that join parts, and the one that says most."""
        k, lead = end, ""
        while self.tokens[k].low in _LINKS or self.tokens[k].low in ABOUT:
            if k - end >= 4:
                break
            if self.tokens[k].low not in {"the", ",", "(", "about", "around"}:
                lead = self.tokens[k].low
            k += 1
        if (
            k == end
            and self.tokens[k].low == "t"
            and self.tokens[k - 1].kind == "iso"
            and self.tokens[k + 1].kind == "clock"
        ):
            k += 1  # 2027-03-05T14:00
        return k, lead

    def _component(self, i: int, lead: str) -> int | None:
        tokens, phrase = self.tokens, self.phrase
        if phrase.stamp is not None:
            return None
        return (
            self._stamp(i)
            or self._repeat(i)
            or self._start(i)
            or self._end_of_day(i)
            or self._clock(i, lead)
            or self._day(i)
            or self._shift(i, lead)
            or self._part(i, lead)
            or self._late_year(tokens, i)
        )

    def _stamp(self, i: int) -> int | None:
        token = self.tokens[i]
        if not self.phrase.empty or token.kind not in {"stamp", "number"}:
            return None
        digits = token.low
        if token.kind == "stamp":
            digits = digits[3:-1].rstrip("tdfr").rstrip(":")
        elif len(digits) != 10 or not digits.isdecimal() or digits.startswith("0"):
            return None
        try:
            self.phrase.stamp = datetime.fromtimestamp(int(digits), UTC)
        except (OverflowError, ValueError, OSError):
            return None
        return i + 1

    def _repeat(self, i: int) -> int | None:
        phrase = self.phrase
        if phrase.repeat is not None:
            refined = None if phrase.start else refine(phrase.repeat, self.tokens, i)
            # refine skips its own joining words, so it may start at them or behind them
            if refined is None and i and self.tokens[i - 1].low in {"on", "the"}:
                refined = refine(phrase.repeat, self.tokens, i - 1)
            if refined is None:
                return None
            phrase.repeat = refined[0]
            return refined[1]
        found = None if phrase.shift is not None else repeat_at(self.tokens, i)
        if found is None:
            return None
        phrase.repeat = found[0]
        if phrase.days:  # from tomorrow every day
            phrase.start = Phrase(days=phrase.days, part=phrase.days[0].part)
            phrase.days = []
        return found[1]

    def _start(self, i: int) -> int | None:
        """starting tomorrow: the start is a phrase of its own."""
        phrase = self.phrase
        if phrase.repeat is None or phrase.start is not None:
            return None
        led = self.tokens[i].low in _START or (i > 0 and self.tokens[i - 1].low in {"from", "after"})
        if not led:
            return None
        k = i
        while self.tokens[k].low in _START | {"on", "at", "in", "the", "with"}:
            k += 1
        if repeat_at(self.tokens, k) is not None:
            return None
        reader = _Reader(self.tokens, day_first=self.day_first)
        end = reader.read(k, self.tokens[k - 1].low)
        if reader.phrase.empty or reader.phrase.repeat:
            return None
        phrase.start = reader.phrase
        return end

    def _end_of_day(self, i: int) -> int | None:
        """eod, end of day, end of tomorrow, close of business."""
        tokens, phrase = self.tokens, self.phrase
        if phrase.part or phrase.clock:
            return None
        if tokens[i].low in {"eod", "cob"}:
            phrase.part = "end_of_day"
            return i + 1
        if tokens[i].low not in {"end", "close"} or tokens[i + 1].low != "of":
            return None
        k = i + 3 if tokens[i + 2].low == "the" else i + 2
        if tokens[k].low in {"day", "business"}:
            phrase.part = "end_of_day"
            return k + 1
        day = day_at(tokens, k, day_first=self.day_first)
        if day is None or phrase.days or day[0].grain != "day":
            return None
        phrase.days.append(day[0])
        phrase.part = "end_of_day"
        return day[1]

    def _clock(self, i: int, lead: str) -> int | None:
        phrase, tokens = self.phrase, self.tokens
        if phrase.clock is not None:
            return self._another_clock(i)
        shifting = lead in _SHIFTING | {"+", "-"} and tokens[i].kind in {"number", "clock"}
        if shifting and (length_at(tokens, i) is not None or self._hours(i, lead) is not None):
            return None
        led = lead in {"at", "@", "by", "before", "until", "till", "from", "around", "between"} or bool(
            phrase.days or phrase.part or phrase.repeat
        )
        found = clock_at(tokens, i, led=led)
        if found is None:
            return None
        clock, j = found
        if clock.bare and not self._bare_clock_fits(clock, i, j, lead):
            return None
        phrase.clock = clock
        part = part_behind(tokens, j)
        if part is not None and phrase.part is None:
            phrase.part, j = part
        zone = zone_at(tokens, j)
        if zone is not None:
            phrase.zone, j = zone
        return j

    def _bare_clock_fits(self, clock: Clock, i: int, j: int, lead: str) -> bool:
        """A bare number is a time behind "at", before a day, or at the end behind a day."""
        tokens = self.tokens
        if lead in {"at", "@", "by", "before", "until", "till", "around"}:
            return True
        if lead in {"from", "between"}:
            return not self._reads_as_day(i)
        if part_behind(tokens, j) is not None:
            return True
        if self.phrase.empty:
            following = day_at(tokens, j, day_first=self.day_first)
            relative = following is not None and (
                following[0].today or following[0].rolls is False or following[0].weekday is not None
            )
            return relative and not self._reads_as_day(i) and tokens[j].kind == "word" and not clock.minute
        ends = tokens[j].kind == "end" or (
            tokens[j].kind == "mark" and tokens[j].low not in {"-", "/", "%", "$", "€", ":"}
        )
        return ends and not self._reads_as_day(i) and bool(self.phrase.days) and not lead

    def _reads_as_day(self, i: int) -> bool:
        return (
            day_at(self.tokens, i, day_first=self.day_first) is not None
            or range_before(self.tokens, i, day_first=self.day_first) is not None
            or period_at(self.tokens, i, day_first=self.day_first) is not None
        )

    def _hours(self, i: int, lead: str) -> tuple[Length, int] | None:
        """in 1:30 (hours)."""
        token = self.tokens[i]
        if lead != "in" or token.kind != "clock" or token.low.count(":") != 1:
            return None
        follows = self.tokens[i + 1].low
        if follows in {"am", "pm", "a", "p"}:
            return None
        hours, _, minutes = token.low.partition(":")
        length = Length(seconds=3600 * int(hours) + 60 * int(minutes), grain="minute")
        return length, i + 2 if follows in {"h", "hours", "hour", "hrs"} else i + 1

    def _another_clock(self, i: int) -> int | None:
        """every day at 9 and 17; a zone or a part of the day behind the time."""
        phrase, tokens = self.phrase, self.tokens
        zone = zone_at(tokens, i) if phrase.zone is None or tokens[i].kind == "zone" else None
        if zone is not None and phrase.days:
            phrase.zone = phrase.zone or zone[0]
            return zone[1]
        listed = tokens[i].kind == "clock" and tokens[i - 1].low == ","
        if phrase.repeat is None or not (listed or tokens[i].low == "and"):
            return None
        k = i if listed else i + 2 if tokens[i + 1].low == "at" else i + 1
        found = clock_at(tokens, k, led=True)
        if found is None or phrase.start is not None:
            return None
        phrase.more_clocks.append(found[0])
        return found[1]

    def _day(self, i: int) -> int | None:
        phrase, tokens = self.phrase, self.tokens
        if phrase.repeat is not None or len(phrase.days) >= 3:
            return None
        found = (
            range_before(tokens, i, day_first=self.day_first)
            or period_at(tokens, i, day_first=self.day_first)
            or day_at(tokens, i, day_first=self.day_first)
        )
        if found is None or not joins(phrase.days, found[0]):
            return None
        day, j = found
        if length_at(tokens, i) is not None and tokens[i].kind in {"slash", "number"} and tokens[j].low in UNITS:
            return None  # 1/2 hour
        ranged = range_behind(day, tokens, j, day_first=self.day_first)
        if ranged is not None:
            day, j = ranged
        phrase.days.append(day)
        phrase.part = phrase.part or day.part
        return j

    def _shift(self, i: int, lead: str) -> int | None:
        phrase, tokens = self.phrase, self.tokens
        if phrase.shift is not None or phrase.repeat is not None:
            return None
        now = tokens[i + 1 if tokens[i].low == "right" else i].low
        if phrase.empty and now in _NOW:
            return self._from_now(i + 2 if tokens[i].low == "right" else i + 1)
        if not phrase.empty and lead != "in":
            return None
        if tokens[i].low in {"+", "-"} and glued(tokens[i], tokens[i + 1]):
            lead, i = tokens[i].low, i + 1
        found = self._hours(i, lead) or length_at(tokens, i, sign=-1 if lead == "-" else 1)
        if found is None:
            return self._minutes(i, lead)
        length, j = found
        j = j + 1 if tokens[j].low == "'" else j
        j = j + 1 if tokens[j].low == "time" else j
        if i and tokens[i - 1].low in {"last", "past", "every", "each"}:
            return None
        length, j = self._suffix(length, i, j, lead)
        phrase.shift = length
        return j + 2 if tokens[j].low == "or" and tokens[j + 1].low == "so" else j

    def _minutes(self, i: int, lead: str) -> int | None:
        """in 15."""
        whole = whole_at(self.tokens, i)
        if lead != "in" or whole is None or self.tokens[whole[1]].kind not in {"end", "mark"} or whole[0] > 600:
            return None
        if self.tokens[whole[1]].low in {"-", "/", "%", "$", "€", ":", "."} or not self.phrase.empty:
            return None
        self.phrase.shift = Length(seconds=60 * whole[0])
        return whole[1]

    def _from_now(self, j: int) -> int:
        """now; now + 1 hour."""
        self.phrase.shift = Length()
        sign = {"+": 1, "-": -1}.get(self.tokens[j].low)
        found = None if sign is None else length_at(self.tokens, j + 1)
        if sign is None or found is None:
            return j
        self.phrase.shift = found[0].times(sign)
        return found[1]

    def _suffix(self, length: Length, i: int, j: int, lead: str) -> tuple[Length, int]:
        """ago, later, from now, after yesterday; without any, a length that nothing leads to is bare."""
        tokens, phrase = self.tokens, self.phrase
        word = tokens[j].low
        if word in _AGO:
            return length.times(-1), j + 1
        if word in _LATER:
            return length, j + 1
        if word in {"from", "after", "before", "since"}:
            k = j + 2 if tokens[j + 1].low == "right" else j + 1
            sign = -1 if word == "before" else 1
            if tokens[k].low in {"now", "today", "this"}:
                grain = "day" if tokens[k].low == "today" else length.grain
                return length.times(sign)._replace(grain=grain), k + 1
            k = k + 1 if tokens[k].low in {"the", "a"} and tokens[k + 1].low == "day" else k
            if phrase.empty and (self._reads_as_day(k) or clock_at(tokens, k, led=False) is not None):
                anchor = _Reader(tokens, day_first=self.day_first)
                end = anchor.read(k, "at" if tokens[k].kind == "clock" else "")
                if anchor.phrase.days or anchor.phrase.clock:
                    phrase.anchored = True
                    phrase.days, phrase.clock, phrase.part = anchor.phrase.days, anchor.phrase.clock, anchor.phrase.part
                    return length.times(sign), end
        phrase.article = tokens[i].low in {"a", "an"}
        phrase.bare = phrase.empty and lead not in _SHIFTING and lead not in {"+", "-"}
        return length, j

    def _part(self, i: int, lead: str) -> int | None:
        phrase = self.phrase
        if phrase.part is not None or phrase.shift is not None:
            return None
        word = self.tokens[i].low
        if word in PARTS and (lead in {"in", "at", "by", "during", "on", ""} or phrase.days):
            phrase.part = PARTS[word]
            return i + 1
        return None

    def _late_year(self, tokens: Sequence[Token], i: int) -> int | None:
        """The year of "Mar 05 12:00:00 2027", which the date before has already looked at."""
        token = tokens[i]
        if token.kind != "number" or len(token.low) != 4 or not self.phrase.days or tokens[i - 1].kind != "clock":
            return None
        date = self.phrase.days[-1]
        return i + 1 if not date.rolls and date.weekday is None and not date.today else None
