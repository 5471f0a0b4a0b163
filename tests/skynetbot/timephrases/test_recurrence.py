"""What repeats: how it is written, and when it happens next."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skynetbot.timephrases import Recurrence, Understood, describe, next_occurrence, parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, tzinfo=BERLIN)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "UTC",
]
NINE = 9 * 3600


def occurrences(rule: Recurrence, after: datetime, zone: ZoneInfo, many: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(many):
        following = next_occurrence(rule, after, zone)
        if following is None:
            break
        found.append(following)
        after = following
    return found


def dates(text: str, many: int = 4) -> list[str]:
    outcome = parse(text, now=NOW, zone=BERLIN)
    assert isinstance(outcome, Understood), outcome
    assert outcome.recurrence is not None
    following = occurrences(outcome.recurrence, outcome.instant, BERLIN, many - 1)
    return [f"{found:%y-%m-%d %H:%M}" for found in [outcome.instant, *following]]


@pytest.mark.parametrize(
    ("text", "said", "first"),
    [
        ("every day at 9", "every day at 09:00", ["26-11-26 09:00", "26-11-27 09:00"]),
        ("daily", "every day at 14:00", ["26-11-26 14:00", "26-11-27 14:00"]),
        ("every other monday", "every 2 weeks on Monday at 09:00", ["26-11-30 09:00", "26-12-14 09:00"]),
        ("every 2 hours", "every 2 hours", ["26-11-25 16:00", "26-11-25 18:00"]),
        ("every 90 minutes", "every 90 minutes", ["26-11-25 15:30", "26-11-25 17:00"]),
        ("weekdays at 8", "every weekday at 08:00", ["26-11-26 08:00", "26-11-27 08:00", "26-11-30 08:00"]),
        ("mondays and thursdays at 18:00", "every Monday and Thursday at 18:00", ["26-11-26 18:00", "26-11-30 18:00"]),
        ("monthly on the 1st", "every month on the 1st at 09:00", ["26-12-01 09:00", "27-01-01 09:00"]),
        ("every month on the 31st", "every month on the 31st at 09:00",
         ["26-11-30 09:00", "26-12-31 09:00", "27-01-31 09:00", "27-02-28 09:00"]),
        ("last day of every month", "every month on the last day at 09:00", ["26-11-30 09:00", "26-12-31 09:00"]),
        ("every third friday of the month at 5pm", "every month on the third Friday at 17:00",
         ["26-12-18 17:00", "27-01-15 17:00"]),
        ("every last friday of the month", "every month on the last Friday at 09:00",
         ["26-11-27 09:00", "26-12-25 09:00"]),
        ("yearly", "every year on 25 November at 14:00", ["27-11-25 14:00", "28-11-25 14:00"]),
        ("every year on december 24 at 18:00", "every year on 24 December at 18:00",
         ["26-12-24 18:00", "27-12-24 18:00"]),
        ("every day at 9am and 9pm", "every day at 09:00 and 21:00", ["26-11-25 21:00", "26-11-26 09:00"]),
        ("every night at 10", "every day at 22:00", ["26-11-25 22:00", "26-11-26 22:00"]),
        ("every 3 months on the 15th", "every 3 months on the 15th at 09:00", ["26-12-15 09:00", "27-03-15 09:00"]),
        ("every 3 days", "every 3 days at 14:00", ["26-11-28 14:00", "26-12-01 14:00"]),
        ("every 3 days starting tomorrow at 8", "every 3 days at 08:00", ["26-11-26 08:00", "26-11-29 08:00"]),
        ("from monday every day at 8", "every day at 08:00", ["26-11-30 08:00", "26-12-01 08:00"]),
        ("every hour", "every hour", ["26-11-25 15:00", "26-11-25 16:00"]),
        ("biweekly on friday", "every 2 weeks on Friday at 09:00", ["26-11-27 09:00", "26-12-11 09:00"]),
        ("friday mornings", "every Friday at 09:00", ["26-11-27 09:00", "26-12-04 09:00"]),
    ],
)  # fmt: skip
def test_phrases_that_repeat(text: str, said: str, first: list[str]) -> None:
    outcome = parse(text, now=NOW, zone=BERLIN)
    assert isinstance(outcome, Understood), outcome
    assert outcome.recurrence is not None
    assert describe(outcome.recurrence) == said
    assert dates(text, len(first)) == first


def test_a_recurrence_is_stored_as_a_short_list_and_read_back() -> None:
    rule = Recurrence(step="week", every=2, anchor=1_796_025_600, times=(NINE,), weekdays=(0,))
    stored = msgspec.json.encode(rule)
    assert stored == b'["week",2,1796025600,[32400],[0],0,0,0]'
    assert msgspec.json.decode(stored, type=Recurrence) == rule


@pytest.mark.parametrize(
    "wrong",
    [{"every": 0}, {"every": 10_001}, {"times": (86_400,)}, {"weekdays": (7,)}, {"nth": 2}, {"day": 32}, {"month": 13}],
)
def test_a_recurrence_that_makes_no_sense_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Recurrence(**{"step": "day", "every": 1, "anchor": 0} | wrong)  # type: ignore[arg-type]


def test_days_keep_the_wall_clock_over_a_change_and_a_skipped_time_is_moved_by_the_gap() -> None:
    anchor = int(datetime(2027, 3, 26, 2, 30, tzinfo=BERLIN).timestamp())
    rule = Recurrence(step="day", every=1, anchor=anchor, times=(9000,))
    found = occurrences(rule, datetime(2027, 3, 27, 0, tzinfo=BERLIN), BERLIN, 3)
    assert [f"{one:%d %H:%M}" for one in found] == ["27 02:30", "28 03:30", "29 02:30"]


def test_a_time_that_exists_twice_happens_once_and_first() -> None:
    anchor = int(datetime(2027, 10, 29, 2, 30, tzinfo=BERLIN).timestamp())
    rule = Recurrence(step="day", every=1, anchor=anchor, times=(9000,))
    found = occurrences(rule, datetime(2027, 10, 30, 12, tzinfo=BERLIN), BERLIN, 2)
    assert found == [datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN), datetime(2027, 11, 1, 2, 30, tzinfo=BERLIN)]
    assert found[0].fold == 0


def test_hours_elapse_over_a_change() -> None:
    anchor = datetime(2027, 3, 28, 0, tzinfo=BERLIN)
    rule = Recurrence(step="hour", every=2, anchor=int(anchor.timestamp()))
    assert [f"{one:%H:%M}" for one in occurrences(rule, anchor, BERLIN, 2)] == ["03:00", "05:00"]


def test_two_times_that_a_gap_makes_one_happen_once() -> None:
    anchor = int(datetime(2027, 3, 27, tzinfo=BERLIN).timestamp())
    rule = Recurrence(step="day", every=1, anchor=anchor, times=(9000, 12600))  # 2:30 and 3:30
    found = occurrences(rule, datetime(2027, 3, 28, 0, tzinfo=BERLIN), BERLIN, 2)
    assert [f"{one:%d %H:%M}" for one in found] == ["28 03:30", "29 02:30"]


def test_a_zone_that_skips_a_whole_day_keeps_the_order() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    anchor = int(datetime(2011, 12, 28, 8, tzinfo=apia).timestamp())
    rule = Recurrence(step="day", every=1, anchor=anchor, times=(8 * 3600, 20 * 3600))
    found = occurrences(rule, datetime(2011, 12, 29, 12, tzinfo=apia), apia, 4)
    assert [f"{one:%d %H:%M}" for one in found] == ["29 20:00", "31 08:00", "31 20:00", "01 08:00"]


def test_the_calendar_ends() -> None:
    rule = Recurrence(step="year", every=10_000, anchor=0)
    assert next_occurrence(rule, datetime(2027, 1, 1, tzinfo=UTC), ZoneInfo("UTC")) is None


rules = st.builds(
    lambda step, every, anchor, times, weekdays, nth, day, month: Recurrence(
        step=step,
        every=every,
        anchor=anchor,
        times=tuple(times) if step not in {"minute", "hour"} else (),
        weekdays=tuple(sorted(weekdays)) if step == "week" or (step in {"month", "year"} and nth) else (),
        nth=nth if step in {"month", "year"} and weekdays else 0,
        day=day if step in {"month", "year"} else 0,
        month=month if step == "year" else 0,
    ),
    st.sampled_from(["minute", "hour", "day", "week", "month", "year"]),
    st.integers(1, 5),
    st.integers(1_700_000_000, 1_900_000_000),
    st.lists(st.integers(0, 86_399), min_size=1, max_size=3),
    st.sets(st.integers(0, 6), max_size=3),
    st.sampled_from([0, 1, 2, 5, -1]),
    st.sampled_from([0, 1, 15, 29, 30, 31, -1]),
    st.integers(0, 12),
)


@given(rules, st.integers(1_700_000_000, 1_900_000_000), st.sampled_from(ZONES))
@settings(max_examples=300, deadline=None)
def test_occurrences_strictly_increase_and_never_lie_before_the_anchor(rule: Recurrence, at: int, name: str) -> None:
    zone = ZoneInfo(name)
    start = datetime.fromtimestamp(at, UTC)
    found = occurrences(rule, start, zone, 6)
    assert len(found) == 6
    assert found[0] > start
    assert all(one.timestamp() < other.timestamp() for one, other in pairwise(found))
    assert found[0].timestamp() >= rule.anchor
    assert all(one.microsecond == 0 for one in found)


def slow(rule: Recurrence, after: datetime, zone: ZoneInfo) -> datetime:
    """The obvious way: every day from the anchor on, and whether the rule means it."""
    first = datetime.fromtimestamp(rule.anchor, UTC).astimezone(zone).date()
    instants: list[datetime] = []
    for ahead in range(366 * 6):
        day = first + timedelta(days=ahead)
        if means(rule, day, first):
            for second in rule.times:
                wall = datetime.combine(day, time(second // 3600, second // 60 % 60, second % 60), zone)
                instants.append(wall.astimezone(UTC))
    return min(one for one in instants if one > after and one.timestamp() >= rule.anchor)


def means(rule: Recurrence, day: date, first: date) -> bool:
    months = (day.year - first.year) * 12 + day.month - first.month
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if day.month == 12:
        last = date(day.year, 12, 31)
    if rule.step == "day":
        return (day - first).days % rule.every == 0
    if rule.step == "week":
        weeks = ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7
        return weeks % rule.every == 0 and day.weekday() in (rule.weekdays or (first.weekday(),))
    if rule.step == "year":
        if day.month != (rule.month or first.month) or (day.year - first.year) % rule.every:
            return False
    elif months % rule.every:
        return False
    if rule.nth:
        if day.weekday() not in rule.weekdays:
            return False
        return day.day > last.day - 7 if rule.nth == -1 else (day.day - 1) // 7 + 1 == rule.nth
    wanted = rule.day or first.day
    return day.day == (last.day if wanted == -1 else min(wanted, last.day))


@given(rules, st.integers(0, 300), st.sampled_from(ZONES))
@settings(max_examples=80, deadline=None)
def test_the_fast_way_finds_what_the_slow_way_finds(rule: Recurrence, days: int, name: str) -> None:
    zone = ZoneInfo(name)
    after = datetime.fromtimestamp(rule.anchor, UTC) + timedelta(days=days)
    if rule.step in {"minute", "hour"}:
        step = timedelta(minutes=1 if rule.step == "minute" else 60) * rule.every
        passed = (after - datetime.fromtimestamp(rule.anchor, UTC)) // step + 1
        assert next_occurrence(rule, after, zone) == datetime.fromtimestamp(rule.anchor, UTC) + step * passed
    elif (
        rule.step != "year" or rule.nth != 5
    ):  # a fifth weekday of one month may be farther off than the slow way looks
        assert next_occurrence(rule, after, zone) == slow(rule, after, zone)
