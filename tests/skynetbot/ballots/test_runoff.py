"""Instant runoff against a count that starts anew from the papers in every round."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.ballot import Ranked, ranked
from skynetbot.ballots.bottoms_up import BottomsUpRules, bottoms_up
from skynetbot.ballots.errors import BallotError, RuleError
from skynetbot.ballots.exclusion import hopeless
from skynetbot.ballots.instant_runoff import RunoffRules, instant_runoff, sequential_runoff
from skynetbot.ballots.reading import Overvotes, Reading, next_choice
from skynetbot.ballots.result import Inactive
from skynetbot.ballots.ties import ListedOrder

NAMES = "ABCDE"

# Wikipedia, "Instant-runoff voting", the capital of Tennessee.
TENNESSEE = [
    ranked("Memphis", "Nashville", "Chattanooga", "Knoxville", papers=42),
    ranked("Nashville", "Chattanooga", "Knoxville", "Memphis", papers=26),
    ranked("Chattanooga", "Knoxville", "Nashville", "Memphis", papers=15),
    ranked("Knoxville", "Chattanooga", "Nashville", "Memphis", papers=17),
]
CITIES = ("Memphis", "Nashville", "Chattanooga", "Knoxville")

papers = st.lists(
    st.builds(
        lambda order, size, number: ranked(*order[:size], papers=number),
        st.permutations(NAMES),
        st.integers(0, 5),
        st.integers(1, 4),
    ),
    max_size=12,
)
wild_papers = st.lists(
    st.lists(st.lists(st.sampled_from(NAMES), max_size=2), max_size=5).map(lambda places: ranked(*places)), max_size=12
)


def test_the_capital_of_tennessee() -> None:
    result = instant_runoff(TENNESSEE, CITIES)
    assert result.winners == ("Knoxville",)
    assert [dict(round_.tally) for round_ in result.rounds] == [
        {"Memphis": 42, "Nashville": 26, "Chattanooga": 15, "Knoxville": 17},
        {"Memphis": 42, "Nashville": 26, "Knoxville": 32},
        {"Memphis": 42, "Knoxville": 58},
    ]
    assert [round_.quota for round_ in result.rounds] == [51, 51, 51]
    assert result.ranking == (("Knoxville",), ("Memphis",), ("Nashville",), ("Chattanooga",))
    assert result.rounds[0].moves[0].to == {"Knoxville": 15}


@given(papers)
def test_every_round_equals_a_recount_from_the_papers(ballots: list[Ranked]) -> None:
    result = instant_runoff(ballots, NAMES, ties=(ListedOrder(),))
    rounds, winner = recounted(ballots)
    assert [dict(round_.tally) for round_ in result.rounds] == rounds
    assert result.winners == winner


@given(papers, st.booleans(), st.booleans())
def test_votes_are_conserved_and_the_quota_never_rises(ballots: list[Ranked], batch: bool, to_two: bool) -> None:
    result = instant_runoff(ballots, NAMES, RunoffRules(batch=batch, down_to_two=to_two))
    assert {round_.total for round_ in result.rounds} == {sum(ballot.votes for ballot in ballots)}
    quotas = [round_.quota for round_ in result.rounds if round_.quota is not None]
    assert quotas == sorted(quotas, reverse=True)
    assert sorted(name for tier in result.ranking for name in tier) == sorted(NAMES)


@given(papers)
def test_batches_and_going_on_change_no_winner(ballots: list[Ranked]) -> None:
    plain = instant_runoff(ballots, NAMES)
    for rules in (RunoffRules(batch=True), RunoffRules(down_to_two=True), RunoffRules(batch=True, down_to_two=True)):
        other = instant_runoff(ballots, NAMES, rules)
        # A tie may be broken elsewhere once several leave together.
        if not plain.ties and not other.ties:
            assert other.winners == plain.winners
        if rules.down_to_two and other.winners:
            assert len(other.rounds[-1].tally) == 2


@given(wild_papers, st.sampled_from(["exhaust", "skip", "exhaust if several continue"]), st.booleans())
def test_no_vote_is_lost_however_papers_are_filled_in(
    ballots: list[Ranked], overvotes: Overvotes, end_at_repeat: bool
) -> None:
    rules = RunoffRules(reading=Reading(overvotes=overvotes, skips=1, end_at_repeat=end_at_repeat))
    result = instant_runoff(ballots, NAMES, rules)
    assert {round_.total for round_ in result.rounds} == {len(ballots)}
    for before, after in zip(result.rounds, result.rounds[1:], strict=False):
        assert all(after.inactive.get(why, 0) >= votes for why, votes in before.inactive.items())


@given(st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 20), min_size=1))
def test_the_hopeless_cannot_catch_up_together(tally: dict[str, int]) -> None:
    group = hopeless(tally)
    others = [votes for name, votes in tally.items() if name not in group]
    assert others
    assert not group or sum(tally[name] for name in group) < min(others)
    larger = sorted(tally, key=lambda name: tally[name])
    for size in range(len(group) + 1, len(tally)):
        assert sum(tally[name] for name in larger[:size]) >= tally[larger[size]]


@pytest.mark.parametrize(
    ("places", "reading", "expected"),
    [
        (("X", "B"), Reading(), "B"),
        ((("A", "B"), "C"), Reading(), Inactive.OVERVOTED),
        ((("A", "B"), "C"), Reading(overvotes="skip"), "C"),
        ((("A", "B"), "C"), Reading(overvotes="exhaust if several continue"), Inactive.OVERVOTED),
        ((("A", "X"), "C"), Reading(overvotes="exhaust if several continue"), "A"),
        ((("X", "Y"), "C"), Reading(overvotes="exhaust if several continue"), "C"),
        ((None, None, "C"), Reading(skips=1), Inactive.SKIPPED),
        ((None, "C"), Reading(skips=1), "C"),
        ((None, "C"), Reading(skips=0), Inactive.SKIPPED),
        ((None, None, "C"), Reading(), "C"),
        (("X", "X", "C"), Reading(end_at_repeat=True), Inactive.REPEATED),
        (("X", "X", "C"), Reading(), "C"),
        (("X",), Reading(), Inactive.EXHAUSTED),
        ((None, None), Reading(skips=0), Inactive.BLANK),
        ((), Reading(), Inactive.BLANK),
    ],
)
def test_how_a_paper_is_read(places: tuple[str], reading: Reading, expected: str) -> None:
    assert next_choice(ranked(*places).ranks, {"A", "B", "C"}, reading) == expected


def test_the_minimum_excludes_everyone_below_together() -> None:
    ballots = [ranked("A", papers=9), ranked("B", papers=8), ranked("C", papers=2), ranked("D", "B", papers=2)]
    result = instant_runoff(ballots, "ABCD", RunoffRules(minimum=3))
    assert [move.candidate for move in result.rounds[0].moves] == ["C", "D"]
    assert result.winners == ("B",)
    with pytest.raises(RuleError, match="below the minimum"):
        instant_runoff([ranked("A"), ranked("B"), ranked("C")], "ABC", RunoffRules(minimum=2))


def test_a_count_may_stop_early_and_then_has_no_winner() -> None:
    result = instant_runoff(TENNESSEE, CITIES, RunoffRules(last_round=1))
    assert len(result.rounds) == 1
    assert result.winners == ()


def test_write_ins_go_first_and_never_win() -> None:
    ballots = [ranked("?", "A", papers=5), ranked("A", papers=2), ranked("B", papers=4)]
    result = instant_runoff(ballots, "AB?", RunoffRules(write_in="?"))
    assert result.rounds[0].moves[0].candidate == "?"
    assert result.winners == ("A",)


def test_one_pass_a_seat_takes_the_winners_out() -> None:
    passes = sequential_runoff(TENNESSEE, CITIES, 2)
    assert [result.winners for result in passes] == [("Knoxville",), ("Chattanooga",)]
    with pytest.raises(RuleError, match="5 seats for 4 candidates"):
        sequential_runoff(TENNESSEE, CITIES, 5)


def test_nobody_wins_without_votes() -> None:
    assert instant_runoff([], "AB").winners == ()
    assert instant_runoff([ranked()], "AB").winners == ()
    assert sequential_runoff([], "AB", 2)[0].winners == ()


def test_unknown_names_are_refused_and_withdrawn_ones_are_passed_over() -> None:
    with pytest.raises(BallotError, match="Ballot 2 ranks “Z”, who is not a candidate"):
        instant_runoff([ranked("A"), ranked("Z")], "AB")
    assert instant_runoff([ranked("A"), ranked("Z", "B", papers=2)], "AB", withdrawn="Z").winners == ("B",)


def test_bottoms_up_stops_at_the_seats_or_at_the_percentage() -> None:
    ballots = [ranked("A", papers=9), ranked("B", papers=5), ranked("C", "B", papers=4), ranked("D", papers=2)]
    assert bottoms_up(ballots, "ABCD", BottomsUpRules(seats=2)).winners == ("A", "B")
    percent = bottoms_up(ballots, "ABCD", BottomsUpRules(percent=Fraction(15)))
    assert percent.winners == ("A", "B", "C")
    assert [round_.quota for round_ in percent.rounds] == [3, Fraction(27, 10)]
    with pytest.raises(RuleError, match="either the number of seats or the percentage"):
        bottoms_up(ballots, "ABCD", BottomsUpRules())
    assert bottoms_up([], "ABCD", BottomsUpRules(seats=1)).winners == ()


def recounted(ballots: list[Ranked]) -> tuple[list[dict[str, int]], tuple[str, ...]]:
    left = list(NAMES)
    rounds: list[dict[str, int]] = []
    while True:
        tally = dict.fromkeys(left, 0)
        for ballot in ballots:
            for (name,) in ballot.ranks:
                if name in left:
                    tally[name] += ballot.papers
                    break
        rounds.append(tally)
        total = sum(tally.values())
        if not total:
            return rounds, ()
        best = max(left, key=lambda name: (tally[name], -NAMES.index(name)))
        if 2 * tally[best] > total or len(left) <= 2:
            return rounds, (best,)
        left.remove(min(left, key=lambda name: (tally[name], -NAMES.index(name))))
