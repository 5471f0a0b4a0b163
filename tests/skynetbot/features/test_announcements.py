"""What times, colours, repetitions and pings mean for announcements."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from skynetbot.features.announcements.announcement import Announcement
from skynetbot.features.announcements.rules import (
    MENTION_EVERYONE,
    color_of,
    image_problem,
    ping_problem,
    repetition,
    zone_of,
    zones_like,
)
from skynetbot.features.announcements.when import instant_of, shown_instant
from skynetbot.features.announcements.wording import post_of, problem_of
from skynetbot.timephrases import describe, next_occurrence

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)  # a Wednesday, 13:00 in Berlin


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2027-03-12 18:00", datetime(2027, 3, 12, 17, tzinfo=UTC)),
        ("2027-03-12T18:00:30", datetime(2027, 3, 12, 17, 0, 30, tzinfo=UTC)),
        ("2027-03-12T18:00+05:00", datetime(2027, 3, 12, 13, tzinfo=UTC)),
        ("2027-03-12T18:00Z", datetime(2027, 3, 12, 18, tzinfo=UTC)),
        ("in 2h30m", datetime(2027, 3, 10, 14, 30, tzinfo=UTC)),
        ("18:00", datetime(2027, 3, 10, 17, tzinfo=UTC)),
        ("08:00", datetime(2027, 3, 11, 7, tzinfo=UTC)),
        ("tomorrow at 9", datetime(2027, 3, 11, 8, tzinfo=UTC)),
        # The clocks go forward over it: moved by the gap.
        ("2027-03-28 02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_understood(typed: str, meant: datetime) -> None:
    assert instant_of(typed, NOW.timestamp(), BERLIN) == meant.timestamp()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("soon-ish", "Write it like"),
        ("2027-03-09 10:00", "passed"),
        ("in 2h or when everyone is here", "and not"),
        ("2027-13-01 10:00", "and not"),
        ("every day at 9", "/announce repeat"),
        ("2029-03-09 10:00", "more than a year"),
        ("", "Write it like"),
    ],
)
def test_a_time_that_is_none_is_explained(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        instant_of(typed, NOW.timestamp(), BERLIN)


def test_a_time_is_shown_in_the_readers_zone_and_the_one_that_was_meant() -> None:
    shown = shown_instant(instant_of("18:00", NOW.timestamp(), BERLIN), BERLIN)
    assert "<t:1804698000:F>" in shown
    assert "18:00 in Europe/Berlin" in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("", None), ("#6D5DF6", 0x6D5DF6), ("0x6d5df6", 0x6D5DF6), ("f80", 0xFF8800), ("Red", 0xED4245)],
)
def test_a_colour(typed: str, meant: int | None) -> None:
    assert color_of(typed) == meant


@pytest.mark.parametrize("typed", ["#12345", "reddish", "#gggggg"])
def test_no_colour(typed: str) -> None:
    with pytest.raises(ValueError, match="no colour"):
        color_of(typed)


def test_an_image_is_an_https_address() -> None:
    assert not image_problem("")
    assert not image_problem("https://example.org/a.png?b=1")
    for wrong in ("http://example.org/a.png", "attachment://x", "a.png", "https://", "https://x y.z/a"):
        assert image_problem(wrong)


@pytest.mark.parametrize("ping", ["here", "everyone", "role"])
def test_pings_need_mention_everyone(ping: str) -> None:
    manage_guild = 1 << 5
    assert "Mention Everyone" in ping_problem(ping, manage_guild)  # type: ignore[arg-type]
    assert not ping_problem(ping, MENTION_EVERYONE)  # type: ignore[arg-type]
    assert not ping_problem(ping, 1 << 3)  # type: ignore[arg-type]


def test_a_role_that_all_may_mention_needs_nothing() -> None:
    assert not ping_problem("role", 0, mentionable=True)
    assert ping_problem("everyone", 0, mentionable=True)
    assert not ping_problem("none", 0)


@pytest.mark.parametrize(
    ("every", "day", "first", "said"),
    [
        ("daily", "", datetime(2027, 3, 10, 17, tzinfo=UTC), "every day at 18:00"),
        ("weekly", "", datetime(2027, 3, 10, 17, tzinfo=UTC), "every Wednesday at 18:00"),
        ("weekly", "mon, thu", datetime(2027, 3, 11, 17, tzinfo=UTC), "every Monday and Thursday at 18:00"),
        ("weekly", "Tuesday and sat", datetime(2027, 3, 13, 17, tzinfo=UTC), "every Tuesday and Saturday at 18:00"),
        ("monthly", "", datetime(2027, 3, 10, 17, tzinfo=UTC), "every month on the 10th at 18:00"),
        ("monthly", "1", datetime(2027, 4, 1, 16, tzinfo=UTC), "every month on the 1st at 18:00"),
        ("monthly", "last", datetime(2027, 3, 31, 16, tzinfo=UTC), "every month on the last day at 18:00"),
    ],
)
def test_a_repetition(every: str, day: str, first: datetime, said: str) -> None:
    rule = repetition(every, "18:00", day, NOW, BERLIN)
    assert next_occurrence(rule, NOW, BERLIN) == first
    assert describe(rule) == said


@pytest.mark.parametrize(
    ("every", "at", "day"),
    [
        ("daily", "18:00", "monday"),
        ("weekly", "18:00", "t"),
        ("weekly", "18:00", "15"),
        ("monthly", "18:00", "32"),
        ("monthly", "18:00", "monday"),
        ("daily", "25:00", ""),
        ("daily", "6", ""),
        ("hourly", "18:00", ""),
    ],
)
def test_no_repetition(every: str, at: str, day: str) -> None:
    with pytest.raises(ValueError, match=r"Write |has no day|Choose"):
        repetition(every, at, day, NOW, BERLIN)


def test_zones() -> None:
    assert zone_of("europe/berlin").key == "Europe/Berlin"
    assert zone_of("america/new york").key == "America/New_York"
    assert "Europe/Berlin" in zones_like("berl")
    assert len(zones_like("")) == 25
    with pytest.raises(ValueError, match="Europe/Berlin"):
        zone_of("../etc/passwd")


def test_what_is_typed_pings_nobody() -> None:
    post = post_of(Announcement(channel_id=1, text="@everyone <@&5>", title="@here"))
    assert (post.content, post.pings.everyone, post.pings.roles) == ("", False, ())
    post = post_of(Announcement(channel_id=1, text="x", ping="role", role_id=5))
    assert (post.content, post.pings.everyone, post.pings.roles) == ("<@&5>", False, (5,))


def test_what_cannot_be_posted_is_explained() -> None:
    assert "text" in problem_of(Announcement(channel_id=1, text="  "))
    assert "colour" in problem_of(Announcement(channel_id=1, text="x", color="no"))
    assert "https" in problem_of(Announcement(channel_id=1, text="x", image="no"))
    assert not problem_of(Announcement(channel_id=1, text="x"))
