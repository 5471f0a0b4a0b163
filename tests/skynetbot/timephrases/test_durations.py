"""Lengths of time: what is one, what is not, and how they move an instant."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.timephrases import duration

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
UNITS = {"week": 7 * DAY, "day": DAY, "hour": HOUR, "minute": MINUTE, "second": 1.0}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 1.5 * HOUR),
        ("90 minutes", 1.5 * HOUR),
        ("a fortnight", 14 * DAY),
        ("1.5 days", 1.5 * DAY),
        ("2d4h", 2 * DAY + 4 * HOUR),
        ("half an hour", 30 * MINUTE),
        ("an hour and a half", 1.5 * HOUR),
        ("two and a half hours", 2.5 * HOUR),
        ("three quarters of an hour", 45 * MINUTE),
        ("1/4 hour", 15 * MINUTE),
        ("3 hours ten", 3 * HOUR + 10 * MINUTE),
        ("3m20", 200.0),
        ("1 week, 2 days and 3 hours", 9 * DAY + 3 * HOUR),
        ("a couple of hours", 2 * HOUR),
        ("1,200 seconds", 1200.0),
        ("-5 days", -5 * DAY),
        ("+1h -10m", 50 * MINUTE),
        ("twenty-five minutes", 25 * MINUTE),
        ("250 ms", 0.25),
        ("all day", DAY),
        ("1:30:00", 1.5 * HOUR),
    ],
)
def test_a_length_is_its_seconds(text: str, seconds: float) -> None:
    length = duration(text)
    assert length is not None
    assert length.seconds_with() == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "mangoes", "2 mangoes", "1call", "in days", "5 m to go", "20 m - 5 s", "a m"]
)
def test_what_is_no_length_is_refused(text: str) -> None:
    assert duration(text) is None


@given(
    st.dictionaries(st.sampled_from(list(UNITS)), st.integers(1, 500), min_size=1),
    st.sampled_from([" ", ", ", " and "]),
)
def test_what_is_written_from_a_length_reads_as_that_length(pieces: dict[str, int], joined: str) -> None:
    ordered = [(unit, pieces[unit]) for unit in UNITS if unit in pieces]
    long = joined.join(f"{n} {unit}{'s' * (n > 1)}" for unit, n in ordered)
    short = "".join(f"{n}{unit[0]}" for unit, n in ordered)
    for text in (long, short):
        length = duration(text)
        assert length is not None, text
        assert length.seconds_with() == sum(n * UNITS[unit] for unit, n in ordered)


def test_days_keep_the_wall_clock_and_hours_elapse_when_the_clocks_change() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=BERLIN)
    day, hours = duration("1 day"), duration("24 hours")
    assert day is not None
    assert hours is not None
    assert day.after(before) == datetime(2027, 3, 28, 12, tzinfo=BERLIN)
    assert hours.after(before) == datetime(2027, 3, 28, 13, tzinfo=BERLIN)


def test_a_month_on_from_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    month = duration("1 month")
    assert month is not None
    assert month.after(datetime(2027, 1, 31, 8, tzinfo=BERLIN)) == datetime(2027, 2, 28, 8, tzinfo=BERLIN)


@pytest.mark.parametrize("text", ["99999999 years", "999999999999999 weeks", "900000000000000000 s"])
def test_a_length_beyond_the_calendar_leads_nowhere(text: str) -> None:
    length = duration(text)
    assert length is None or length.after(datetime(2027, 1, 1, tzinfo=BERLIN)) is None
