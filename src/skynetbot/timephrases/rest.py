"""What remains of a text without its time: "remind me in 2 hours to call mum" leaves "call mum"."""

import re
from typing import Final

__all__ = ["asks", "rest_of"]

_ASKS: Final = re.compile(
    r"\s*(?:(?:please|pls|hey|can you|could you)[\s,]{1,5})?(?:set (?:a |an )?(?:reminder|timer|alarm)(?: for)?"
    r"|(?:remind|ping|tell|wake|dm)(?: me| us)?|reminder|remindme)?[\s,:–-]{0,10}",
    re.IGNORECASE,
)
_JOINS_AFTER: Final = re.compile(r"[\s,;:.–-]{0,20}(?:to|that)\b\s{0,5}", re.IGNORECASE)
_EDGE: Final = " \t\r\n,;:–-"


def asks(before: str) -> bool:
    """Only "remind me" or nothing stands before the time."""
    return len(before) < 60 and _ASKS.fullmatch(before) is not None


def rest_of(text: str, start: int, end: int) -> str:
    """The text without ``text[start:end]`` and without the words that only joined the two."""
    before, after = text[:start], text[end:]
    if before.endswith("(") and after.startswith(")"):
        before, after = before[:-1], after[1:]
    if asks(before):
        before = ""
    else:
        asked = _ASKS.match(before)
        if asked is not None and asked.group().strip():
            before = before[asked.end() :]
            before = re.sub(r"^(?:to|that)\s+", "", before, count=1, flags=re.IGNORECASE)
    if not before.strip():
        after = _JOINS_AFTER.sub("", after, count=1) if _JOINS_AFTER.match(after) else after
    before, after = before.rstrip(_EDGE), after.strip(_EDGE)
    if after and after[0] in ".!?)" and before:
        return (before + after).strip(_EDGE)
    return f"{before} {after}".strip(_EDGE)
