"""Condorcet by Schulze: a candidate is better than another if their strongest beatpath is the stronger one."""

from collections.abc import Collection, Sequence
from typing import Literal, TypeAlias

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.checks import RankingRules, check_candidates, check_ranking
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.pairwise import pairwise
from skynetbot.ballots.result import Matrix, Result
from skynetbot.ballots.ties import TieBreaker, TieStep
from skynetbot.ballots.totals import split_top

__all__ = ["Strength", "beatpaths", "schulze"]

Strength: TypeAlias = Literal["winning votes", "margins"]


def schulze(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    strength: Strength = "winning votes",
    ties: Sequence[TieStep] = (),
    seats: int = 1,
) -> Result:
    """The Schulze method (Schulze, Social Choice and Welfare 36, 2011, section 2.3).

    a is better than b where p[a, b] > p[b, a], p being the strength of the strongest path. That is a strict order in
    which some may be incomparable; the ranking takes, again and again, all those whom none of the rest is better than.
    Without any order nobody wins.

    Raises:
        BallotError: an order repeats someone or names someone unknown. Equal and skipped places are counted.
    """
    check_candidates(candidates)
    check_ranking(ballots, candidates, RankingRules(equals=True, gaps=True))
    if not 1 <= seats <= len(candidates):
        raise RuleError(f"{seats} seats for {len(candidates)} candidates.")
    matrix = pairwise(ballots, candidates)
    paths = beatpaths(matrix, strength)
    left = list(range(len(candidates)))
    tiers: list[tuple[str, ...]] = []
    while left:
        best = [a for a in left if not any(paths[b][a] > paths[a][b] for b in left)]
        tiers.append(tuple(candidates[a] for a in best))
        left = [a for a in left if a not in best]
    breaker = TieBreaker(ties, candidates)
    voted = any(names for ballot in ballots if ballot.votes for names in ballot.ranks)
    winners, ranking = split_top(tiers, seats, breaker) if voted else ((), tuple(tiers))
    return Result(
        method=f"Schulze, {strength}",
        candidates=tuple(candidates),
        winners=winners,
        ranking=ranking,
        rounds=(),
        ties=tuple(breaker.broken),
        tie_breaks=breaker.stated,
        matrices={"pairwise": matrix, "strongest paths": paths},
    )


def beatpaths(matrix: Matrix, strength: Strength) -> Matrix:
    """The strength of the strongest path from each candidate to each other, by Floyd and Warshall's closure.

    A path is as strong as its weakest win; a win of a over b is as strong as the votes for a over b (winning votes) or
    as their lead over the votes for b over a (margins); without a win there is no step. O(n³).
    """
    size = len(matrix)
    paths = [
        [
            0 if matrix[a][b] <= matrix[b][a] else matrix[a][b] - (matrix[b][a] if strength == "margins" else 0)
            for b in range(size)
        ]
        for a in range(size)
    ]
    for middle in range(size):
        through = paths[middle]
        for a in range(size):
            row = paths[a]
            first = row[middle]
            if a == middle or not first:
                continue
            for b in range(size):
                way = min(first, through[b])
                if way > row[b] and a != b:
                    row[b] = way
    return tuple(map(tuple, paths))
