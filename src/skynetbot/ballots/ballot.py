"""What a voter hands in: an order, marks, or scores; alike ballots may be handed in as one with their number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

__all__ = ["Marked", "Rank", "Ranked", "Scored", "first_choices", "ranked"]

Rank: TypeAlias = tuple[str, ...]
"""The candidates at one place of an order: none where the voter skipped it, several where they were put equal."""


class Ranked(msgspec.Struct, frozen=True):
    """An order, best first; whoever is left out is ranked below everyone named."""

    ranks: tuple[Rank, ...]
    papers: int = 1
    """How many voters handed in exactly this."""
    weight: int = 1
    """How many votes each of them has, for instance by a role."""

    @property
    def votes(self) -> int:
        return self.papers * self.weight


class Marked(msgspec.Struct, frozen=True):
    """Crosses without an order: one for a plurality vote, any number for an approval vote."""

    names: tuple[str, ...]
    papers: int = 1
    weight: int = 1

    @property
    def votes(self) -> int:
        return self.papers * self.weight


class Scored(msgspec.Struct, frozen=True):
    """A number of points for each candidate whom the voter judged."""

    points: Mapping[str, int]
    papers: int = 1
    weight: int = 1

    @property
    def votes(self) -> int:
        return self.papers * self.weight


def ranked(*places: str | Sequence[str] | None, papers: int = 1, weight: int = 1) -> Ranked:
    """A ballot from names, ``None`` for a skipped place, and a sequence of names for equals."""
    ranks = tuple(
        () if place is None else (place,) if isinstance(place, str) else tuple(dict.fromkeys(place)) for place in places
    )
    return Ranked(ranks, papers, weight)


def first_choices(ballots: Iterable[Ranked]) -> tuple[Marked, ...]:
    """Each order's first place as crosses; an empty first place is an empty ballot."""
    return tuple(Marked(b.ranks[0] if b.ranks else (), b.papers, b.weight) for b in ballots)
