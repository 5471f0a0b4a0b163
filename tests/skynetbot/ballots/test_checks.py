"""What is refused, and that the message names the ballot, the candidate and the place."""

import pytest

from skynetbot.ballots.ballot import Marked, Ranked, Scored, ranked
from skynetbot.ballots.checks import RankingRules, check_candidates, check_marks, check_ranking, check_scores
from skynetbot.ballots.errors import BallotError, RuleError

STRICT = RankingRules()


@pytest.mark.parametrize(
    ("ballot", "rules", "problem"),
    [
        (ranked("A", "Z"), STRICT, "Ballot 1 ranks “Z”, who is not a candidate."),
        (ranked("A", "B", "A"), STRICT, "Ballot 1 ranks A 2 times, at places 1, 3."),
        (ranked(("A", "B"), "C"), STRICT, "Ballot 1 has an over-vote: A, B are all at place 1."),
        (ranked("A", None, "B"), STRICT, "Ballot 1 skips place 2."),
        (ranked("A"), RankingRules(truncated=False), "Ballot 1 leaves out B, C."),
        (ranked("A", "B", "C"), RankingRules(longest=2), "Ballot 1 has 3 places; at most 2 are allowed."),
        (ranked(), RankingRules(blank=False), "Ballot 1 is blank."),
        (ranked("A", papers=-1), STRICT, "Ballot 1 counts -1 times with weight 1; neither may be negative."),
    ],
)
def test_an_order_that_the_rules_do_not_allow(ballot: Ranked, rules: RankingRules, problem: str) -> None:
    with pytest.raises(BallotError) as caught:
        check_ranking([ballot], "ABC", rules)
    assert caught.value.problems == [problem]


@pytest.mark.parametrize(
    ("ballot", "rules"),
    [
        (ranked("A", "B", "C"), RankingRules(truncated=False, longest=3)),
        (ranked("B"), STRICT),
        (ranked(), STRICT),
        (ranked(None, None), STRICT),
        (ranked("A", None), STRICT),
        (ranked(("A", "B"), "C"), RankingRules(equals=True)),
        (ranked("A", None, "B"), RankingRules(gaps=True)),
        (ranked("A", "B", "A"), RankingRules(repeats=True)),
        (ranked(("A", "B"), None, "C"), RankingRules(equals=True, gaps=True, truncated=False)),
    ],
)
def test_an_order_that_the_rules_allow(ballot: Ranked, rules: RankingRules) -> None:
    check_ranking([ballot], "ABC", rules)


def test_every_mistake_of_every_ballot_is_named() -> None:
    with pytest.raises(BallotError) as caught:
        check_ranking([ranked("A"), ranked("Z", "Z"), ranked(("A", "B"), None, "C")], "ABC", STRICT)
    assert caught.value.problems == [
        "Ballot 2 ranks “Z”, who is not a candidate.",
        "Ballot 2 ranks Z 2 times, at places 1, 2.",
        "Ballot 3 has an over-vote: A, B are all at place 1.",
        "Ballot 3 skips place 2.",
    ]


def test_a_long_list_of_mistakes_is_cut_in_the_message_only() -> None:
    with pytest.raises(BallotError, match="And 80 more") as caught:
        check_ranking([ranked("Z")] * 100, "A", STRICT)
    assert len(caught.value.problems) == 100


def test_marks() -> None:
    check_marks([Marked(("A",)), Marked(())], "AB", most=1)
    with pytest.raises(BallotError) as caught:
        check_marks([Marked(("A", "B")), Marked(("A", "A")), Marked(("Z",), weight=-2)], "AB", most=1)
    assert caught.value.problems == [
        "Ballot 1 has an over-vote: A, B are marked; at most 1 may be.",
        "Ballot 2 marks A 2 times.",
        "Ballot 2 has an over-vote: A, A are marked; at most 1 may be.",
        "Ballot 3 counts 1 times with weight -2; neither may be negative.",
        "Ballot 3 marks “Z”, who is not a candidate.",
    ]


def test_scores() -> None:
    check_scores([Scored({"A": 0, "B": 5})], "AB", 0, 5)
    with pytest.raises(BallotError) as caught:
        check_scores([Scored({"A": 6, "Z": 1})], "AB", 0, 5)
    assert caught.value.problems == [
        "Ballot 1 gives A 6 points; 0 to 5 are allowed.",
        "Ballot 1 scores “Z”, who is not a candidate.",
    ]


@pytest.mark.parametrize(
    ("names", "message"), [((), "no candidates"), (("A", ""), "has no name"), (("A", "B", "A"), "listed twice: A")]
)
def test_candidates_need_different_names(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        check_candidates(names)
