"""The record of a count in rounds: who is still in it, each round's table, and what was decided."""

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.checks import RankingRules, check_candidates, check_ranking
from skynetbot.ballots.papers import Moved, Papers
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.result import Inactive, Move, Purpose, Result, Round
from skynetbot.ballots.ties import TieBreaker, TieStep

__all__ = ["Count"]


class Count:
    """Papers on piles, moved round by round; a method decides, this keeps the record.

    Orders with equal, skipped or repeated places are accepted: what becomes of them is for ``reading`` to say.
    """

    def __init__(
        self,
        method: str,
        ballots: Collection[Ranked],
        candidates: Sequence[str],
        ties: Sequence[TieStep],
        *,
        reading: Reading,
        withdrawn: Collection[str] = (),
        unit: int = 1,
    ) -> None:
        standing = [name for name in candidates if name not in withdrawn]
        check_candidates(standing)
        known = (*standing, *withdrawn)
        check_ranking(ballots, known, RankingRules(equals=True, gaps=True, repeats=True))
        self.method = method
        self._unit = unit
        self.papers = Papers(ballots, reading, unit)
        self.papers.deal(standing)
        self.candidates = tuple(standing)
        self.continuing = list(standing)
        """In the order in which the candidates are listed."""
        self.elected: list[str] = []
        self.rounds: list[Round] = []
        self.tally: dict[str, int] = {}
        """The current round's, in units."""
        self._quota: Fraction | None = None
        self._moves: list[Move] = []
        self._fallen: list[tuple[str, ...]] = []
        self._ties = TieBreaker(ties, self.candidates)
        self._ties_before = 0
        self._inactive: Mapping[Inactive, Fraction] = {}
        self._lost = Fraction(0)

    @property
    def active(self) -> int:
        """Units that lie with candidates in the current round."""
        return sum(self.tally.values())

    def open_round(self) -> None:
        """Take the state of the piles as this round's table."""
        papers = self.papers
        self.tally = {name: papers.held[name] for name in self.candidates if name in papers.held}
        self._inactive = {why: papers.votes(units) for why, units in papers.inactive.items() if units}
        self._lost = papers.votes(papers.lost)

    def set_quota(self, units: Fraction | int) -> None:
        """In units; it holds until it is set anew."""
        self._quota = Fraction(units) / self._unit

    def pick(self, tied: Sequence[str], purpose: Purpose) -> str:
        """One of the tied by the stated tie-breaks, which see the rounds before this one.

        Raises:
            TieUnbroken: the tie-breaks do not separate them.
        """
        return self._ties.pick(tied, purpose, [past.tally for past in self.rounds])

    def with_fewest(self) -> list[str]:
        least = min(self.tally[name] for name in self.continuing)
        return [name for name in self.continuing if self.tally[name] == least]

    def with_most(self) -> list[str]:
        most = max(self.tally[name] for name in self.continuing)
        return [name for name in self.continuing if self.tally[name] == most]

    def elect(self, name: str, why: str, *, receives: bool = False) -> None:
        """Give a seat; whoever ``receives`` stays in the count (a single winner whose count goes on for the record)."""
        self.elected.append(name)
        if not receives:
            self.continuing.remove(name)
        self._moves.append(Move(candidate=name, what="elected", why=why))

    def exclude(self, names: Sequence[str], why: str) -> None:
        """Take candidates out together, then hand on the pile of each."""
        for name in names:
            self.continuing.remove(name)
        for votes in sorted({self.tally[name] for name in names}):
            self._fallen.append(tuple(name for name in names if self.tally[name] == votes))
        for name in names:
            self._record(name, "excluded", why, self.papers.exclude(name, self.continuing))

    def hand_on(self, name: str, why: str, keep: int, worth: Callable[[int], int], *, to_nobody: bool = False) -> None:
        """Hand on what an elected candidate has beyond ``keep`` units; see `Papers.hand_on`."""
        receivers = None if to_nobody else self.continuing
        self._record(name, "surplus", why, self.papers.hand_on(name, keep, worth, receivers))

    def close_round(self) -> None:
        """Put the table and what was decided on it on record."""
        new = tuple(self._ties.broken[self._ties_before :])
        self._ties_before = len(self._ties.broken)
        votes = self.papers.votes
        self.rounds.append(
            Round(
                number=len(self.rounds) + 1,
                tally={name: votes(units) for name, units in self.tally.items()},
                quota=self._quota,
                inactive=self._inactive,
                lost=self._lost,
                moves=tuple(self._moves),
                ties=new,
            )
        )
        self._moves = []

    def result(self) -> Result:
        """Ranked: the elected as they were elected, the rest by their last votes, the excluded latest first."""
        rest = [name for name in self.continuing if name not in self.elected]
        standing = [
            tuple(name for name in rest if self.tally[name] == units)
            for units in sorted({self.tally[name] for name in rest}, reverse=True)
        ]
        return Result(
            method=self.method,
            candidates=self.candidates,
            winners=tuple(self.elected),
            ranking=(*((name,) for name in self.elected), *standing, *reversed(self._fallen)),
            rounds=tuple(self.rounds),
            ties=tuple(self._ties.broken),
            tie_breaks=self._ties.stated,
        )

    def _record(self, name: str, what: Literal["excluded", "surplus"], why: str, moved: Moved) -> None:
        votes = self.papers.votes
        to = {other: votes(moved.to[other]) for other in self.candidates if other in moved.to}
        inactive, lost = votes(moved.inactive), votes(moved.lost)
        self._moves.append(Move(candidate=name, what=what, why=why, to=to, inactive=inactive, lost=lost))
