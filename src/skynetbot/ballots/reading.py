"""How an order is read when a paper needs its next candidate: over-votes, skipped places, repeated names."""

from collections.abc import Container
from typing import Literal, TypeAlias

import msgspec

from skynetbot.ballots.ballot import Rank
from skynetbot.ballots.result import Inactive

__all__ = ["Overvotes", "Reading", "next_choice"]

Overvotes: TypeAlias = Literal["exhaust", "skip", "exhaust if several continue"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of the RCTab tabulator (BrightSpots/rcv, rules for overvotes, skipped and duplicate rankings)."""

    overvotes: Overvotes = "exhaust"
    """Several candidates at one place: the paper ends there, or the place is passed over, or the paper ends only if at
    least two of them are still in the count (if one is, it is theirs)."""
    skips: int | None = None
    """Empty places in a row that a paper survives; null for any number."""
    end_at_repeat: bool = False
    """Whether a paper ends where it names somebody again; otherwise the repetition is passed over."""


def next_choice(ranks: tuple[Rank, ...], continuing: Container[str], reading: Reading) -> str | Inactive:
    """The best-placed candidate who is still in the count, or why there is none; always read from the first place."""
    last = 0
    seen: set[str] = set()
    for place, names in enumerate(ranks, 1):
        if not names:
            continue
        if reading.skips is not None and place - last - 1 > reading.skips:
            return Inactive.SKIPPED
        last = place
        if reading.end_at_repeat:
            if not seen.isdisjoint(names):
                return Inactive.REPEATED
            seen.update(names)
        if len(names) > 1:
            if reading.overvotes == "exhaust":
                return Inactive.OVERVOTED
            if reading.overvotes == "skip":
                continue
            if sum(name in continuing for name in names) > 1:
                return Inactive.OVERVOTED
        for name in names:
            if name in continuing:
                return name
    return Inactive.EXHAUSTED if last else Inactive.BLANK
