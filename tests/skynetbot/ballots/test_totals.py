"""Plurality, approval, score and Borda: public examples, weights, equals and short orders."""

from fractions import Fraction

import pytest

from skynetbot.ballots.approval import approval
from skynetbot.ballots.ballot import Marked, Scored, first_choices, ranked
from skynetbot.ballots.borda import BordaRules, borda
from skynetbot.ballots.errors import BallotError, RuleError
from skynetbot.ballots.plurality import heaviest_role, plurality
from skynetbot.ballots.result import Inactive, Result
from skynetbot.ballots.score import ScoreRules, score
from skynetbot.ballots.ties import ListedOrder

# Wikipedia, "Borda count" and "Plurality voting", the capital of Tennessee.
TENNESSEE = [
    ranked("Memphis", "Nashville", "Chattanooga", "Knoxville", papers=42),
    ranked("Nashville", "Chattanooga", "Knoxville", "Memphis", papers=26),
    ranked("Chattanooga", "Knoxville", "Nashville", "Memphis", papers=15),
    ranked("Knoxville", "Chattanooga", "Nashville", "Memphis", papers=17),
]
CITIES = ("Memphis", "Nashville", "Chattanooga", "Knoxville")


def totals(result: Result) -> dict[str, Fraction]:
    return dict(result.rounds[0].tally)


def test_plurality_counts_first_choices() -> None:
    result = plurality(first_choices(TENNESSEE), CITIES)
    assert totals(result) == {"Memphis": 42, "Nashville": 26, "Chattanooga": 15, "Knoxville": 17}
    assert result.winners == ("Memphis",)
    assert result.ranking == (("Memphis",), ("Nashville",), ("Knoxville",), ("Chattanooga",))


def test_weights_count_a_voter_several_times() -> None:
    result = plurality([Marked(("A",), papers=3), Marked(("B",), papers=2, weight=2), Marked((), weight=5)], "AB")
    assert totals(result) == {"A": 3, "B": 4}
    assert result.rounds[0].inactive == {Inactive.BLANK: 5}
    assert result.method == "weighted plurality"
    assert heaviest_role([1, 2, 3], {2: 5, 3: 2}) == 5
    assert heaviest_role([], {2: 5}) == 1
    # A stated weight below one counts: a muted role may have no vote at all.
    assert heaviest_role([4], {4: 0}) == 0


def test_a_plurality_ballot_with_two_crosses_is_an_over_vote() -> None:
    with pytest.raises(BallotError, match="Ballot 1 has an over-vote: A, B are marked; at most 1 may be"):
        plurality([Marked(("A", "B"))], "AB")


def test_a_tie_for_the_last_seat_leaves_the_sure_winner_alone() -> None:
    ballots = [Marked(("A",), papers=3), *(Marked((name,), papers=2) for name in "BCD")]
    open_ = plurality(ballots, "ABCD", seats=2)
    assert open_.winners == ("A", "B", "C", "D")
    assert open_.ties[0].chosen is None
    decided = plurality(ballots, "ABCD", (ListedOrder(("D", "C", "B", "A")),), seats=3)
    assert decided.winners == ("A", "D", "C")
    assert decided.ranking == (("A",), ("D",), ("C",), ("B",))
    assert len(decided.ties) == 2


def test_a_tie_below_the_seats_needs_no_breaking() -> None:
    result = plurality([Marked(("A",))], "ABC", (ListedOrder(),))
    assert (result.winners, result.ranking, result.ties) == (("A",), (("A",), ("B", "C")), ())


@pytest.mark.parametrize("seats", [0, 3])
def test_seats_have_to_fit_the_candidates(seats: int) -> None:
    with pytest.raises(RuleError, match=f"{seats} seats for 2 candidates"):
        plurality([Marked(("A",))], "AB", seats=seats)


def test_nobody_wins_without_votes() -> None:
    ties = (ListedOrder(),)
    assert plurality([], "AB", ties).winners == ()
    assert approval([Marked(())], "AB", ties).winners == ()
    assert score([Scored({})], "AB", ties=ties).winners == ()
    assert borda([ranked()], "AB", ties=ties).winners == ()


def test_approval_adds_a_vote_for_every_cross() -> None:
    # Wikipedia, "Approval voting": Tennessee, each voter approving of the two nearest cities.
    ballots = [
        Marked(("Memphis", "Nashville"), papers=42),
        Marked(("Nashville", "Chattanooga"), papers=26),
        Marked(("Chattanooga", "Knoxville"), papers=15),
        Marked(("Knoxville", "Chattanooga"), papers=17),
    ]
    result = approval(ballots, CITIES)
    assert totals(result) == {"Memphis": 42, "Nashville": 68, "Chattanooga": 58, "Knoxville": 32}
    assert result.winners == ("Nashville",)
    with pytest.raises(BallotError, match="at most 1 may be"):
        approval(ballots, CITIES, most=1)


def test_score_by_sum_takes_silence_as_the_lowest() -> None:
    ballots = [Scored({"A": 5, "B": -1}, papers=2), Scored({"B": 2}, weight=3)]
    result = score(ballots, "AB", ScoreRules(lowest=-2, highest=5))
    assert totals(result) == {"A": 5 * 2 - 2 * 3, "B": -1 * 2 + 2 * 3}


def test_score_by_mean_is_exact_and_knows_a_quorum() -> None:
    ballots = [Scored({"A": 5, "B": 4}), Scored({"B": 4}), Scored({"B": 5, "C": 0})]
    rules = ScoreRules(mean=True)
    assert totals(score(ballots, "ABC", rules)) == {"A": 5, "B": Fraction(13, 3), "C": 0}
    quorum = score(ballots, "ABC", ScoreRules(mean=True, quorum=2))
    assert totals(quorum) == {"A": 0, "B": Fraction(13, 3), "C": 0}
    assert quorum.winners == ("B",)
    with pytest.raises(RuleError, match="make no sense"):
        score(ballots, "ABC", ScoreRules(lowest=5, highest=1))


def test_the_borda_count_of_tennessee() -> None:
    result = borda(TENNESSEE, CITIES, BordaRules(first="n-1"))
    assert totals(result) == {"Memphis": 126, "Nashville": 194, "Chattanooga": 173, "Knoxville": 107}
    assert result.winners == ("Nashville",)
    assert totals(borda(TENNESSEE, CITIES))["Nashville"] == 194 + 100


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # One voter: A, then B and C as equals; D and E are left out. Places are worth 5 4 3 2 1, or one less.
        (BordaRules(), {"A": 5, "B": Fraction(7, 2), "C": Fraction(7, 2), "D": 0, "E": 0}),
        (BordaRules(first="n-1"), {"A": 4, "B": Fraction(5, 2), "C": Fraction(5, 2), "D": 0, "E": 0}),
        (
            BordaRules(unranked="shared"),
            {"A": 5, "B": Fraction(7, 2), "C": Fraction(7, 2), "D": Fraction(3, 2), "E": Fraction(3, 2)},
        ),
        (BordaRules(unranked="modified"), {"A": 3, "B": Fraction(3, 2), "C": Fraction(3, 2), "D": 0, "E": 0}),
        (
            BordaRules(first="n-1", unranked="modified"),
            {"A": 2, "B": Fraction(1, 2), "C": Fraction(1, 2), "D": 0, "E": 0},
        ),
    ],
)
def test_borda_with_equals_and_a_short_order(rules: BordaRules, expected: dict[str, Fraction]) -> None:
    assert totals(borda([ranked("A", None, ("B", "C"))], "ABCDE", rules)) == expected


def test_the_published_poll_of_the_old_bot_is_the_default_borda() -> None:
    # Place i, from 0, of n options scores n - i; unranked options score 0.
    result = borda([ranked("X", "Z"), ranked("Z", "Y", "X")], "XYZ")
    assert totals(result) == {"X": 3 + 1, "Y": 2, "Z": 2 + 3}
