"""Every candidate against every other: how many voters rank the one above the other."""

from collections.abc import Iterable, Sequence

from skynetbot.ballots.ballot import Rank, Ranked
from skynetbot.ballots.result import Matrix

__all__ = ["condorcet_loser", "condorcet_winner", "pairwise"]


def pairwise(ballots: Iterable[Ranked], candidates: Sequence[str]) -> Matrix:
    """``matrix[a][b]`` = votes that rank a above b; whoever is left out is below everyone named, and equal to the rest.

    Condorcet, 1785. A candidate named twice counts at the better place.
    """
    number = {name: index for index, name in enumerate(candidates)}
    # Voters who put a candidate above the same set of others are added up first: of n candidates there are at most
    # n x 2^(n-1) such pairs, however many the ballots. Sets are bits of a number.
    alike: dict[tuple[Rank, ...], int] = {}
    for ballot in ballots:
        alike[ballot.ranks] = alike.get(ballot.ranks, 0) + ballot.votes
    ahead: dict[tuple[int, int], int] = {}
    for ranks, votes in alike.items():
        placed = 0
        for names in ranks:
            here = [index for name in names if not placed >> (index := number[name]) & 1]
            for index in here:
                placed |= 1 << index
            for index in here:
                ahead[index, placed] = ahead.get((index, placed), 0) + votes
    matrix = [[0] * len(candidates) for _ in candidates]
    for (index, placed), votes in ahead.items():
        row = matrix[index]
        for other in range(len(candidates)):
            if not placed >> other & 1:
                row[other] += votes
    return tuple(map(tuple, matrix))


def condorcet_winner(matrix: Matrix, candidates: Sequence[str]) -> str | None:
    """Who beats every other in direct comparison, if anyone does."""
    for a, name in enumerate(candidates):
        if all(matrix[a][b] > matrix[b][a] for b in range(len(candidates)) if b != a):
            return name
    return None


def condorcet_loser(matrix: Matrix, candidates: Sequence[str]) -> str | None:
    """Who is beaten by every other in direct comparison, if anyone is."""
    for a, name in enumerate(candidates):
        if all(matrix[a][b] < matrix[b][a] for b in range(len(candidates)) if b != a):
            return name
    return None
