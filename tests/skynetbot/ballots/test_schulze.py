"""Schulze against a public example and against paths walked one by one."""

from collections.abc import Sequence
from itertools import pairwise as steps
from itertools import permutations
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.ballot import Ranked, ranked
from skynetbot.ballots.errors import BallotError
from skynetbot.ballots.pairwise import condorcet_loser, condorcet_winner, pairwise
from skynetbot.ballots.result import Matrix
from skynetbot.ballots.schulze import Strength, beatpaths, schulze
from skynetbot.ballots.ties import ListedOrder

NAMES = "ABCDE"

# Wikipedia, "Schulze method", the example of 45 voters.
FORTY_FIVE = [
    ranked(*order, papers=papers)
    for papers, order in (
        (5, "ACBED"),
        (5, "ADECB"),
        (8, "BEDAC"),
        (3, "CABED"),
        (7, "CAEBD"),
        (2, "CBADE"),
        (7, "DCEBA"),
        (8, "EBADC"),
    )
]


@st.composite
def orders(draw: st.DrawFn) -> list[Ranked]:
    """Orders with equals, gaps and names left out."""
    found = []
    for _ in range(draw(st.integers(0, 9))):
        left = draw(st.permutations(NAMES))[: draw(st.integers(0, 5))]
        places: list[Sequence[str]] = []
        while left:
            cut = draw(st.integers(0, min(2, len(left))))
            places.append(left[:cut])
            left = left[cut:]
            if cut == 0 and draw(st.booleans()):
                break
        found.append(ranked(*places, papers=draw(st.integers(0, 4))))
    return found


def test_the_forty_five_voters_of_the_encyclopaedia() -> None:
    result = schulze(FORTY_FIVE, NAMES)
    assert result.ranking == (("E",), ("A",), ("C",), ("B",), ("D",))
    assert result.winners == ("E",)
    assert result.matrices["pairwise"] == (
        (0, 20, 26, 30, 22),
        (25, 0, 16, 33, 18),
        (19, 29, 0, 17, 24),
        (15, 12, 28, 0, 14),
        (23, 27, 21, 31, 0),
    )
    assert result.matrices["strongest paths"] == (
        (0, 28, 28, 30, 24),
        (25, 0, 28, 33, 24),
        (25, 29, 0, 29, 24),
        (25, 28, 28, 0, 24),
        (25, 28, 28, 31, 0),
    )
    assert condorcet_winner(result.matrices["pairwise"], NAMES) is None
    assert condorcet_loser(result.matrices["pairwise"], NAMES) is None
    assert schulze(FORTY_FIVE, NAMES, "margins").ranking == result.ranking


def test_a_tied_top_is_reported_and_broken_only_by_what_is_stated() -> None:
    ballots = [ranked("A", "B", "C"), ranked("B", "A", "C")]
    both = schulze(ballots, "ABC")
    assert both.winners == ("A", "B")
    assert both.ranking == (("A", "B"), ("C",))
    assert both.ties[0].chosen is None
    one = schulze(ballots, "ABC", ties=(ListedOrder(("B", "A", "C")),))
    assert one.winners == ("B",)
    assert one.ranking == (("B",), ("A",), ("C",))
    assert (one.ties[0].tied, one.ties[0].chosen) == (("A", "B"), "B")


def test_without_orders_nobody_wins() -> None:
    assert schulze([ranked()], "ABC").winners == ()
    assert schulze([], "ABC", ties=(ListedOrder(),)).winners == ()


def test_a_repeated_candidate_is_refused() -> None:
    with pytest.raises(BallotError, match="Ballot 1 ranks A 2 times, at places 1, 3"):
        schulze([ranked("A", "B", "A")], "ABC")


@given(orders())
def test_pairwise_equals_asking_every_voter_about_every_pair(ballots: list[Ranked]) -> None:
    matrix = pairwise(ballots, NAMES)
    for a, one in enumerate(NAMES):
        for b, other in enumerate(NAMES):
            asked = sum(ballot.votes for ballot in ballots if place(ballot, one) < place(ballot, other))
            assert matrix[a][b] == asked


@given(orders(), st.sampled_from(["winning votes", "margins"]))
def test_strengths_equal_those_of_all_paths(ballots: list[Ranked], strength: Strength) -> None:
    matrix = pairwise(ballots, NAMES)
    assert beatpaths(matrix, strength) == tuple(
        tuple(0 if a == b else strongest(matrix, a, b, strength) for b in range(5)) for a in range(5)
    )


@given(orders())
def test_the_ranking_agrees_with_every_strict_comparison(ballots: list[Ranked]) -> None:
    result = schulze(ballots, NAMES)
    paths = result.matrices["strongest paths"]
    tier = {name: number for number, names in enumerate(result.ranking) for name in names}
    assert sorted(tier) == sorted(NAMES)
    for a, one in enumerate(NAMES):
        for b, other in enumerate(NAMES):
            if paths[a][b] > paths[b][a]:
                assert tier[one] < tier[other]
    best = condorcet_winner(result.matrices["pairwise"], NAMES)
    assert best is None or result.winners == (best,)


def place(ballot: Ranked, name: str) -> int:
    return next((number for number, names in enumerate(ballot.ranks) if name in names), 99)


def strongest(matrix: Matrix, start: int, end: int, strength: Literal["winning votes", "margins"]) -> int:
    """Every path without a repeated candidate, walked: the strongest by its weakest win; 0 without any path."""
    between = [number for number in range(len(matrix)) if number not in (start, end)]
    found = 0
    for length in range(len(between) + 1):
        for middle in permutations(between, length):
            path = [start, *middle, end]
            wins = [(matrix[a][b], matrix[b][a]) for a, b in steps(path)]
            if all(votes > against for votes, against in wins):
                weakest = min(votes - against if strength == "margins" else votes for votes, against in wins)
                found = max(found, weakest)
    return found
