"""What every method owes its voters: names, the order of the ballots and the way of bundling them change nothing."""

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.ballot import Ranked, first_choices, ranked
from skynetbot.ballots.borda import BordaRules, borda
from skynetbot.ballots.bottoms_up import BottomsUpRules, bottoms_up
from skynetbot.ballots.instant_runoff import RunoffRules, instant_runoff
from skynetbot.ballots.plurality import plurality
from skynetbot.ballots.result import Result
from skynetbot.ballots.schulze import schulze
from skynetbot.ballots.scottish import scottish_vote
from skynetbot.ballots.ties import EarlierRounds, Lot
from skynetbot.ballots.transferable import TransferRules, single_transferable

NAMES = ("A", "B", "C", "D")
# Zoe comes last in the alphabet and first in the list.
RENAMED = {"A": "Zoe", "B": "=1+1", "C": "Ann", "D": "Bob"}

Method: TypeAlias = Callable[[Sequence[Ranked], Sequence[str]], Result]

LOT = (EarlierRounds(), Lot("seed"))
METHODS: dict[str, Method] = {
    "plurality": lambda ballots, names: plurality(first_choices(ballots), names, LOT),
    "borda": lambda ballots, names: borda(ballots, names, BordaRules(unranked="shared"), LOT),
    "schulze": lambda ballots, names: schulze(ballots, names, ties=LOT),
    "runoff": lambda ballots, names: instant_runoff(ballots, names, ties=LOT),
    "runoff in batches": lambda ballots, names: instant_runoff(ballots, names, RunoffRules(batch=True), LOT),
    "scottish": lambda ballots, names: scottish_vote(ballots, names, 2, LOT),
    "minneapolis": lambda ballots, names: single_transferable(ballots, names, TransferRules(seats=2), LOT),
    "bottoms up": lambda ballots, names: bottoms_up(ballots, names, BottomsUpRules(seats=2), LOT),
}

papers = st.lists(
    st.builds(
        lambda order, size, number: ranked(*order[:size], papers=number),
        st.permutations(NAMES),
        st.integers(0, 4),
        st.integers(1, 3),
    ),
    max_size=8,
)
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@every_method
@given(ballots=papers)
def test_renaming_the_candidates_renames_the_result(method: Method, ballots: list[Ranked]) -> None:
    renamed = [
        Ranked(tuple(tuple(RENAMED[name] for name in names) for names in ballot.ranks), ballot.papers)
        for ballot in ballots
    ]
    ours, theirs = method(ballots, NAMES), method(renamed, tuple(RENAMED.values()))
    assert [RENAMED[name] for name in ours.winners] == list(theirs.winners)
    assert [[RENAMED[name] for name in tier] for tier in ours.ranking] == [list(tier) for tier in theirs.ranking]
    for one, other in zip(ours.rounds, theirs.rounds, strict=True):
        assert {RENAMED[name]: votes for name, votes in one.tally.items()} == other.tally


@every_method
@given(ballots=papers, seed=st.integers(0, 999))
def test_neither_the_order_of_the_ballots_nor_their_bundles_matter(
    method: Method, ballots: list[Ranked], seed: int
) -> None:
    single = [Ranked(ballot.ranks) for ballot in ballots for _ in range(ballot.papers)]
    random.Random(seed).shuffle(single)
    assert method(single, NAMES) == method(ballots, NAMES)


@every_method
@given(ballots=papers)
def test_a_candidate_first_on_most_papers_wins_or_is_elected_unless_points_decide(
    method: Method, ballots: list[Ranked]
) -> None:
    firsts = first_choices(ballots)
    voted = sum(ballot.votes for ballot in firsts if ballot.names)
    for name in NAMES:
        if 2 * sum(ballot.votes for ballot in firsts if ballot.names == (name,)) > voted:
            assert name in method(ballots, NAMES).winners or method is METHODS["borda"]
