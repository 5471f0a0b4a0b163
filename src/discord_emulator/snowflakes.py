"""Discord's ids: 42 bits of milliseconds since 2015, then worker, process and a counter.

Source: https://discord.com/developers/docs/reference#snowflakes
"""

import time
from collections.abc import Callable
from typing import Final

__all__ = ["DISCORD_EPOCH_MS", "SnowflakeFactory", "snowflake_time_ms"]

DISCORD_EPOCH_MS: Final = 1_420_070_400_000
_COUNTER_BITS: Final = 12


class SnowflakeFactory:
    """Makes ids that always grow, even when the clock stands still or goes back."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0

    def make(self, at_ms: int | None = None) -> int:
        """A new id, of now or of the given instant (milliseconds since 1970)."""
        ms = int(self._now() * 1000) if at_ms is None else at_ms
        candidate = max(0, ms - DISCORD_EPOCH_MS) << 22
        self._last = max(candidate, self._last + 1)
        return self._last


def snowflake_time_ms(snowflake: int) -> int:
    """The millisecond since 1970 in which the id was made."""
    return (snowflake >> 22) + DISCORD_EPOCH_MS
