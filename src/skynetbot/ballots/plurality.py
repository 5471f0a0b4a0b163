"""Plurality: one cross a voter, the most votes win; with weights, a voter's cross counts as many times as stated."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from skynetbot.ballots.ballot import Marked
from skynetbot.ballots.checks import check_candidates, check_marks
from skynetbot.ballots.result import Result
from skynetbot.ballots.ties import TieStep
from skynetbot.ballots.totals import by_totals

__all__ = ["heaviest_role", "plurality"]


def plurality(
    ballots: Collection[Marked], candidates: Sequence[str], ties: Sequence[TieStep] = (), seats: int = 1
) -> Result:
    """Total of a candidate = sum of the weights of the voters who marked them (a weight is 1 unless stated).

    Raises:
        BallotError: a ballot has more than one mark (an over-vote), or marks someone unknown.
    """
    check_candidates(candidates)
    check_marks(ballots, candidates, most=1)
    totals = dict.fromkeys(candidates, 0)
    blank = 0
    for ballot in ballots:
        for name in ballot.names:
            totals[name] += ballot.votes
        blank += 0 if ballot.names else ballot.votes
    weighted = any(ballot.weight != 1 for ballot in ballots)
    return by_totals(
        "weighted plurality" if weighted else "plurality",
        {name: Fraction(total) for name, total in totals.items()},
        seats,
        ties,
        votes=sum(totals.values()),
        blank=blank,
    )


def heaviest_role(roles: Collection[int], weights: Mapping[int, int]) -> int:
    """A voter's weight: that of their heaviest role, 1 without any; weights of several roles do not add up."""
    return max((weights[role] for role in roles if role in weights), default=1)
