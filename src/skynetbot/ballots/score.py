"""Score: points for each candidate; the highest sum, or the highest mean, wins."""

from collections.abc import Collection, Sequence
from fractions import Fraction

import msgspec

from skynetbot.ballots.ballot import Scored
from skynetbot.ballots.checks import check_candidates, check_scores
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.result import Result
from skynetbot.ballots.ties import TieStep
from skynetbot.ballots.totals import by_totals

__all__ = ["ScoreRules", "score"]


class ScoreRules(msgspec.Struct, frozen=True, kw_only=True):
    """The range of points, and what silence about a candidate means."""

    lowest: int = 0
    highest: int = 5
    mean: bool = False
    """False: the sum decides and silence gives the lowest points. True: the exact mean of the given points decides."""
    quorum: int = 1
    """For the mean: votes that a candidate needs; with fewer they count as if given the lowest points."""


def score(
    ballots: Collection[Scored],
    candidates: Sequence[str],
    rules: ScoreRules | None = None,
    ties: Sequence[TieStep] = (),
    seats: int = 1,
) -> Result:
    """Range voting (Smith, 2000): total = sum of votes x points, or that sum divided by the votes that judged.

    Raises:
        BallotError: points are out of range, or for someone unknown.
    """
    rules = rules or ScoreRules()
    if rules.lowest > rules.highest or rules.quorum < 1:
        raise RuleError(f"Points from {rules.lowest} to {rules.highest} with a quorum of {rules.quorum} make no sense.")
    check_candidates(candidates)
    check_scores(ballots, candidates, rules.lowest, rules.highest)
    sums = dict.fromkeys(candidates, 0)
    judged = dict.fromkeys(candidates, 0)
    everyone = 0
    for ballot in ballots:
        everyone += ballot.votes
        for name, points in ballot.points.items():
            sums[name] += ballot.votes * points
            judged[name] += ballot.votes
    totals = {name: _total(rules, sums[name], judged[name], everyone) for name in candidates}
    return by_totals(
        "score, by mean" if rules.mean else "score, by sum", totals, seats, ties, votes=sum(judged.values())
    )


def _total(rules: ScoreRules, points: int, judged: int, everyone: int) -> Fraction:
    if not rules.mean:
        return Fraction(points + rules.lowest * (everyone - judged))
    return Fraction(points, judged) if judged >= rules.quorum else Fraction(rules.lowest)
