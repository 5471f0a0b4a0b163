"""Pure rules: how long, as moderators type it and as sentences say it."""

import math
from typing import Final

from skynetbot.timephrases import duration

__all__ = ["LONGEST_S", "read_duration", "spoken"]

LONGEST_S: Final = 10 * 365 * 86_400.0
_MOST_TYPED: Final = 60
_UNITS: Final = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def read_duration(text: str) -> float:
    """Seconds: "1h30m", "2d", "90 minutes", "1w".

    Raises:
        ValueError: with a sentence for the person.
    """
    shown = text.strip()[:_MOST_TYPED]
    length = duration(shown) if len(text.strip()) <= _MOST_TYPED else None
    seconds = length.seconds_with() if length is not None else math.nan
    if not math.isfinite(seconds):
        raise ValueError(f"I cannot read “{shown}” as a duration. Say for example 90 minutes, 1h30m, 2d or 1w.")
    if seconds < 1:
        raise ValueError("A duration must be at least one second.")
    if seconds > LONGEST_S:
        raise ValueError("A duration can be ten years at most.")
    return seconds


def spoken(seconds: float) -> str:
    """In words, by its two largest units: "1 hour 30 minutes"."""
    left = max(1, round(seconds))
    parts: list[str] = []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}" + ("s" if count > 1 else ""))
    return " ".join(parts[:2])
