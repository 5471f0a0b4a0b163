"""Countdowns: when they give notice, and how they are shown."""

import pytest

from skynetbot.features.countdowns.posts import end_post
from skynetbot.features.countdowns.records import FEATURE, Countdown, CountdownBody, same_name
from skynetbot.features.countdowns.rules import Notices, one_line, plain, upcoming
from skynetbot.features.countdowns.settings import SCHEMA
from skynetbot.guildconfig.schema import SettingsRejected
from skynetbot.storage.documents import DocumentRow

NOW = 1_800_000_000.0
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("notices", "ahead", "expected"),
    [
        ("none", 3 * DAY, []),
        ("hour", 3 * DAY, [("1 hour", 3 * DAY - HOUR)]),
        ("day_and_hour", 3 * DAY, [("1 day", 2 * DAY), ("1 hour", 3 * DAY - HOUR)]),
        ("day_and_hour", DAY, [("1 hour", DAY - HOUR)]),
        ("day_and_hour", HOUR + 30, []),
        ("day_and_hour", 5, []),
    ],
)
def test_only_notices_that_say_something_new_are_given(
    notices: Notices, ahead: int, expected: list[tuple[str, int]]
) -> None:
    assert [(left, when - NOW) for left, when in upcoming(notices, NOW + ahead, NOW)] == expected


def test_texts_hide_no_links_and_names_have_one_line() -> None:
    assert "](" not in plain("[here](https://evil.example)")
    assert one_line("  New \n Year ") == "New Year"
    assert same_name("New  year", "new YEAR")


def test_a_time_zone_must_exist() -> None:
    assert SCHEMA.apply(SCHEMA.defaults(), {"time_zone": "Europe/Berlin"}).time_zone == "Europe/Berlin"
    for wrong in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(SettingsRejected, match="no time zone"):
            SCHEMA.apply(SCHEMA.defaults(), {"time_zone": wrong})


def test_the_longest_announcement_fits_and_pings_only_what_is_set() -> None:
    body = CountdownBody(
        name="n" * 100, channel_id=1, at=NOW, message="@everyone " * 150, ping_roles=tuple(range(2**62, 2**62 + 5))
    )
    row = DocumentRow(id=1, feature=FEATURE, guild_id=1, user_id=2, state="open", version=1, body="", at=NOW)
    one = Countdown(id=1, guild_id=1, author_id=2, state="open", row=row, body=body)
    for late_s in (0, 3_600):
        post = end_post(one, late_s)
        assert len(post.content) <= 2_000
        assert post.pings.roles == body.ping_roles
        assert not post.pings.everyone
    assert "I was away" in end_post(one, 3_600).content
