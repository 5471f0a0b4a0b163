"""Reads a time out of a text: ``parse("call mum tomorrow at 5pm", now=..., zone=...)``.

The grammar is the room's other modules, from tokens up; here is the choice among what was found, and the refusals.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.timephrases.days import EDGE, STRONG
from skynetbot.timephrases.phrase import Phrase
from skynetbot.timephrases.phrases import phrase_at
from skynetbot.timephrases.resolve import Resolved, Unresolvable, resolve
from skynetbot.timephrases.rest import asks, rest_of
from skynetbot.timephrases.results import Habits, Kind, Refused, Understood
from skynetbot.timephrases.shown import moment, show
from skynetbot.timephrases.starters import may_start
from skynetbot.timephrases.tokens import Token, tokens_of
from skynetbot.timephrases.zoned import clock_note

__all__ = ["FARTHEST", "parse"]

FARTHEST: Final = timedelta(days=3653)
"""Ten years."""
_HEAD, _TAIL = 200, 200
"""Characters at either end of a long text in which a time is looked for, so that the work has a bound."""
_MOST_PHRASES: Final = 4
_MOST_TRIES: Final = 8
"""Bounds for one end of a text; ordinary sentences have a few places where a time could begin, and does not."""
_OR: Final = re.compile(
    r"\s{0,3},?\s{0,3}(?:or|and)\s{1,3}(?:(?:at|on|the)\s{1,3}){0,2}(?P<number>\d{1,2}(?:st|nd|rd|th|am|pm)?(?!\S))?",
    re.IGNORECASE,
)
_NOT_READ: Final = re.compile(
    r"\s{0,3},?\s{0,3}(?:(?:until|till|except|excluding|but not|ending)\b"
    r"|for (?:\d{1,4}|an?|one|two|three|four|five|six) (?:day|week|month|year|hour|time)"
    r"|the \d{1,2}(?:st|nd|rd|th)\b|and \d{1,2}(?:st|nd|rd|th)\b)",
    re.IGNORECASE,
)
"""What may follow something that repeats and would change it."""
_EVERY_BEFORE: Final = re.compile(r"\b(?:every|each)\s{1,3}$", re.IGNORECASE)
_EXAMPLES: Final[dict[Kind, tuple[str, str]]] = {
    "not_a_time": ("in 2 hours", "tomorrow at 17:00"),
    "past": ("in 10 minutes", "friday at 9am"),
    "ambiguous": ("friday at 18:00", "5 march 2027 at 9:30"),
    "too_far": ("in 6 months", "1 january at noon"),
    "too_often": ("every 10 minutes", "every day at 9"),
}


def parse(
    text: str, *, now: datetime, zone: ZoneInfo, day_first: bool = False, habits: Habits | None = None
) -> Understood | Refused:
    """The time in ``text`` and what remains of it, or why there is none.

    ``now`` is aware; ``zone`` is the person's. ``day_first`` reads 5/3 as 5 March (a date with dots always is).
    Never raises on any text. A time is looked for in the first and last 200 characters.
    """
    if now.tzinfo is None:
        raise ValueError("parse needs an aware datetime")
    habits = habits or Habits()
    now = now.replace(microsecond=0)
    read: list[tuple[Phrase, list[Token], int]] = []
    for piece, offset in _windows(text):
        tokens = tokens_of(piece)
        read.extend((phrase, tokens, offset) for phrase in _phrases(tokens, day_first=day_first))
    found = [_Found(text, phrase, tokens, offset) for phrase, tokens, offset in read]
    found = [one for one in found if one.stands()]
    unclear = _alternatives(text, found) or _half_read(found)
    if unclear is not None:
        return unclear
    refused: Refused | None = None
    for one in _by_place(found):
        outcome = _outcome(one, now, zone, habits)
        if isinstance(outcome, Understood):
            return outcome
        refused = refused or outcome
    return refused or _refused("not_a_time", "I found no time in that.")


class _Found:
    """A phrase and its place in the text."""

    def __init__(self, text: str, phrase: Phrase, tokens: Sequence[Token], offset: int) -> None:
        self.phrase, self.text = phrase, text
        self.start = tokens[phrase.first].start + offset
        self.end = tokens[phrase.end - 1].end + offset

    @property
    def at_start(self) -> bool:
        return asks(self.text[: self.start])

    @property
    def at_end(self) -> bool:
        return not self.text[self.end :].strip(" .!?…)\n\t\"'")

    def stands(self) -> bool:
        strength = self.phrase.strength
        if strength == STRONG:
            return True
        if strength == EDGE:
            return self.at_start or self.at_end
        return self.at_start and self.at_end


def _windows(text: str) -> list[tuple[str, int]]:
    """The text, or its two ends cut between words, with where each begins."""
    if len(text) <= _HEAD + _TAIL:
        return [(text, 0)]
    head_end = text.rfind(" ", 0, _HEAD)
    tail_start = text.find(" ", len(text) - _TAIL)
    return [
        (text[: head_end if head_end > 0 else _HEAD], 0),
        (text[max(tail_start, len(text) - _TAIL) :], max(tail_start, len(text) - _TAIL)),
    ]


def _phrases(tokens: Sequence[Token], *, day_first: bool) -> list[Phrase]:
    found: list[Phrase] = []
    i = 0
    tries = 0
    while tokens[i].kind != "end" and len(found) < _MOST_PHRASES and tries < _MOST_TRIES:
        if may_start(tokens, i):
            phrase = phrase_at(tokens, i, day_first=day_first)
            if phrase is not None:
                found.append(phrase)
                i = phrase.end
                continue
            tries += 1
        i += 1
    return found


def _alternatives(text: str, found: list[_Found]) -> Refused | None:
    """ "at 5 or 6", "monday or tuesday", "tomorrow at 5 and friday at 6": only the person can choose."""
    for n, one in enumerate(found):
        joined = _OR.match(text, one.end)
        if joined is None:
            continue
        other = found[n + 1] if n + 1 < len(found) else None
        end = joined.end() if other is None or other.start > joined.end() else other.end
        if joined.group("number") or (other is not None and other.start <= joined.end()):
            both = text[one.start : end].strip()
            return _refused("ambiguous", f"“{both}” names two times; I can only take one.", when=both)
    return None


def _half_read(found: list[_Found]) -> Refused | None:
    """Something that repeats, with words beside it that would change it: better refused than reminded of wrongly."""
    for one in found:
        repeat, when = one.phrase.repeat, one.text[one.start : one.end]
        if repeat is not None and _NOT_READ.match(one.text, one.end):
            return _refused("ambiguous", "I cannot read when that ends, or which of them to leave out.", when=when)
        if repeat is None and _EVERY_BEFORE.search(one.text[max(one.start - 10, 0) : one.start]):
            return _refused("ambiguous", f"I cannot read how often “every {when}” is.", when=when)
    return None


def _by_place(found: list[_Found]) -> list[_Found]:
    """People write the time first or last: "in 2 hours to ask about friday", "ask about friday in 2 hours"."""
    return sorted(found, key=lambda one: (not one.at_start, not one.at_end, one.start))


def _outcome(found: _Found, now: datetime, zone: ZoneInfo, habits: Habits) -> Understood | Refused:
    phrase = found.phrase
    when = found.text[found.start : found.end]
    if phrase.repeat is not None and phrase.repeat.too_often:
        return _refused("too_often", "I can repeat something every minute at most.", when=when)
    try:
        resolved = resolve(phrase, now, zone, habits)
        resolved = resolved._replace(instant=resolved.instant.replace(microsecond=0))
    except Unresolvable as problem:
        return _refused("ambiguous", str(problem), when=when, instant=problem.instant)
    except (OverflowError, ValueError):
        return _refused("too_far", "That is beyond the calendar.", when=when)
    refusal = _policy(resolved, when, now, zone)
    if refusal is not None:
        return refusal
    shown = show(resolved.instant, resolved.recurrence, now, zone)
    return Understood(
        instant=resolved.instant,
        recurrence=resolved.recurrence,
        when=when,
        rest=rest_of(found.text, found.start, found.end),
        shown=shown,
        note=_note(phrase, resolved, zone),
        grain=resolved.grain,
    )


def _note(phrase: Phrase, resolved: Resolved, zone: ZoneInfo) -> str:
    rule, wall, clock = resolved.recurrence, resolved.wall, phrase.clock
    if rule is not None and rule.step in {"month", "year"} and rule.day > 28:
        return "In a month without that day it is the month's last day."
    if wall is None:
        return ""
    if clock is not None and phrase.days and clock.half is None and phrase.part is None and wall.hour == clock.hour < 7:
        return f"I read that as {wall:%H:%M}; for the afternoon write {clock.hour}pm."
    return clock_note(wall, phrase.zone or zone)


def _policy(resolved: Resolved, when: str, now: datetime, zone: ZoneInfo) -> Refused | None:
    instant = resolved.instant
    if instant.timestamp() <= now.timestamp():
        if (
            resolved.grain in {"week", "month", "quarter", "year"}
            and instant.timestamp() > now.timestamp() - 366 * 86400
        ):
            return _refused("ambiguous", f"“{when}” has already begun; say which day.", when=when, instant=instant)
        return _refused("past", f"That is in the past: {moment(instant, now, zone)}.", when=when, instant=instant)
    if instant - now.astimezone(UTC) > FARTHEST:
        return _refused("too_far", "That is more than 10 years ahead.", when=when, instant=instant)
    return None


def _refused(kind: Kind, reason: str, *, when: str = "", instant: datetime | None = None) -> Refused:
    return Refused(kind=kind, reason=reason, examples=_EXAMPLES[kind], instant=instant, when=when)
