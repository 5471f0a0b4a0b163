"""What the dashboard needs to show what is pending in a server, and to call back what was given up."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

__all__ = ["TimerView", "TimersPort"]


class TimerView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is to happen, or was given up; ``due`` is seconds since 1970."""

    id: int
    queue: str
    title: str
    """What and why, for people."""
    due: float
    user_id: int | None
    user_name: str
    """For whom; empty when nobody's name is known."""
    running: bool
    repeats: bool
    attempts: int
    error: str
    """Why the last attempt failed; empty when none has."""


class TimersPort(Protocol):
    async def pending(
        self, guild_id: int, *, after: tuple[float, int] | None = None, limit: int
    ) -> Sequence[TimerView]:
        """What waits or runs, the next first; ``after`` pages on from one's (due, id)."""
        ...

    async def dead(self, guild_id: int, *, before: int | None = None, limit: int) -> Sequence[TimerView]:
        """What was given up, the newest first; ``before`` pages on from one's id."""
        ...

    async def run_again(self, guild_id: int, id_: int) -> bool:
        """Let one that was given up be due now; False when this server has none, or something newer took its place."""
        ...
