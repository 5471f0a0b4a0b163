"""A result as text and as CSV."""

import csv
import io
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.ballot import ranked
from skynetbot.ballots.export import COLUMNS, to_csv
from skynetbot.ballots.instant_runoff import RunoffRules, instant_runoff
from skynetbot.ballots.numbers import plain
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.schulze import schulze
from skynetbot.ballots.scottish import scottish_vote
from skynetbot.ballots.tables import aligned, ranking_table, round_table, tie_lines

FRUIT = ("apple", "banana", "cherry")
BALLOTS = [
    ranked("apple", papers=4),
    ranked("banana", papers=3),
    ranked("cherry", "banana", papers=2),
    ranked("cherry"),
    ranked(),
]


def test_a_round_as_rows() -> None:
    result = instant_runoff(BALLOTS, FRUIT)
    assert round_table(result, 1) == (
        ("Candidate", "Votes", "Change", "Decision"),
        ("apple", "4", "", ""),
        ("banana", "3", "", ""),
        ("cherry", "3", "", "excluded: fewest votes"),
        ("blank", "1", "", ""),
        ("quota", "6", "", ""),
    )
    assert round_table(result, 2) == (
        ("Candidate", "Votes", "Change", "Decision"),
        ("banana", "5", "+2", "elected: has the quota"),
        ("apple", "4", "", ""),
        ("blank", "1", "", ""),
        ("no choice left", "1", "+1", ""),
        ("quota", "5", "-1", ""),
    )
    assert ranking_table(result) == (
        ("Place", "Candidate", "Won"),
        ("1", "banana", "yes"),
        ("2", "apple", ""),
        ("3", "cherry", ""),
    )
    assert tie_lines(result) == (
        "Round 1: banana, cherry were tied (to be excluded); cherry was taken: listed after the others.",
    )


def test_rows_become_aligned_lines() -> None:
    assert aligned((("Candidate", "Votes"), ("apple", "10"), ("fig", "2.5"))) == (
        "Candidate  Votes\napple         10\nfig          2.5"
    )


def test_a_transfer_with_a_remainder_shows_what_was_lost() -> None:
    ballots = [ranked("apple", "banana", papers=7), ranked("cherry", papers=2), ranked("date")]
    result = scottish_vote(ballots, (*FRUIT, "date"), 2)
    assert ("banana", "2.99999", "+2.99999", "") in round_table(result, 2)
    assert ("lost by rounding", "0.00001", "+0.00001", "") in round_table(result, 2)


def test_equals_share_a_place() -> None:
    result = schulze([ranked(("apple", "banana"), "cherry")], FRUIT)
    assert ranking_table(result)[1:] == (("1", "apple", "yes"), ("1", "banana", "yes"), ("3", "cherry", ""))
    assert tie_lines(result) == ("apple, banana were tied (to be elected); not broken: no tie-break is stated.",)


def test_the_csv_holds_the_whole_count() -> None:
    result = instant_runoff(BALLOTS, FRUIT, RunoffRules(batch=True, reading=Reading(skips=1)))
    rows = list(csv.DictReader(io.StringIO(to_csv(result), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["note"] == "instant runoff (skips: 1; batch: yes)"
    assert [row["note"] for row in rows if row["record"] == "tie-break"] == list(result.tie_breaks)
    assert [row["candidate"] for row in rows if row["record"] == "winner"] == ["banana"]
    tallies = {
        (int(row["round"]), row["candidate"]): Fraction(row["votes"]) for row in rows if row["record"] == "tally"
    }
    assert tallies == {(round_.number, name): votes for round_ in result.rounds for name, votes in round_.tally.items()}
    moved = [(row["candidate"], row["other"], row["votes"], row["note"]) for row in rows if row["record"] == "transfer"]
    assert moved == [("cherry", "banana", "2", ""), ("cherry", "", "1", "to nobody")]


def test_the_csv_of_a_pairwise_method_holds_the_comparisons() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(schulze(BALLOTS, FRUIT)), newline="")))
    pairs = {(row["candidate"], row["other"]): row["votes"] for row in rows if row["record"] == "pairwise"}
    assert pairs["banana", "apple"] == "5"
    assert len(pairs) == 6


def test_a_name_that_is_a_formula_is_made_harmless() -> None:
    names = ("=cmd|' /C calc'!A0", "+1", "fine, really")
    rows = list(csv.DictReader(io.StringIO(to_csv(instant_runoff([ranked(names[0])], names)), newline="")))
    written = {row["candidate"] for row in rows} - {""}
    assert written == {"'=cmd|' /C calc'!A0", "'+1", "fine, really"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(5), "5"),
        (Fraction(148_664_808, 10_000), "14866.4808"),
        (Fraction(1, 8), "0.125"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(7, 3), "7/3"),
        (Fraction(-1, 200), "-0.005"),
        (0, "0"),
    ],
)
def test_numbers_as_text(value: Fraction, text: str) -> None:
    assert plain(value) == text


@given(st.fractions())
def test_text_is_exact(value: Fraction) -> None:
    assert Fraction(plain(value)) == value
