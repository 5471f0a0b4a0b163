"""Ranks: thresholds, order, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.features.activity.ranks import next_rank, parse_ranks, rank_of
from skynetbot.features.activity.settings import ActivitySettings

RANKS = parse_ranks(("10 Visitor", "5 Newcomer", "100 Old hand"))


def test_ranks_are_sorted_and_numbered_from_the_lowest() -> None:
    assert [(rank.number, rank.messages, rank.name) for rank in RANKS] == [
        (1, 5, "Newcomer"),
        (2, 10, "Visitor"),
        (3, 100, "Old hand"),
    ]


@pytest.mark.parametrize(
    ("messages", "name", "following"),
    [
        (0, None, "Newcomer"),
        (4, None, "Newcomer"),
        (5, "Newcomer", "Visitor"),
        (99, "Visitor", "Old hand"),
        (100, "Old hand", None),
        (10**6, "Old hand", None),
    ],
)
def test_rank_and_next_rank(messages: int, name: str | None, following: str | None) -> None:
    rank, after = rank_of(messages, RANKS), next_rank(messages, RANKS)
    assert (rank.name if rank else None, after.name if after else None) == (name, following)


@given(st.lists(st.integers(0, 200), min_size=2, max_size=2).map(sorted))
def test_more_messages_never_mean_a_lower_rank(pair: list[int]) -> None:
    low, high = (rank_of(messages, RANKS) for messages in pair)
    assert (low.number if low else 0) <= (high.number if high else 0)


@pytest.mark.parametrize(
    "line", ["Visitor", "10", "10 ", "-5 Minus", "0 Zero", "ten Ten", "٣ Arabic", "9999999999 Big"]
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="is no rank"):
        parse_ranks((line,))


def test_two_ranks_with_the_same_number_are_refused() -> None:
    with pytest.raises(ValueError, match="Two ranks take 5"):
        parse_ranks(("5 A", "5 B"))


def test_the_defaults_are_valid() -> None:
    assert len(parse_ranks(ActivitySettings().ranks)) == 10
