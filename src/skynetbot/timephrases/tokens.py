"""Cuts a text into words, numbers and the shapes that only times have (17:30, 2026-11-26, 5/3, ``<t:…>``), once."""

import re
from typing import Final, Literal, NamedTuple

__all__ = ["END", "Kind", "Token", "tokens_of"]

Kind = Literal["word", "number", "clock", "hclock", "iso", "slash", "dashed", "dotted", "stamp", "zone", "mark", "end"]

_SHAPES: Final = re.compile(
    r"(?P<stamp><t:-?\d{1,14}(?::[tTdDfFR])?>)"
    r"|(?P<iso>\d{4}-\d{1,2}-\d{1,2}(?![\d-])|\d{4}/\d{1,2}/\d{1,2}(?![\d/]))"
    r"|(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?![\d:]))"
    r"|(?P<hclock>\d{1,2}h\d{2}(?![\w]))"
    r"|(?P<dotted>\d{1,2}\s?\.\s?\d{1,2}\s?\.\s?(?:\d{4}|\d{2})(?![\d.:]\d|\d))"
    r"|(?P<slash>\d{1,4}/\d{1,4}(?:/\d{1,4})?(?![\d/]))"
    r"|(?P<dashed>\d{1,2}-\d{1,2}-\d{4}(?![\d-]))"
    r"|(?P<number>\d{1,18}(?:[.,_]\d{1,18}){0,6}|\.\d{1,18})"
    r"|(?P<zone>[A-Z][A-Za-z]{1,20}/[A-Z][A-Za-z0-9_/+-]{1,30})"
    r"|(?P<word>[^\W\d_]{1,64}(?:['’][^\W\d_]{1,64})?)"
    r"|(?P<mark>\S)"
)
"""Every repetition has a bound and no two alternatives can share a long prefix, so cutting is linear."""


class Token(NamedTuple):
    kind: Kind
    low: str
    """Lower case, with a plain apostrophe."""
    start: int
    end: int
    text: str


_new: Final = tuple.__new__
"""Twice as fast as calling ``Token``, and half of the time that a long text takes is spent here."""
END: Final = Token("end", "", -1, -1, "")
"""Stands behind the last token, so that looking ahead needs no bounds check."""


def tokens_of(text: str) -> list[Token]:
    """All tokens, then some ``END``."""
    found: list[Token] = []
    for match in _SHAPES.finditer(text):
        piece = match.group()
        low = piece.lower()
        if "’" in low:
            low = low.replace("’", "'")
        found.append(_new(Token, (match.lastgroup, low, match.start(), match.end(), piece)))
    found.extend((END,) * 8)
    return found
