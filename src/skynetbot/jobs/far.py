"""How far away a time is, in words."""

from typing import Final

__all__ = ["far"]

_UNITS: Final = ((31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_WIDEST: Final = 100 * 365 * 86_400


def far(due: float, now: float) -> str:
    """Such as "in 2 h 5 min", "now" or "3 d ago": the two largest units of the rounded second (a year has 365 days)."""
    left = round(due - now)
    if left == 0:
        return "now"
    rest = abs(left)
    if rest > _WIDEST:
        words = "more than 100 years"
    else:
        parts: list[str] = []
        for place, (seconds, name) in enumerate(_UNITS):
            count, rest = divmod(rest, seconds)
            if count:
                parts.append(f"{count} {name}")
                following = _UNITS[place + 1 : place + 2]
                parts += [f"{more} {unit}" for length, unit in following if (more := rest // length)]
                break
        words = " ".join(parts)
    return f"in {words}" if left > 0 else f"{words} ago"
