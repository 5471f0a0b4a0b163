"""Where a phrase can begin, told from a word and its neighbours: every other place is passed over with one look."""

from collections.abc import Sequence
from typing import Final

from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import FRACTIONS, HOLIDAYS, MONTHS, NUMBERS, ORDINALS, PARTS, UNITS, VAGUE, WEEKDAYS

__all__ = ["may_start"]

_ALONE: Final = """
    today tomorrow tomorow tommorow tommorrow tmr tmrw tomo yesterday overmorrow tonight tonite now atm immediately asap
    noon midday noontime midnight midnite lunch lunchtime eod cob eom eoy eow weekend hourly daily everyday weekly
    biweekly fortnightly monthly quarterly yearly annually anually nightly weekdays weekends workdays
"""
_WITH_MORE: Final = """
    the a an another this next last past coming upcoming previous following current day week month year right mid early
    late end close beginning start middle closest nearest every each once final
"""
_BEHIND: Final = """
    st nd rd th am pm p h o o'clock oclock of and to after before past till til until - – other single business weekday
    workday hundred more extra further additional in at ish
"""
_SURE: Final = (
    frozenset(_ALONE.split())
    | frozenset(WEEKDAYS)
    | frozenset(f"{word}s" for word in WEEKDAYS)
    | frozenset(MONTHS)
    | frozenset(words[0] for words in HOLIDAYS)
)
"""Words that can be a phrase alone."""
_PARTS: Final = frozenset(PARTS)
_OPENERS: Final = (
    frozenset(_WITH_MORE.split()) | frozenset(NUMBERS) | frozenset(ORDINALS) | frozenset(VAGUE) | frozenset(FRACTIONS)
)
"""Words that are part of a phrase if the next word is."""
_CONTINUES: Final = (
    _SURE | _PARTS | _OPENERS | frozenset(_BEHIND.split()) | frozenset(UNITS) | frozenset(f"{unit}'s" for unit in UNITS)
)
_SHAPES: Final = frozenset({"clock", "hclock", "iso", "slash", "dashed", "dotted", "stamp"})
_LEADS: Final = frozenset(
    {"at", "@", "in", "by", "before", "until", "till", "from", "between", "around", "+", "-", "on"}
)


def may_start(tokens: Sequence[Token], i: int) -> bool:
    """Whether reading a phrase at token ``i`` is worth the try."""
    token = tokens[i]
    if token.low in _SURE or token.kind in _SHAPES:
        return True
    following = tokens[i + 1]
    if token.kind == "number":
        if following.kind == "number" and following.start == token.end:
            return False
        return (
            following.low in _CONTINUES
            or len(token.low) == 10
            or following.low in {'"', "'", "."}
            or (i > 0 and tokens[i - 1].low in _LEADS)
        )
    if token.low in _PARTS:
        return True
    if token.low not in _OPENERS:
        return False
    if following.low in _CONTINUES or following.kind in {"number", "slash"}:
        return True
    return i > 0 and tokens[i - 1].low in _LEADS and token.low in NUMBERS
