"""Where every paper lies and what it is worth: the piles of a transferable vote."""

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction

import msgspec

from skynetbot.ballots.ballot import Rank, Ranked
from skynetbot.ballots.reading import Reading, next_choice
from skynetbot.ballots.result import Inactive

__all__ = ["Moved", "Papers"]


class Moved(msgspec.Struct):
    """Votes that left a pile, in units."""

    to: dict[str, int]
    inactive: int = 0
    lost: int = 0


class Papers:
    """Papers with the same order go the same way, so they are kept as one with their number.

    Votes are whole numbers of the smallest value that the rules know (``unit`` of them make one vote), so that sums are
    exact and rounding happens only where a rule states it.
    """

    def __init__(self, ballots: Iterable[Ranked], reading: Reading, unit: int = 1) -> None:
        alike: dict[tuple[Rank, ...], int] = {}
        for ballot in ballots:
            alike[ballot.ranks] = alike.get(ballot.ranks, 0) + ballot.votes
        self.unit = unit
        self._reading = reading
        self._ranks = list(alike)
        self._number = list(alike.values())
        self._value = [unit] * len(alike)
        self._piles: dict[str, list[int]] = {}
        self.held: dict[str, int] = {}
        """Votes of each pile, in units; with those kept by candidates whose papers went on."""
        self.inactive: dict[Inactive, int] = {}
        self.lost = 0

    def deal(self, continuing: Collection[str]) -> None:
        """Put every paper to its first choice."""
        self._piles = {name: [] for name in continuing}
        self.held = dict.fromkeys(continuing, 0)
        self._place(range(len(self._ranks)), frozenset(continuing), Moved({}))

    def exclude(self, source: str, continuing: Collection[str]) -> Moved:
        """Hand the whole pile on, each paper at its value."""
        moved = Moved({})
        papers = self._piles.pop(source)
        del self.held[source]
        self._place(papers, frozenset(continuing), moved)
        return moved

    def hand_on(self, source: str, keep: int, worth: Callable[[int], int], continuing: Collection[str] | None) -> Moved:
        """Hand a surplus on: each paper goes at ``worth`` of its value, and ``keep`` units stay with the source.

        What the rounding in ``worth`` leaves over is lost. Without ``continuing`` the last seat is filled and the
        surplus goes to nobody.
        """
        moved = Moved({})
        papers = self._piles[source]
        self._piles[source] = []
        for paper in papers:
            self._value[paper] = worth(self._value[paper])
        passed = sum(self._value[paper] * self._number[paper] for paper in papers)
        moved.lost = self.held[source] - keep - passed
        self.lost += moved.lost
        self.held[source] = keep
        if continuing is None:
            moved.inactive = passed
            if passed:
                self.inactive[Inactive.FINAL_SURPLUS] = self.inactive.get(Inactive.FINAL_SURPLUS, 0) + passed
        else:
            self._place(papers, frozenset(continuing), moved)
        return moved

    def votes(self, units: int) -> Fraction:
        return Fraction(units, self.unit)

    def _place(self, papers: Iterable[int], continuing: frozenset[str], moved: Moved) -> None:
        for paper in papers:
            units = self._value[paper] * self._number[paper]
            if not units:
                continue
            choice = next_choice(self._ranks[paper], continuing, self._reading)
            if isinstance(choice, Inactive):
                self.inactive[choice] = self.inactive.get(choice, 0) + units
                moved.inactive += units
            else:
                self._piles[choice].append(paper)
                self.held[choice] += units
                moved.to[choice] = moved.to.get(choice, 0) + units
