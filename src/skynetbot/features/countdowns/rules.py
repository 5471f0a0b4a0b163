"""Pure rules: when a countdown gives notice, and how texts of people are shown."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

__all__ = ["NOTICES", "Notices", "one_line", "plain", "upcoming"]

Notices: TypeAlias = Literal["none", "hour", "day_and_hour"]
NOTICES: Final[dict[Notices, tuple[tuple[str, int], ...]]] = {
    "none": (),
    "hour": (("1 hour", 3_600),),
    "day_and_hour": (("1 day", 86_400), ("1 hour", 3_600)),
}
"""What is said is left, and how many seconds before the end."""
_ALMOST: Final = 60
"""A notice that would come within a minute of setting the countdown says nothing new."""


def upcoming(notices: Notices, at: float, now: float) -> Sequence[tuple[str, float]]:
    """(what is left then, when to say so) of the notices that still lie ahead of a countdown to ``at``."""
    return [(left, at - before) for left, before in NOTICES[notices] if at - before > now + _ALMOST]


def plain(text: str) -> str:
    """Without links that hide where they lead: what I say for people must not fool others."""
    return text.strip().replace("](", "]\u200b(")


def one_line(text: str) -> str:
    return plain(" ".join(text.split()))
