"""Borda: points by place; the most points win."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Literal, TypeAlias

import msgspec

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.checks import RankingRules, check_candidates, check_ranking
from skynetbot.ballots.result import Result
from skynetbot.ballots.ties import TieStep
from skynetbot.ballots.totals import by_totals

__all__ = ["BordaRules", "Unranked", "borda"]

Unranked: TypeAlias = Literal["nothing", "shared", "modified"]


class BordaRules(msgspec.Struct, frozen=True, kw_only=True):
    """Of n candidates, the one at place i (from 1) gets ``first - (i - 1)`` points, ``first`` being n or n - 1.

    Who is left out of an order: ``nothing`` gives them 0 points (the first place is worth the same however short the
    order is); ``shared`` gives each the mean of the points of the places left over, so that every ballot gives away
    equally many points; ``modified`` gives them 0 and lets an order of m names start at m (or m - 1) instead (the
    modified Borda count: Emerson, Social Choice and Welfare 40, 2013).

    Equals share the mean of the places that they fill together.
    """

    first: Literal["n", "n-1"] = "n"
    unranked: Unranked = "nothing"


def borda(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    rules: BordaRules | None = None,
    ties: Sequence[TieStep] = (),
    seats: int = 1,
) -> Result:
    """The Borda count (Borda, 1784), exactly; a skipped place is closed up.

    Raises:
        BallotError: an order repeats someone or names someone unknown.
    """
    rules = rules or BordaRules()
    check_candidates(candidates)
    check_ranking(ballots, candidates, RankingRules(equals=True, gaps=True))
    # Doubled points are whole numbers, also for the mean of several places; they are halved at the end.
    doubled = dict.fromkeys(candidates, 0)
    blank = 0
    offset = 0 if rules.first == "n" else -1
    for ballot in ballots:
        order = [names for names in ballot.ranks if names]
        if not order:
            blank += ballot.votes
            continue
        named = sum(map(len, order))
        points = (named if rules.unranked == "modified" else len(candidates)) + offset
        for names in order:
            # The mean of points, points - 1, .. over the places that these names fill.
            each = 2 * points - (len(names) - 1)
            for name in names:
                doubled[name] += ballot.votes * each
            points -= len(names)
        if rules.unranked == "shared" and named < len(candidates):
            left = set(candidates).difference(*order)
            each = 2 * points - (len(left) - 1)
            for name in left:
                doubled[name] += ballot.votes * each
    totals = {name: Fraction(value, 2) for name, value in doubled.items()}
    method = f"Borda, first place {rules.first}, unranked get {rules.unranked}"
    votes = sum(ballot.votes for ballot in ballots) - blank
    return by_totals(method, totals, seats, ties, votes=votes, blank=blank)
