"""What a person means by "when": ISO times here, everything else as the room of time phrases reads it."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.timephrases import Refused, parse
from skynetbot.timephrases.zoned import wall_clock

__all__ = ["instant_of", "shown_instant"]

_EXAMPLES: Final = "Write it like `in 2h30m`, `18:00`, `tomorrow at 9` or `2027-03-05 18:00`."
_FARTHEST_S: Final = 366 * 86_400.0


def instant_of(text: str, now: float, zone: ZoneInfo) -> float:
    """Seconds since 1970, ahead of ``now``. Raises ValueError with a sentence."""
    asked = datetime.fromtimestamp(now, UTC)
    found = _iso(text.strip(), zone)
    if found is None:
        understood = parse(text, now=asked, zone=zone)
        if isinstance(understood, Refused):
            raise ValueError(f"{understood.reason} {_EXAMPLES}")
        if understood.recurrence is not None:
            raise ValueError("That repeats. For something that repeats use `/announce repeat`.")
        if understood.rest:
            # Half understood is misunderstood: better ask than announce at the wrong time.
            raise ValueError(f"I understood “{understood.when}”, and not “{understood.rest[:60]}”. {_EXAMPLES}")
        found = understood.instant.timestamp()
    if found <= now:
        raise ValueError(f"{shown_instant(found, zone)} has passed. {_EXAMPLES}")
    if found - now > _FARTHEST_S:
        raise ValueError("That is more than a year ahead. Choose a time within a year.")
    return found


def shown_instant(instant: float, zone: ZoneInfo) -> str:
    """For Discord: in the reader's own zone, how long until then, and the clock of the zone that was meant."""
    local = datetime.fromtimestamp(instant, zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"<t:{int(instant)}:F> (<t:{int(instant)}:R>; {clock} in {zone.key})"


def _iso(text: str, zone: ZoneInfo) -> float | None:
    """2027-03-05T18:00, with seconds or an offset or without."""
    if "-" not in text or ":" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = wall_clock(moment, zone)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
