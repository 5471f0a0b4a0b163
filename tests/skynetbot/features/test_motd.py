"""Which day a message of the day is for, whether it may still come, and which message it is."""

from datetime import UTC, datetime

import pytest

from skynetbot.features.motd.posting import message_of
from skynetbot.features.motd.rules import chosen, clock_seconds, daily, day_due, first_due, zone_of
from skynetbot.features.motd.settings import SCHEMA, MotdSettings
from skynetbot.guildconfig.schema import SettingsRejected
from skynetbot.jobs.schedules import packed


def at(day: int, hour: int, minute: int = 0) -> float:
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC).timestamp()


NINE = daily("09:00", "UTC")


def test_the_first_time_is_the_next_one() -> None:
    assert first_due(NINE, at(10, 8), None) == at(10, 9)
    assert first_due(NINE, at(10, 9), None) == at(11, 9)


def test_a_day_that_had_its_message_gets_no_other_when_the_time_is_changed() -> None:
    evening = daily("18:00", "UTC")
    assert first_due(evening, at(10, 12), None) == at(10, 18)
    assert first_due(evening, at(10, 12), at(10, 9)) == at(11, 18)


def test_a_day_that_had_its_message_gets_no_other_when_the_zone_is_changed() -> None:
    # Posted at 09:00 in Auckland on the 10th, which is the 9th in Honolulu.
    posted = day_due(daily("09:00", "Pacific/Auckland"), at(9, 20), None)
    assert posted == at(9, 20)
    honolulu = daily("18:00", "Pacific/Honolulu")
    assert day_due(honolulu, at(10, 4), posted) is None
    assert first_due(honolulu, at(9, 21), posted) == at(11, 4)


def test_late_is_served_within_two_hours_and_left_out_after() -> None:
    assert day_due(NINE, at(10, 8, 59), None) is None
    assert day_due(NINE, at(10, 9), None) == at(10, 9)
    assert day_due(NINE, at(10, 11), None) == at(10, 9)
    assert day_due(NINE, at(10, 11) + 1, None) is None
    assert day_due(NINE, at(10, 10), at(9, 9)) == at(10, 9)
    assert day_due(NINE, at(10, 10), at(10, 9)) is None


def test_late_over_midnight_still_belongs_to_its_day() -> None:
    night = daily("23:30", "UTC")
    assert day_due(night, at(11, 0, 30), None) == at(10, 23, 30)
    assert day_due(night, at(11, 23, 30), at(10, 23, 30)) == at(11, 23, 30)


def test_the_same_settings_make_the_same_schedule() -> None:
    assert packed(daily("9:00", "UTC")) == packed(NINE)
    assert packed(daily("09:01", "UTC")) != packed(NINE)


def test_in_turn() -> None:
    texts = ("a", "b", "c")
    assert [chosen(texts, "rotate", last, "") for last in ("", "a", "b", "c", "gone")] == ["a", "b", "c", "a", "a"]


def test_by_chance_never_the_same_twice_and_the_same_for_each_attempt() -> None:
    texts = ("a", "b", "c")
    seen = {chosen(texts, "random", "b", str(seed)) for seed in range(50)}
    assert seen == {"a", "c"}
    assert chosen(texts, "random", "b", "7") == chosen(texts, "random", "b", "7")
    assert chosen(("a",), "random", "a", "1") == "a"


def test_settings_must_be_complete_to_be_switched_on() -> None:
    with pytest.raises(SettingsRejected) as rejected:
        SCHEMA.checked(MotdSettings(enabled=True, time="9 o'clock", zone="Mars/Base"))
    assert set(rejected.value.errors) == {"channel", "messages", "time", "zone"}
    assert SCHEMA.checked(MotdSettings(enabled=True, channel=1, messages=("x",)))
    for wrong in ("24:00", "9", "09.00", "-1:00"):
        with pytest.raises(ValueError, match="time of day"):
            clock_seconds(wrong)
    for wrong in ("../x", "", "Nowhere", "/etc/passwd"):
        with pytest.raises(ValueError, match="time zone"):
            zone_of(wrong)


def test_only_the_chosen_role_is_pinged_and_never_everybody() -> None:
    post = message_of(MotdSettings(ping_role=(5,)), r"@everyone\nhello", 7)
    assert (post.content, post.description, post.pings.roles) == ("<@&5>", "@everyone\nhello", (5,))
    assert not post.pings.everyone
    assert message_of(MotdSettings(ping_role=(7,)), "x", 7).content == ""
