"""Pure rules: which day it is about, whether it may still be posted, and which message comes next."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from skynetbot.jobs.schedules import Schedule
from skynetbot.timephrases import Recurrence, next_occurrence

__all__ = ["GRACE_S", "chosen", "clock_seconds", "daily", "day_due", "first_due", "zone_of"]

GRACE_S: Final = 7_200.0
"""How late a message may come; what is missed by more is left out."""
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def clock_seconds(clock: str) -> int:
    """Seconds after midnight. Raises ValueError with a sentence."""
    found = _CLOCK.fullmatch(clock.strip())
    if found is None:
        raise ValueError(f"“{clock}” is no time of day. Write it like 09:00.")
    return int(found[1]) * 3600 + int(found[2]) * 60


def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError with a sentence."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{name}” is no time zone. Write it like Europe/Berlin.") from None


def daily(clock: str, zone: str) -> Schedule:
    """The same for the same settings, so that a job with it need not be replaced."""
    return Schedule(Recurrence("day", 1, 0, times=(clock_seconds(clock),)), zone_of(zone).key)


def first_due(schedule: Schedule, now: float, last: float | None) -> float | None:
    """The next time, on a later day than that of ``last``, the time whose message was posted last."""
    zone = ZoneInfo(schedule.zone)
    found = next_occurrence(schedule.recurrence, datetime.fromtimestamp(now, UTC), zone)
    while found is not None and last is not None and found.date() <= _day(last, zone):
        found = next_occurrence(schedule.recurrence, found, zone)
    return None if found is None else found.timestamp()


def day_due(schedule: Schedule, now: float, last: float | None) -> float | None:
    """The time whose message is to be posted now: passed by no more than the grace, of a day that had none yet."""
    zone = ZoneInfo(schedule.zone)
    earliest = datetime.fromtimestamp(now, UTC) - timedelta(seconds=GRACE_S + 1)
    found = next_occurrence(schedule.recurrence, earliest, zone)
    if found is None or not now - GRACE_S <= found.timestamp() <= now:
        return None
    if last is not None and found.date() <= _day(last, zone):
        return None
    return found.timestamp()


def chosen(messages: Sequence[str], order: str, last: str, seed: str) -> str:
    """The message after the one that was posted last, or by chance another one; the same for the same seed.

    The last one is found by its text, so that a list that was changed goes on where it was.
    """
    if order == "random":
        others = [message for message in messages if message != last] or list(messages)
        return random.Random(seed).choice(others)
    place = messages.index(last) + 1 if last in messages else 0
    return messages[place % len(messages)]


def _day(instant: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(instant, zone).date()
