"""Approval: a cross for each candidate that the voter accepts; the most crosses win."""

from collections.abc import Collection, Sequence
from fractions import Fraction

from skynetbot.ballots.ballot import Marked
from skynetbot.ballots.checks import check_candidates, check_marks
from skynetbot.ballots.result import Result
from skynetbot.ballots.ties import TieStep
from skynetbot.ballots.totals import by_totals

__all__ = ["approval"]


def approval(
    ballots: Collection[Marked],
    candidates: Sequence[str],
    ties: Sequence[TieStep] = (),
    seats: int = 1,
    most: int | None = None,
) -> Result:
    """Total of a candidate = votes of the ballots that mark them (Brams and Fishburn, 1978).

    The totals of a round do not add up to the votes, for a vote counts for each candidate whom it marks.

    Raises:
        BallotError: a ballot marks more than ``most`` (an over-vote), someone unknown, or someone twice.
    """
    check_candidates(candidates)
    check_marks(ballots, candidates, most)
    totals = dict.fromkeys(candidates, 0)
    blank = 0
    for ballot in ballots:
        for name in ballot.names:
            totals[name] += ballot.votes
        blank += 0 if ballot.names else ballot.votes
    exact = {name: Fraction(total) for name, total in totals.items()}
    return by_totals("approval", exact, seats, ties, votes=sum(totals.values()), blank=blank)
