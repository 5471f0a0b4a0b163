"""When a poll ends: a length or a time, in the words and the time zone of whoever creates it."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.features.zones import Preference
from skynetbot.timephrases import Refused, duration, parse

__all__ = ["end_of"]

_NO_END: Final = frozenset({"never", "none", "no end", "open", "0"})
_LONGEST_S: Final = 366 * 86_400.0
_EXAMPLES: Final = "Say it like `2 hours`, `3 days`, `tomorrow at 18:00`, or `never` to end it by hand."


def end_of(text: str, now: float, clock: Preference) -> float | None:
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
