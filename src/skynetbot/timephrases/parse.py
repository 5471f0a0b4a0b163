"""Reads a time out of a text: ``parse("call mum tomorrow at 5pm", now=..., zone=...)``.

The grammar is the room's other modules, from tokens up; here is the choice among what was found, and the refusals.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.timephrases.days import EDGE, STRONG
from skynetbot.timephrases.phrases import Phrase, phrase_at
from skynetbot.timephrases.rest import asks, rest_of
from skynetbot.timephrases.resolve import Resolved, Unresolvable, resolve
from skynetbot.timephrases.results import Habits, Kind, Refused, Understood
from skynetbot.timephrases.shown import moment, show
from skynetbot.timephrases.starters import STARTERS
from skynetbot.timephrases.tokens import Token, tokens_of
from skynetbot.timephrases.zoned import clock_note

__all__ = ["FARTHEST", "parse"]

FARTHEST: Final = timedelta(days=3653)
"""Ten years."""
_HEAD, _TAIL = 320, 320
"""Characters at either end of a long text in which a time is looked for, so that the work has a bound."""
_MOST_PHRASES: Final = 6
_NUMERIC: Final = frozenset({"number", "clock", "hclock", "iso", "slash", "dashed", "dotted", "stamp"})
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
    Never raises on any text. A time is looked for in the first and last 320 characters.
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
    if not found:
        return _refused("not_a_time", "I found no time in that.")
    either = _alternatives(text, found)
    if either is not None:
        return either
    outcomes = [_outcome(one, now, zone, habits) for one in _by_place(text, found)]
    return next((outcome for outcome in outcomes if isinstance(outcome, Understood)), outcomes[0])


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
    return [(text[: head_end if head_end > 0 else _HEAD], 0), (text[max(tail_start, len(text) - _TAIL) :], max(tail_start, len(text) - _TAIL))]


def _phrases(tokens: Sequence[Token], *, day_first: bool) -> list[Phrase]:
    found: list[Phrase] = []
    i = 0
    while tokens[i].kind != "end" and len(found) < _MOST_PHRASES:
        token = tokens[i]
        if token.kind in _NUMERIC or token.low in STARTERS:
            phrase = phrase_at(tokens, i, day_first=day_first)
            if phrase is not None:
                found.append(phrase)
                i = phrase.end
                continue
        i += 1
    return found


def _alternatives(text: str, found: list[_Found]) -> Refused | None:
    """ "at 5 or 6", "monday or tuesday": only the person can choose."""
    for one, other in zip(found, found[1:], strict=False):
        if text[one.end : other.start].strip().lower() == "or":
            reason = f"“{text[one.start : other.end]}” names two times; I can only take one."
            return _refused("ambiguous", reason, when=text[one.start : other.end])
    return None


def _by_place(text: str, found: list[_Found]) -> list[_Found]:
    """People write the time first or last: "in 2 hours to ask about friday", "ask about friday in 2 hours"."""
    return sorted(found, key=lambda one: (not one.at_start, not one.at_end, one.start))


def _outcome(found: _Found, now: datetime, zone: ZoneInfo, habits: Habits) -> Understood | Refused:
    phrase = found.phrase
    when = found.text[found.start : found.end]
    if phrase.repeat is not None and phrase.repeat.too_often:
        return _refused("too_often", "I can repeat something every minute at most.", when=when)
    try:
        resolved = resolve(phrase, now, zone, habits)
    except Unresolvable as problem:
        return _refused("ambiguous", str(problem), when=when, instant=problem.instant)
    except (OverflowError, ValueError):
        return _refused("too_far", "That is beyond the calendar.", when=when)
    refusal = _policy(resolved, when, now, zone)
    if refusal is not None:
        return refusal
    shown = show(resolved.instant, resolved.recurrence, now, zone)
    note = "" if resolved.wall is None else clock_note(resolved.wall, phrase.zone or zone)
    if resolved.recurrence is not None and resolved.recurrence.step in {"month", "year"} and resolved.recurrence.day > 28:
        note = "In a month without that day it is the month's last day."
    return Understood(
        instant=resolved.instant,
        recurrence=resolved.recurrence,
        when=when,
        rest=rest_of(found.text, found.start, found.end),
        shown=shown,
        note=note,
        grain=resolved.grain,
    )


def _policy(resolved: Resolved, when: str, now: datetime, zone: ZoneInfo) -> Refused | None:
    instant = resolved.instant
    if instant.timestamp() <= now.timestamp():
        if resolved.grain in {"week", "month", "quarter", "year"} and instant.timestamp() > now.timestamp() - 366 * 86400:
            return _refused("ambiguous", f"“{when}” has already begun; say which day.", when=when, instant=instant)
        return _refused("past", f"That is in the past: {moment(instant, now, zone)}.", when=when, instant=instant)
    if instant - now.astimezone(UTC) > FARTHEST:
        return _refused("too_far", "That is more than 10 years ahead.", when=when, instant=instant)
    return None


def _refused(kind: Kind, reason: str, *, when: str = "", instant: datetime | None = None) -> Refused:
    return Refused(kind=kind, reason=reason, examples=_EXAMPLES[kind], instant=instant, when=when)
