"""When a recurring job is due again: a recurrence and the time zone in which it is meant, as the job carries them."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.timephrases.recurrence import Recurrence, next_occurrence

__all__ = ["Schedule", "next_time", "packed", "unpacked"]


class Schedule(msgspec.Struct, frozen=True):
    """``zone`` is an IANA name; the rules at daylight-saving changes are those of `next_occurrence`."""

    recurrence: Recurrence
    zone: str


def packed(schedule: Schedule) -> str:
    """As `NewJob.schedule` takes it."""
    return msgspec.json.encode(schedule).decode()


@lru_cache(maxsize=4_096)
def unpacked(text: str) -> Schedule:
    """Raises msgspec.ValidationError when it is not one of ours."""
    return msgspec.json.decode(text, type=Schedule)


def next_time(text: str, after: float) -> float | None:
    """The first time after ``after`` (seconds since 1970) at which a job with this schedule is due; None when never."""
    schedule = unpacked(text)
    found = next_occurrence(schedule.recurrence, datetime.fromtimestamp(after, UTC), ZoneInfo(schedule.zone))
    return None if found is None else found.timestamp()
