"""When a poll ends: a length or a time, in the words and the time zone of whoever creates it."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.storage.documents import DocumentRepository
from skynetbot.timephrases import Refused, duration, parse

__all__ = ["Clock", "clock_of", "end_of"]

_NO_END: Final = frozenset({"never", "none", "no end", "open", "0"})
_LONGEST_S: Final = 366 * 86_400.0
_EXAMPLES: Final = "Say it like `2 hours`, `3 days`, `tomorrow at 18:00`, or `never` to end it by hand."


class Clock(msgspec.Struct, frozen=True):
    """What `/timezone` keeps of a person, as far as it matters here."""

    zone: str = "UTC"
    day_first: bool = False


async def clock_of(documents: DocumentRepository, user_id: int) -> Clock:
    rows = await documents.list("preferences", user_id=user_id, limit=1)
    return msgspec.json.decode(rows[0].body, type=Clock) if rows else Clock()


def end_of(text: str, now: float, clock: Clock) -> float | None:
    """Seconds since 1970; None for a poll without an end. Raises ValueError with a sentence."""
    text = text.strip()
    if text.casefold() in _NO_END:
        return None
    asked = datetime.fromtimestamp(now, UTC)
    length = duration(text)
    end = length.after(asked) if length is not None else None
    if end is None:
        found = parse(text, now=asked, zone=ZoneInfo(clock.zone), day_first=clock.day_first)
        if isinstance(found, Refused):
            raise ValueError(f"{found.reason} {_EXAMPLES}")
        if found.recurrence is not None:
            raise ValueError(f"A poll ends once; “{found.when}” repeats. {_EXAMPLES}")
        if found.rest:
            # Half understood is misunderstood: better ask than end at the wrong time.
            raise ValueError(f"I understood “{found.when}”, and not “{found.rest[:60]}”. {_EXAMPLES}")
        end = found.instant
    seconds = end.timestamp() - now
    # Times in words are whole seconds, and now is not.
    if seconds <= 0:
        raise ValueError(f"A poll lasts at least a second. {_EXAMPLES}")
    if seconds > _LONGEST_S:
        raise ValueError(f"A poll lasts at most a year. {_EXAMPLES}")
    return end.timestamp()
