"""Votes with several seats against counts that look at one paper after the other."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.ballot import Ranked, ranked
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.result import Inactive, Result
from skynetbot.ballots.scottish import scottish_vote
from skynetbot.ballots.ties import ListedOrder
from skynetbot.ballots.transferable import TransferRules, single_transferable

NAMES = "ABCDEF"

# The party's food of Wikipedia's "Single transferable vote" (version with three seats for five foods).
FOOD = [
    ranked("oranges", papers=4),
    ranked("pears", "oranges", papers=2),
    ranked("chocolate", "strawberries", papers=8),
    ranked("chocolate", "sweets", papers=4),
    ranked("strawberries"),
    ranked("sweets"),
]
FOODS = ("oranges", "pears", "chocolate", "strawberries", "sweets")

papers = st.lists(
    st.builds(
        lambda order, size, number: ranked(*order[:size], papers=number),
        st.permutations(NAMES),
        st.integers(0, 6),
        st.integers(1, 9),
    ),
    max_size=14,
)
seats = st.integers(1, 4)


def test_the_food_for_the_party_by_the_scottish_rules() -> None:
    result = scottish_vote(FOOD, FOODS, 3)
    assert result.winners == ("chocolate", "oranges", "strawberries")
    assert [dict(round_.tally) for round_ in result.rounds] == [
        {"oranges": 4, "pears": 2, "chocolate": 12, "strawberries": 1, "sweets": 1},
        {"oranges": 4, "pears": 2, "chocolate": 6, "strawberries": 5, "sweets": 3},
        {"oranges": 6, "chocolate": 6, "strawberries": 5, "sweets": 3},
        {"oranges": 6, "chocolate": 6, "strawberries": 5},
    ]
    assert {round_.quota for round_ in result.rounds} == {6}
    assert result.rounds[-1].inactive == {Inactive.EXHAUSTED: 3}
    assert result.ranking == (("chocolate",), ("oranges",), ("strawberries",), ("sweets",), ("pears",))


def test_the_food_for_the_party_by_the_rules_of_minneapolis() -> None:
    result = single_transferable(FOOD, FOODS, TransferRules(seats=3))
    assert result.winners == ("chocolate", "oranges", "strawberries")
    assert result.rounds[1].tally == {"oranges": 4, "pears": 2, "chocolate": 6, "strawberries": 5, "sweets": 3}


def test_the_remainder_beyond_the_fifth_decimal_is_ignored() -> None:
    # Quota 4 of 7; A has 6, so each paper goes on at 2/6 = 0.33333 and 0.00002 are lost.
    result = scottish_vote([ranked("A", "B", papers=6), ranked("C")], "ABC", 1)
    assert result.winners == ("A",)
    two = scottish_vote([ranked("A", "B", papers=7), ranked("C", papers=2), ranked("D")], "ABCD", 2)
    assert two.rounds[0].quota == 4
    assert two.rounds[1].tally["B"] == 7 * Fraction(42857, 100_000)
    assert two.rounds[1].lost == 3 - 7 * Fraction(42857, 100_000)


def test_equal_surpluses_go_by_the_latest_difference() -> None:
    # Quota 10 of 45. C's surplus of 10 goes on at a half: A 7 + 4 and B 6 + 5 are equal at last, but A led before.
    ballots = [
        ranked("B", papers=6),
        ranked("A", papers=7),
        ranked("C", "A", papers=8),
        ranked("C", "B", papers=10),
        ranked("C", papers=2),
        ranked("D", papers=7),
        ranked("E", papers=5),
    ]
    result = scottish_vote(ballots, "BACDE", 4)
    assert result.rounds[1].tally == {"A": 11, "B": 11, "C": 10, "D": 7, "E": 5}
    assert result.winners == ("C", "B", "A", "D")
    (tie,) = result.ties
    assert (tie.round, tie.tied, tie.chosen) == (2, ("B", "A"), "A")
    assert tie.how == "had the most votes (7) in round 1"


@given(papers, seats)
def test_scottish_stages_equal_a_count_paper_by_paper(ballots: list[Ranked], number: int) -> None:
    result = scottish_vote(ballots, NAMES, number, ties=(ListedOrder(),))
    stages, winners = scottish_by_paper(ballots, number)
    assert [dict(round_.tally) for round_ in result.rounds] == stages
    assert set(result.winners) == winners


@given(papers, seats, st.booleans())
def test_minneapolis_rounds_equal_a_count_paper_by_paper(ballots: list[Ranked], number: int, one_a_round: bool) -> None:
    rules = TransferRules(seats=number, one_a_round=one_a_round)
    result = single_transferable(ballots, NAMES, rules, ties=(ListedOrder(),))
    rounds, winners = minneapolis_by_paper(ballots, number, one_a_round)
    assert [dict(round_.tally) for round_ in result.rounds] == rounds
    assert set(result.winners) == winners


@given(papers, seats)
def test_votes_are_conserved_seats_are_filled_and_the_quota_stays(ballots: list[Ranked], number: int) -> None:
    for result in (
        scottish_vote(ballots, NAMES, number),
        single_transferable(ballots, NAMES, TransferRules(seats=number)),
        single_transferable(ballots, NAMES, TransferRules(seats=number, fractional_quota=True, one_a_round=True)),
        single_transferable(ballots, NAMES, TransferRules(seats=number, quota="hare")),
        single_transferable(ballots, NAMES, TransferRules(seats=number, batch=True, digits=0)),
    ):
        assert_sound(result, number, sum(ballot.votes for ballot in ballots))


def assert_sound(result: Result, number: int, votes: int) -> None:
    assert {round_.total for round_ in result.rounds} == {votes}
    voted = votes - result.rounds[0].inactive.get(Inactive.BLANK, 0)
    assert len(result.winners) == (number if voted else 0)
    assert len({round_.quota for round_ in result.rounds}) == 1
    lost = [round_.lost for round_ in result.rounds]
    assert lost == sorted(lost)
    assert min(lost) >= 0
    assert sorted(name for tier in result.ranking for name in tier) == sorted(NAMES)
    for round_ in result.rounds:
        for move in round_.moves:
            if move.what == "surplus":
                moved = sum(move.to.values()) + move.inactive + move.lost
                assert round_.quota is not None
                assert round_.tally[move.candidate] - moved == round_.quota


def test_a_count_needs_as_many_candidates_as_seats() -> None:
    for number in (0, 4):
        with pytest.raises(RuleError, match=f"{number} seats for 3 candidates"):
            scottish_vote([ranked("A")], "ABC", number)
        with pytest.raises(RuleError, match=f"{number} seats for 3 candidates"):
            single_transferable([ranked("A")], "ABC", TransferRules(seats=number))


class Paper:
    """One voter's paper, never counted together with any other."""

    def __init__(self, order: list[str]) -> None:
        self.order = order
        self.value = Fraction(1)
        self.at = order[0] if order else None

    def move(self, gone: set[str]) -> None:
        self.at = next((name for name in self.order if name not in gone), None)


def separate(ballots: list[Ranked]) -> list[Paper]:
    return [Paper([name for (name,) in ballot.ranks]) for ballot in ballots for _ in range(ballot.papers)]


def down(value: Fraction, digits: int) -> Fraction:
    return Fraction(floor(value * 10**digits), 10**digits)


def tallied(papers: list[Paper], kept: dict[str, Fraction], out: set[str]) -> dict[str, Fraction]:
    return {
        name: kept.get(name, Fraction(0)) + sum((paper.value for paper in papers if paper.at == name), Fraction(0))
        for name in NAMES
        if name not in out
    }


def best_of(names: list[str], tally: dict[str, Fraction]) -> str:
    return max(names, key=lambda name: (tally[name], -NAMES.index(name)))


def worst_of(names: list[str], tally: dict[str, Fraction]) -> str:
    return min(names, key=lambda name: (tally[name], -NAMES.index(name)))


def scottish_by_paper(ballots: list[Ranked], number: int) -> tuple[list[dict[str, Fraction]], set[str]]:
    papers = separate(ballots)
    valid = sum(1 for paper in papers if paper.order)
    quota = Fraction(valid // (number + 1) + 1)
    elected: set[str] = set()
    out: set[str] = set()
    kept: dict[str, Fraction] = {}
    stages: list[dict[str, Fraction]] = []
    while True:
        tally = tallied(papers, kept, out)
        stages.append(tally)
        if not valid:
            return stages, set()
        elected |= {name for name in tally if tally[name] >= quota}
        left = [name for name in tally if name not in elected]
        if len(elected) == number:
            return stages, elected
        if len(left) <= number - len(elected):
            return stages, elected | set(left)
        surpluses = [name for name in elected if tally[name] > quota]
        if surpluses:
            source = best_of(surpluses, tally)
            kept[source] = quota
        else:
            source = worst_of(left, tally)
            out.add(source)
        for paper in papers:
            if paper.at == source:
                if source in elected:
                    paper.value = down(paper.value * (tally[source] - quota) / tally[source], 5)
                paper.move(out | elected)


def minneapolis_by_paper(
    ballots: list[Ranked], number: int, one_a_round: bool
) -> tuple[list[dict[str, Fraction]], set[str]]:
    papers = separate(ballots)
    valid = sum(1 for paper in papers if paper.order)
    quota = Fraction(valid // (number + 1) + 1)
    elected: set[str] = set()
    out: set[str] = set()
    kept: dict[str, Fraction] = {}
    rounds: list[dict[str, Fraction]] = []
    while True:
        tally = tallied(papers, kept, out)
        rounds.append(tally)
        if not valid or len(elected) == number:
            return rounds, elected
        left = [name for name in tally if name not in elected]
        won = left if len(left) == number - len(elected) else [name for name in left if tally[name] >= quota]
        if won and one_a_round:
            won = [best_of(won, tally)]
        elected |= set(won)
        going = won or [worst_of(left, tally)]
        if not won:
            out |= set(going)
        for source in going:
            surplus = tally[source] - quota
            if won and surplus <= 0:
                continue
            for paper in [paper for paper in papers if paper.at == source]:
                if won:
                    kept[source] = quota
                    paper.value = down(paper.value * down(surplus / tally[source], 4), 4)
                paper.move(out | elected if len(elected) < number else set(NAMES))
