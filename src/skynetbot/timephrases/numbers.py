"""Reads how people write amounts: 1.5, 30,000.65, 1/2, twenty one, a couple of, two and a half, three quarters."""

import re
from collections.abc import Sequence
from typing import Final

from skynetbot.timephrases.tokens import Token
from skynetbot.timephrases.words import FRACTIONS, NUMBERS, ORDINALS, UNITS, VAGUE

__all__ = ["amount_at", "glued", "ordinal_at", "plain_number", "whole_at"]

_THOUSANDS_COMMA: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_THOUSANDS_POINT: Final = re.compile(r"\d{1,3}(\.\d{3})+,\d+")
_SINGLE_COMMA: Final = re.compile(r"\d+,\d+")
_MORE: Final = frozenset({"more", "extra", "further", "additional", "fewer", "less", "full", "whole"})


def glued(before: Token, after: Token) -> bool:
    return before.end == after.start


def plain_number(text: str) -> float | None:
    """The value of digits with separators; None where they are no number (1.1.3)."""
    if text.isdigit():
        return float(text)
    if "_" in text:
        text = text.replace("_", "")
    if _THOUSANDS_COMMA.fullmatch(text):
        text = text.replace(",", "")
    elif _THOUSANDS_POINT.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _SINGLE_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def whole_at(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """A whole number below ten thousand in digits, or below a hundred in words, and where it ends."""
    token = tokens[i]
    if token.kind == "number":
        return (int(token.low), i + 1) if token.low.isdecimal() and len(token.low) <= 4 else None
    if token.kind != "word":
        return None
    value = NUMBERS.get(token.low)
    if value is None:
        return None
    if value >= 20:
        j = i + 2 if tokens[i + 1].low == "-" and glued(token, tokens[i + 1]) else i + 1
        ones = NUMBERS.get(tokens[j].low, 0)
        if 0 < ones < 10:
            return value + ones, j + 1
    return value, i + 1


def ordinal_at(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """``3rd``, ``third``, ``twenty first``; not a plain number."""
    token = tokens[i]
    if token.kind == "number":
        suffix = tokens[i + 1]
        if len(token.low) <= 2 and token.low.isdecimal() and suffix.low in {"st", "nd", "rd", "th"}:
            return (int(token.low), i + 2) if glued(token, suffix) else None
        return None
    value = ORDINALS.get(token.low)
    if value is not None:
        return value, i + 1
    tens = NUMBERS.get(token.low, 0)
    if tens >= 20:
        j = i + 2 if tokens[i + 1].low == "-" else i + 1
        ones = ORDINALS.get(tokens[j].low, 0)
        if 0 < ones < 10:
            return tens + ones, j + 1
    return None


def amount_at(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    """How many of a unit, and where the unit is to follow; that one does is for the caller to check."""
    found = _leading(tokens, i)
    if found is None:
        return None
    value, j = found
    if tokens[j].low == "and":  # two and a half hours, one and three quarters of an hour
        part = _fraction(tokens, j + 1)
        if part is not None and part[0] < 1:
            value, j = value + part[0], part[1]
    while tokens[j].low in _MORE:
        j += 1
    if tokens[j].low == "-" and tokens[j + 1].low in UNITS and glued(tokens[j], tokens[j + 1]):  # 30-minutes
        j += 1
    return value, j


def _leading(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    token = tokens[i]
    if token.kind == "slash":  # 1/2 hour
        above, _, below = token.low.partition("/")
        return (int(above) / int(below), i + 1) if below.isdecimal() and 0 < int(above) < int(below) <= 60 else None
    if token.kind == "number":
        value = plain_number(token.low)
        return None if value is None else (value, i + 1)
    if token.kind != "word":
        return None
    fraction = _fraction(tokens, i)
    if fraction is not None:
        return fraction
    whole = whole_at(tokens, i)
    if whole is not None:
        value, j = whole
        if tokens[j].low == "hundred":
            return value * 100, j + 1
        part = _fraction(tokens, i)
        return part if part is not None else (value, j)
    return _article(tokens, i)


def _article(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    """a, an, another, a couple of, a few, a hundred."""
    j = i
    if tokens[j].low in {"a", "an", "another", "one"}:
        j += 1
    word = tokens[j].low
    vague = VAGUE.get(word)
    if vague is not None:
        return vague, j + 2 if tokens[j + 1].low == "of" else j + 1
    if word == "hundred" and j > i:
        return 100, j + 1
    return (1, j) if j > i else None


def _fraction(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    """half (an), a quarter of (an), three quarters of (an); only with a unit behind, as a quarter is a unit too."""
    j, times = i, 1
    if tokens[j].low in {"a", "an", "one"}:
        j += 1
    elif tokens[j].low in {"three", "3"}:
        j, times = j + 1, 3
        if tokens[j].low == "-":
            j += 1
    share = FRACTIONS.get(tokens[j].low)
    if share is None or (times == 3 and share == 0.5):
        return None
    j += 1
    if tokens[j].low == "of":
        j += 1
    if tokens[j].low in {"a", "an"}:
        j += 1
    return (times * share, j) if tokens[j].low in UNITS else None
