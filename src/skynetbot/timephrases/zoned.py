"""Wall clocks and instants, with one rule for the changes of the clocks."""

from datetime import UTC, datetime, timedelta, tzinfo

__all__ = ["clock_note", "wall_clock"]


def wall_clock(naive: datetime, zone: tzinfo) -> datetime:
    """The instant of a wall clock in ``zone``.

    A time that does not exist, as the clocks go forward over it, is moved forward by the gap; one that exists twice, as
    the clocks go back, is the first.
    """
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)


def clock_note(wall: datetime, zone: tzinfo) -> str:
    """A sentence where the rule above decided; otherwise empty."""
    first = wall_clock(wall, zone)
    if first.replace(tzinfo=None) != wall:
        return (
            f"{wall:%H:%M} does not exist on that day, as the clocks go forward; "
            f"times in the gap are moved forward by it, to {first:%H:%M}."
        )
    second = wall.replace(tzinfo=zone, fold=1)
    if second.utcoffset() != first.utcoffset() and second.astimezone(UTC) - first.astimezone(UTC) > timedelta():
        return f"{wall:%H:%M} exists twice on that day, as the clocks go back; it is the first of the two."
    return ""
