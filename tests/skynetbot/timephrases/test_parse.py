"""What people write, and when that is. Now is Wednesday 25 November 2026, 14:00, in Berlin."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from skynetbot.timephrases import Habits, Refused, Understood, parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, tzinfo=BERLIN)


def understood(text: str, *, now: datetime = NOW, zone: ZoneInfo = BERLIN, day_first: bool = False) -> Understood:
    outcome = parse(text, now=now, zone=zone, day_first=day_first)
    assert isinstance(outcome, Understood), outcome
    return outcome


def read(text: str) -> str:
    """Month, day and time; the year only where it is not this one; seconds only where there are some."""
    local = understood(text).instant.astimezone(BERLIN)
    year = "" if local.year == NOW.year else f"{local.year}-"
    return year + local.strftime("%m-%d %H:%M:%S" if local.second else "%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 1h30m", "11-25 15:30"),
        ("1h30", "11-25 15:30"),
        ("in 1:30", "11-25 15:30"),
        ("in 15", "11-25 14:15"),
        ("+10m", "11-25 14:10"),
        ("half an hour", "11-25 14:30"),
        ("in 2 and a half hours", "11-25 16:30"),
        ("in three weeks' time", "12-16 14:00"),
        ("2d4h", "11-27 18:00"),
        ("1 day later", "11-26 14:00"),
        ("in 3 days at 8", "11-28 08:00"),
        ("in 6 days at 4pm", "12-01 16:00"),
        ("in a few minutes", "11-25 14:03"),
        ("90 seconds from now", "11-25 14:01:30"),
    ],
)
def test_lengths_count_from_now(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5pm", "11-25 17:00"),
        ("17:30", "11-25 17:30"),
        ("5 p.m.", "11-25 17:00"),
        ("at 5", "11-25 17:00"),
        ("at 1", "11-26 01:00"),
        ("noon", "11-26 12:00"),
        ("midnight", "11-26 00:00"),
        ("half past six", "11-25 18:30"),
        ("a quarter to nine", "11-25 20:45"),
        ("twenty past 3pm", "11-25 15:20"),
        ("five to 6", "11-25 17:55"),
        ("at seven thirty", "11-25 19:30"),
        ("at 1830", "11-25 18:30"),
        ("3 in the afternoon", "11-25 15:00"),
        ("8 o'clock tomorrow", "11-26 08:00"),
        ("tonight at 11", "11-25 23:00"),
        ("tonight at 1", "11-26 01:00"),
        ("between 3 and 5pm", "11-25 15:00"),
        ("2:15-3:45pm", "11-25 14:15"),
        ("5pm UTC", "11-25 18:00"),
        ("09:00 America/New_York", "11-25 15:00"),
        ("tomorrow at 8 EST", "11-26 14:00"),
    ],
)
def test_times_of_day_are_the_next_ones(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", "11-25 15:00"),
        ("tomorrow", "11-26 09:00"),
        ("tonight", "11-25 22:00"),
        ("tomorrow morning", "11-26 09:00"),
        ("friday evening", "11-27 20:00"),
        ("the day after tomorrow", "11-27 09:00"),
        ("friday", "11-27 09:00"),
        ("wednesday", "12-02 09:00"),
        ("wednesday at 18:00", "11-25 18:00"),
        ("next friday", "12-04 09:00"),
        ("this weekend", "11-28 09:00"),
        ("next week", "11-30 09:00"),
        ("monday of next week at noon", "11-30 12:00"),
        ("a week from friday", "12-04 09:00"),
        ("two days before christmas", "12-23 09:00"),
        ("3 fridays from now", "12-11 09:00"),
        ("end of month", "11-30 09:00"),
        ("end of next month", "12-31 09:00"),
        ("eod", "11-25 17:00"),
        ("the first monday of january", "2027-01-04 09:00"),
        ("last friday of december at 16:00", "12-25 16:00"),
        ("monday in two weeks", "12-14 09:00"),
        ("the closest tuesday to 5 december", "12-08 09:00"),
    ],
)
def test_days(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-05", "2027-03-05 09:00"),
        ("2027-03-05 14:00", "2027-03-05 14:00"),
        ("2027-03-05T14:00:00Z", "2027-03-05 15:00"),
        ("5 march", "2027-03-05 09:00"),
        ("march 5th 2027", "2027-03-05 09:00"),
        ("5th of december at 7pm", "12-05 19:00"),
        ("Fri, Dec 4, 2026 07:00 PM", "12-04 19:00"),
        ("12/24", "12-24 09:00"),
        ("24/12", "12-24 09:00"),
        ("24.12.2026 18:30", "12-24 18:30"),
        ("24.12. 18:30", "12-24 18:30"),
        ("the 15th", "12-15 09:00"),
        ("sunday the 13th", "12-13 09:00"),
        ("20th of next month", "12-20 09:00"),
        ("11 to 20 december", "12-11 09:00"),
        ("in january", "2027-01-01 09:00"),
        ("5 march next year", "2027-03-05 09:00"),
        ("<t:1800000000:R>", "2027-01-15 09:00"),
        ("1800000000", "2027-01-15 09:00"),
    ],
)
def test_dates(text: str, expected: str) -> None:
    assert read(text) == expected


def test_the_order_of_day_and_month_is_the_servers_choice() -> None:
    assert understood("5/3").instant == datetime(2027, 5, 3, 9, tzinfo=BERLIN)
    assert understood("5/3", day_first=True).instant == datetime(2027, 3, 5, 9, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "when", "rest"),
    [
        ("in 2 hours to call mum", "in 2 hours", "call mum"),
        ("call mum tomorrow at 5pm", "tomorrow at 5pm", "call mum"),
        ("remind me to call mum tomorrow at 5pm", "tomorrow at 5pm", "call mum"),
        ("Remind me on friday, that the rent is due", "on friday", "the rent is due"),
        ("meeting at 10:30 on friday with Bob", "at 10:30 on friday", "meeting with Bob"),
        ("remind me about the 5pm meeting at 4:45", "at 4:45", "about the 5pm meeting"),
        ("remind me on friday about tomorrow's homework", "on friday", "about tomorrow's homework"),
        ("take a break (in 20 minutes)", "in 20 minutes", "take a break"),
        ("20 min - take a break", "20 min", "take a break"),
        ("every other monday at 9 water the plants", "every other monday at 9", "water the plants"),
        ("pay $50 on friday!", "on friday", "pay $50!"),
        ("buy 2 apples tomorrow", "tomorrow", "buy 2 apples"),
        ("watch 2001: a space odyssey tonight", "tonight", "watch 2001: a space odyssey"),
        ("what we did yesterday, again tomorrow", "tomorrow", "what we did yesterday, again"),
        ("in 5 minutes", "in 5 minutes", ""),
    ],
)
def test_what_is_not_the_time_is_what_to_be_reminded_of(text: str, when: str, rest: str) -> None:
    outcome = understood(text)
    assert (outcome.when, outcome.rest) == (when, rest)


def test_a_time_at_either_end_of_a_long_text_is_found() -> None:
    story = "and then we walked and walked " * 60
    assert understood(f"tomorrow at 5pm {story}").when == "tomorrow at 5pm"
    outcome = understood(f"{story}tomorrow at 5pm")
    assert outcome.when == "tomorrow at 5pm"
    assert outcome.rest == story.strip()


def test_it_says_what_it_understood() -> None:
    assert understood("tomorrow 5pm").shown == "tomorrow, Thursday 26 November 2026 at 17:00 (Europe/Berlin)"
    assert understood("every 2 weeks on friday at 17:00").shown == (
        "every 2 weeks on Friday at 17:00, starting Friday 27 November 2026 at 17:00 (Europe/Berlin)"
    )


def test_an_hour_that_may_mean_the_afternoon_is_said_on_another_day() -> None:
    assert "write 3pm" in understood("next tuesday at 3").note
    assert not understood("next tuesday at 15:00").note
    assert not understood("at 3").note


def test_a_time_that_the_clocks_skip_is_moved_forward_and_one_that_they_repeat_is_the_first() -> None:
    skipped = understood("28 march 2027 at 2:30 am")
    assert skipped.instant == datetime(2027, 3, 28, 3, 30, tzinfo=BERLIN)
    assert "does not exist" in skipped.note
    repeated = understood("31 october 2027 at 2:30 am")
    assert repeated.instant == datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN, fold=0)
    assert "twice" in repeated.note


def test_the_second_of_two_equal_times_can_be_said_by_its_offset() -> None:
    now = datetime(2027, 10, 31, 1, tzinfo=BERLIN)
    second = understood("in 150 minutes", now=now)
    assert "02:30 UTC+01:00" in second.shown
    assert understood(second.shown, now=now).instant == second.instant


def test_habits_are_a_persons_own() -> None:
    outcome = parse("tomorrow morning", now=NOW, zone=BERLIN, habits=Habits(morning=time(6, 30)))
    assert outcome.instant == datetime(2026, 11, 26, 6, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "5", "2020", "buy 5 apples", "I may march in the sun", "we sat down", "1.1.3", "we are at 12.4",
     "nottonight", "at 555-123-4567", "four thirty", "$12", "the second floor", "A1B2C3", "14pm", "at 25:00",
     "twice a day", "3-2-7", "one may hope", "in a bit", "last 2 hours"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_two_examples_that_are(text: str) -> None:
    outcome = parse(text, now=NOW, zone=BERLIN)
    assert isinstance(outcome, Refused)
    assert outcome.kind == "not_a_time"
    assert outcome.instant is None
    assert all(isinstance(parse(example, now=NOW, zone=BERLIN), Understood) for example in outcome.examples)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("yesterday", "past", "in the past: Tuesday 24 November 2026"),
        ("5 minutes ago", "past", "in the past"),
        ("today at 9am", "past", "in the past"),
        ("2020-01-01", "past", "in the past"),
        ("now", "past", "in the past"),
        ("in 11 years", "too_far", "10 years"),
        ("in 99999999 years", "too_far", "beyond the calendar"),
        ("at 5 or 6", "ambiguous", "two times"),
        ("monday or tuesday", "ambiguous", "two times"),
        ("tomorrow at 5 and friday at 6", "ambiguous", "two times"),
        ("monday 26 november 2026", "ambiguous", "is a Thursday, not a Monday"),
        ("31 june", "ambiguous", "does not exist"),
        ("29 february", "ambiguous", "write the year"),
        ("this week", "ambiguous", "which day"),
        ("every sunday until christmas", "ambiguous", "when that ends"),
        ("every day except sunday", "ambiguous", "when that ends"),
        ("every january", "ambiguous", "how often"),
        ("every second", "too_often", "every minute"),
        ("every 30 seconds", "too_often", "every minute"),
    ],
)
def test_a_refusal_says_why_and_shows_two_examples(text: str, kind: str, words: str) -> None:
    outcome = parse(text, now=NOW, zone=BERLIN)
    assert isinstance(outcome, Refused), outcome
    assert (outcome.kind, words in outcome.reason) == (kind, True), outcome
    assert all(isinstance(parse(example, now=NOW, zone=BERLIN), Understood) for example in outcome.examples)


def test_now_must_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse("tomorrow", now=datetime(2026, 11, 25), zone=BERLIN)  # noqa: DTZ001
