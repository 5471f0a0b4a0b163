"""Tie-breaks, step by step, and what is reported of them."""

from fractions import Fraction

import pytest

from skynetbot.ballots.ballot import ranked
from skynetbot.ballots.draw import open_draw, shuffled
from skynetbot.ballots.errors import RuleError, TieUnbroken
from skynetbot.ballots.instant_runoff import instant_runoff
from skynetbot.ballots.ties import STATED, DrawnOrder, EarlierRounds, ListedOrder, Lot, TieBreaker, TieStep


def tally(**votes: int) -> dict[str, Fraction]:
    return {name: Fraction(number) for name, number in votes.items()}


# Round 1 sets C apart from A and B; round 2 sets A apart from B and C.
EARLIER = (tally(A=5, B=5, C=4), tally(A=6, B=7, C=7))


@pytest.mark.parametrize(
    ("steps", "elected", "excluded"),
    [
        ((EarlierRounds("backwards"), ListedOrder()), "B", "A"),
        ((EarlierRounds("forwards"), ListedOrder()), "B", "C"),
        ((ListedOrder(),), "A", "C"),
        ((ListedOrder(("C", "B", "A")),), "C", "A"),
    ],
)
def test_the_steps_narrow_the_tied(steps: tuple[TieStep, ...], elected: str, excluded: str) -> None:
    assert TieBreaker(steps, "ABC").pick("ABC", "to be elected", EARLIER) == elected
    assert TieBreaker(steps, "ABC").pick("ABC", "to be excluded", EARLIER) == excluded


def test_a_later_step_sees_only_those_still_tied_and_the_report_names_every_step() -> None:
    breaker = TieBreaker((EarlierRounds(), Lot("7", "sha256")), "ABC")
    chosen = breaker.pick("ABC", "to be elected", (tally(A=2, B=2, C=1),))
    number = open_draw("sha256", "7").pick(2)
    assert chosen == "AB"[number]
    (tie,) = breaker.broken
    assert (tie.round, tie.tied, tie.chosen) == (2, ("A", "B", "C"), chosen)
    assert tie.how == (
        f"still several after every earlier round; sha256 lot of seed “7” drew number {number + 1} of A, B"
    )


def test_the_report_says_which_round_decided() -> None:
    breaker = TieBreaker(STATED, "ABC")
    breaker.pick("AB", "to be excluded", EARLIER)
    assert breaker.broken[0].how == "had the fewest votes (6) in round 2"


def test_a_single_candidate_is_no_tie() -> None:
    breaker = TieBreaker((), "ABC")
    assert breaker.pick("B", "to be elected") == "B"
    assert breaker.broken == []


def test_lots_go_on_through_a_count_and_begin_anew_with_the_next() -> None:
    def drawn() -> list[str]:
        breaker = TieBreaker((Lot("3"),), "ABCDEFGH")
        return [breaker.pick("ABCDEFGH", "to be excluded") for _ in range(8)]

    assert drawn() == drawn()
    assert len(set(drawn())) > 1


def test_a_drawn_order_is_drawn_once() -> None:
    order = shuffled("ABC", open_draw("sha256", "x"))
    breaker = TieBreaker((DrawnOrder("x"),), "ABC")
    assert breaker.pick("ABC", "to be elected") == order[0]
    assert breaker.pick("ABC", "to be excluded") == order[-1]
    assert breaker.stated == (f"order drawn by sha256 lot of seed “x”: {', '.join(order)}",)


def test_a_tie_that_no_step_breaks_is_an_error_that_names_it() -> None:
    with pytest.raises(TieUnbroken, match=r"A, B are tied \(to be excluded\) and no stated tie-break") as caught:
        TieBreaker((EarlierRounds(),), "AB").pick("AB", "to be excluded", (tally(A=1, B=1),))
    assert caught.value.tied == ("A", "B")


def test_a_list_has_to_be_complete() -> None:
    with pytest.raises(RuleError, match="lacks C"):
        TieBreaker((ListedOrder(("A", "B")),), "ABC")


def test_a_count_reports_its_ties_with_their_round() -> None:
    result = instant_runoff([ranked("A", papers=3), ranked("B", papers=2), ranked("C", "A", papers=2)], "ABC")
    (tie,) = result.ties
    assert (tie.round, tie.purpose, tie.tied, tie.chosen) == (1, "to be excluded", ("B", "C"), "C")
    assert result.rounds[0].ties == (tie,)
    assert result.tie_breaks == ("earlier rounds, backwards", "listed order: A, B, C")
