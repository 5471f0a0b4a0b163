"""The time-phrase bench: the expressions that other libraries test themselves with, and how long a text takes.

A row counts where the instant is exact to the minute, to the grain that Duckling states, or to the day where no time
of day was written (each library then has a habit of its own). Instants that are refused for a reason, as they are past,
are read all the same and count for ``read_*``; ``reminder_*`` asks what a reminder must: what is ahead is understood
exactly, and nothing else is understood as the past. Figures of the libraries are those of ``reference/data.md``.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bench.report import Report
from skynetbot.timephrases import Refused, Understood, duration, parse

__all__ = ["run", "score_dates", "score_durations", "slowest"]

_DATA: Final = Path(os.environ.get("SKYNETBOT_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
TIME: Final = _DATA / "time" / "dev"
_FINE: Final = frozenset({"second", "minute", "hour", "day"})
_COARSE: Final = frozenset({"day", "weekend", "week", "month", "quarter", "year", "decade"})
_FORMATS: Final = {
    "second": "%Y-%m-%d %H:%M:%S",
    "minute": "%Y-%m-%d %H:%M",
    "hour": "%Y-%m-%d %H",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d",
    "month": "%Y-%m",
    "quarter": "%Y-%m",
    "year": "%Y",
}
_PEERS: Final = {
    "read_chrono": ("chrono-node", 74 / 76),
    "read_duckling": ("chrono-node, any grain", 68 / 230),
    "read_duckling_to_day": ("chrono-node", 79 / 180),
    "read_dateparser": ("dateparser itself", 54 / 64),
    "refused": ("chrono-node", 59 / 69),
}
"""The best library's share on each set, as published for the half that is kept back."""
Row = dict[str, Any]


async def run(*, quick: bool) -> Report:
    """Scores, and the slowest of some hostile texts of 2,000 characters."""
    report = Report()
    milliseconds = slowest(rounds=3 if quick else 20)
    report.gates["hostile texts of 2,000 characters take under 1 ms"] = milliseconds < 1
    report.figures["slowest_text_ms"] = milliseconds
    if not TIME.is_dir():
        report.notes.append(f"The expressions are not here ({TIME}), so nothing was scored; set SKYNETBOT_SHARED_DATA.")
        return report
    scores = {name: _share(marks) for name, marks in score_dates(_rows("date_expressions")).items()}
    scores |= {name: _share(marks) for name, marks in score_durations(_rows("durations")).items()}
    report.figures |= scores
    for name, (peer, share) in _PEERS.items():
        report.ratios[name] = scores[name] / share
        report.notes.append(f"{name}: {peer} has {share:.2f} on the half that is kept back.")
    return report


def _rows(name: str) -> list[Row]:
    return [json.loads(line) for line in (TIME / f"{name}.jsonl").read_text().splitlines()]


def _share(marks: list[tuple[str, bool, str]]) -> float:
    return sum(good for _, good, _ in marks) / len(marks) if marks else 0.0


Marks = dict[str, list[tuple[str, bool, str]]]
"""A set's rows: the text, whether it is right, and what came out."""


def score_dates(rows: Iterable[Row]) -> Marks:
    """English, without holidays, as the reference counts them."""
    marks: Marks = {}
    for row in rows:
        if row.get("lang") != "en" or row.get("holiday"):
            continue
        source = row["source"].split()[0]
        zone = ZoneInfo("Etc/GMT+2" if source == "duckling" else "UTC")
        now = datetime.fromisoformat(row.get("ref") or "2020-01-01T00:00:00").replace(tzinfo=zone)
        outcome = parse(row["text"], now=now, zone=zone)
        said = f"{row.get('expected')} but {_said(outcome)}"
        if row.get("expected") is None:
            _mark(marks, "refused", row["text"], isinstance(outcome, Refused), said)
            if duration(row["text"]) is None:
                _mark(marks, "refused_bare_lengths_aside", row["text"], isinstance(outcome, Refused), said)
            continue
        expected = datetime.fromisoformat(row["expected"]).replace(tzinfo=zone)
        good = outcome.instant is not None and _same(row, outcome, expected, now)
        _mark(marks, f"read_{source}", row["text"], good, said)
        if source == "duckling" and row["grain"] in _FINE:
            _mark(marks, "read_duckling_to_day", row["text"], good, said)
        if source == "dateparser":
            mirrored = good or _mirrored(outcome, expected, now)
            _mark(marks, "read_dateparser_direction_aside", row["text"], mirrored, said)
        ahead = now < expected < now + timedelta(days=3650)
        if ahead:
            _mark(marks, "reminder_ahead", row["text"], good and isinstance(outcome, Understood), said)
        _mark(marks, "reminder_never_past", row["text"], isinstance(outcome, Refused) or outcome.instant > now, said)
    return marks


def _mark(marks: Marks, name: str, text: str, good: bool, said: str) -> None:
    marks.setdefault(name, []).append((text, good, said))


def _said(outcome: Understood | Refused) -> str:
    return f"{outcome.instant} {outcome.kind if isinstance(outcome, Refused) else outcome.grain} {outcome.when!r}"


def _same(row: Row, outcome: Understood | Refused, expected: datetime, now: datetime) -> bool:
    got = outcome.instant
    if got is None:
        return False
    if "grain" in row:
        return f"{got:{_FORMATS[row['grain']]}}" == f"{expected:{_FORMATS[row['grain']]}}"
    habit = (expected.hour, expected.minute) in {(0, 0), (12, 0), (now.hour, now.minute)}
    if habit and getattr(outcome, "grain", "day") in _COARSE and got.date() == expected.date():
        return True
    return got.replace(second=0, microsecond=0) == expected.replace(second=0, microsecond=0)


def _mirrored(outcome: Understood | Refused, expected: datetime, now: datetime) -> bool:
    """A length alone ("2 hours") is ago for dateparser and ahead for a reminder."""
    if outcome.instant is None or expected > now:
        return False
    off = abs((outcome.instant - now) - (now - expected))
    return off < timedelta(minutes=1) or (now - expected > timedelta(days=28) and off <= timedelta(days=31))


def score_durations(rows: Iterable[Row]) -> Marks:
    """Each source counts months and years in its own way."""
    marks: Marks = {}
    for row in rows:
        length = duration(row["text"])
        source = row["source"].split()[0].split("/")[-1]
        convention = row["convention"]
        said = f"{row['seconds']} {row.get('calendar', '')} but {length}"
        if "calendar" in row:
            amount, unit = row["calendar"].split()
            months = int(amount) * {"month": 1, "quarter": 3, "year": 12}[unit]
            good = length is not None and length.months == months and not (length.days or length.seconds)
        elif row["seconds"] is None:
            good = length is None
        elif length is None:
            good = False
        else:
            year = 365.25 if "365.25" in convention else 365
            month = (
                year / 12 if "365.25" in convention or length.grain == "year" else 30
            )  # half a year is no 6 x 30 days
            good = abs(length.seconds_with(month=month, year=year) - row["seconds"]) <= 1e-6 * abs(row["seconds"])
        _mark(marks, f"duration_{source}", row["text"], good, said)
        _mark(marks, "duration_all", row["text"], good, said)
    return marks


def _hostile() -> Iterator[str]:
    for piece in ("at 5 ", "1", "1 ", "in ", "in 2 hours ", "the the ", "twenty ", "5 march to ", "1/2 ", "a:", "monday ",  # noqa: E501
                  "every ", "every first ", "12:30 to ", "1-", "1.", "1 . ", "((", "first ", "2 weeks after ", "next ",
                  "half a ", "10 to ", "3 fridays ", "<t:1", "on the ", "may ", "remind me ", "\u0660", "a quarter of ",
                  "end of ", "every day starting ", "in 1 day, ", "-", "\n", "'", "x"):  # fmt: skip
        yield (piece * 2000)[:2000]


def slowest(*, rounds: int) -> float:
    """Milliseconds of the slowest text; each text's best of some rounds, as a machine pauses now and then."""
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 11, 25, 14, tzinfo=UTC)
    worst = 0.0
    for text in _hostile():
        best = float("inf")
        for _ in range(rounds):
            started = time.perf_counter()
            parse(text, now=now, zone=zone)
            best = min(best, time.perf_counter() - started)
        worst = max(worst, best * 1000)
    return worst


def failures() -> Iterator[str]:
    """What ``python -m bench.time_phrases`` prints: the rows that are not right, to work on."""
    for name, marks in (score_dates(_rows("date_expressions")) | score_durations(_rows("durations"))).items():
        yield f"{name}: {sum(good for _, good, _ in marks)} of {len(marks)} = {_share(marks):.3f}"
        yield from (f"    {text!r}: {said}" for text, good, said in marks if not good)


if __name__ == "__main__":
    print("\n".join(failures()))
