"""The pure rules of polls: options, weights, methods, and ballots on their way to the count."""

from datetime import UTC, datetime

import pytest

from skynetbot.features.polls.model import Method, Paper
from skynetbot.features.polls.rules import counted, draft_of, draft_text, kind_and_method, options_of, weights_of
from skynetbot.features.polls.settings import SCHEMA, PollSettings
from skynetbot.features.polls.shown import rounds_text, ties_text
from skynetbot.features.polls.when import end_of
from skynetbot.features.zones import Preference
from skynetbot.guildconfig.schema import SettingsRejected

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()
ABC = ("A", "B", "C")


def papers(*groups: tuple[int, str]) -> list[Paper]:
    """(how many, order such as "ACB") of each group."""
    return [Paper(tuple("ABCD".index(name) for name in order)) for number, order in groups for _ in range(number)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pizza | Pasta", ("Pizza", "Pasta")),
        ("Pizza;Pasta ; Soup;", ("Pizza", "Pasta", "Soup")),
        ("one; two | three", ("one; two", "three")),
        (" a   b |\n c ", ("a b", "c")),
    ],
)
def test_options_are_split_and_trimmed(text: str, expected: tuple[str, ...]) -> None:
    assert options_of(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least two"),
        ("one | | ", "at least two"),
        ("a | A", "twice"),
        ("|".join(str(n) for n in range(26)), "at most 25"),
        (f"{'x' * 101} | y", "at most 100"),
    ],
)
def test_wrong_options_are_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        options_of(text)


def test_the_largest_list_and_the_longest_option_fit() -> None:
    assert len(options_of("|".join(f"{n:0100}" for n in range(25)))) == 25


@pytest.mark.parametrize(
    ("kind", "method", "seats", "expected"),
    [
        (None, None, 1, ("normal", "plurality")),
        ("ranked", None, 1, ("ranked", "irv")),
        ("ranked", None, 2, ("ranked", "stv")),
        (None, "schulze", 1, ("ranked", "schulze")),
        ("ranked", "borda", 2, ("ranked", "borda")),
        ("approval", None, 2, ("approval", "approval")),
    ],
)
def test_what_is_left_out_is_filled_in(
    kind: str | None, method: str | None, seats: int, expected: tuple[str, str]
) -> None:
    assert kind_and_method(kind, method, seats, 5) == expected


@pytest.mark.parametrize(
    ("kind", "method", "seats"),
    [
        ("normal", "irv", 1),
        ("ranked", "plurality", 1),
        ("ranked", "irv", 2),
        ("approval", "stv", 1),
        (None, None, 5),
        (None, None, 0),
    ],
)
def test_what_contradicts_itself_is_refused(kind: str | None, method: str | None, seats: int) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        kind_and_method(kind, method, seats, 5)


def test_weights_are_read_from_lines() -> None:
    lines = ["123456789012345678 3", "<@&223456789012345678> weight 2", "323456789012345678: 5"]
    assert weights_of(lines) == {123456789012345678: 3, 223456789012345678: 2, 323456789012345678: 5}


@pytest.mark.parametrize("line", ["admins 3", "123456789012345678", "123456789012345678 0", "123456789012345678 1001"])
def test_wrong_weights_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=line[:8]):
        weights_of([line])


def test_settings_are_checked_before_they_are_saved() -> None:
    with pytest.raises(SettingsRejected, match="role_weights"):
        SCHEMA.apply(PollSettings(), {"role_weights": "admins 3"})
    with pytest.raises(SettingsRejected, match="default_duration"):
        SCHEMA.apply(PollSettings(), {"default_duration": "soon"})


def test_a_draft_survives_its_button_and_takes_no_nonsense() -> None:
    draft = tuple(range(24, -1, -1))
    assert draft_of(draft_text(draft), 25) == draft
    assert draft_of("cacaz!y", 3) == (2, 0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2 hours", 7_200), ("1h30m", 5_400), ("tomorrow at 12:00", 82_800), ("3 days", 259_200)]
)
def test_an_end_is_a_length_or_a_time_in_ones_zone(text: str, seconds: float) -> None:
    assert end_of(text, NOW, Preference(zone="Europe/Berlin")) == NOW + seconds


def test_a_poll_may_have_no_end() -> None:
    assert end_of("Never", NOW, Preference()) is None


@pytest.mark.parametrize("text", ["soon", "every day at 9", "in 2 hours or so pizza", "3 years", "yesterday"])
def test_other_ends_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Say it like"):
        end_of(text, NOW, Preference())


def test_weights_count_in_a_plurality() -> None:
    votes = [Paper((0,)), Paper((0,)), Paper((1,), weight=3)]
    assert counted(ABC, "plurality", 1, votes, "s").winners == ("B",)


def test_each_method_finds_its_own_winner() -> None:
    # The capital of Tennessee, the usual example of the literature.
    votes = papers((42, "ABCD"), (26, "BCDA"), (15, "CDBA"), (17, "DCBA"))
    names = ("Memphis", "Nashville", "Chattanooga", "Knoxville")
    methods: tuple[Method, ...] = ("borda", "irv", "schulze")
    winners = {method: counted(names, method, 1, votes, "s").winners for method in methods}
    firsts = [Paper(paper.choices[:1]) for paper in votes]
    assert counted(names, "plurality", 1, firsts, "s").winners == ("Memphis",)
    assert winners == {"borda": ("Nashville",), "irv": ("Knoxville",), "schulze": ("Nashville",)}


def test_seats_are_shared_out_by_transfers() -> None:
    # Quota floor(11 / 3) + 1 = 4: A has 7, its surplus of 3 goes to C, which so reaches the quota and passes B.
    result = counted(ABC, "stv", 2, papers((7, "AC"), (3, "B"), (1, "C")), "s")
    assert result.winners == ("A", "C")


def test_a_tie_goes_by_the_published_seed_and_is_told() -> None:
    votes = [Paper((0,)), Paper((1,))]
    results = [counted(ABC, "plurality", 1, votes, f"poll-{n}-0") for n in range(20)]
    assert {result.winners for result in results} == {("A",), ("B",)}
    assert counted(ABC, "plurality", 1, votes, "poll-3-0").winners == results[3].winners
    assert "poll-3-0" in ties_text(results[3], 600)
    assert "poll-3-0" in rounds_text(results[3])


@pytest.mark.parametrize("method", ["plurality", "approval", "borda", "irv", "schulze", "stv"])
def test_without_votes_nobody_wins(method: Method) -> None:
    result = counted(ABC, method, 1, [], "s")
    assert result.winners == ()
    assert rounds_text(result)
