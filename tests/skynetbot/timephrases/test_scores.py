"""The expressions that other libraries test themselves with; outside data, so skipped where it is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.time_phrases import score_dates, score_durations


def rows(shared_data: Path, name: str) -> list[dict[str, Any]]:
    path = shared_data / "time" / "dev" / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"outside data is not here: {path}")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_dates_are_read_better_than_the_best_library_reads_them(shared_data: Path) -> None:
    marks = score_dates(rows(shared_data, "date_expressions"))
    shares = {name: sum(good for _, good, _ in found) / len(found) for name, found in marks.items()}
    assert shares["read_chrono"] >= 0.95
    assert shares["read_duckling"] >= 0.94
    assert shares["read_duckling_to_day"] >= 0.94
    assert shares["read_dateparser_direction_aside"] >= 0.88  # a tenth of its rows is in other languages
    assert shares["refused"] >= 0.94
    assert shares["refused_bare_lengths_aside"] >= 0.98
    assert shares["reminder_ahead"] >= 0.94
    assert shares["reminder_never_past"] == 1


def test_lengths_are_read_as_each_source_counts_them(shared_data: Path) -> None:
    marks = score_durations(rows(shared_data, "durations"))
    for name, found in marks.items():
        assert sum(good for _, good, _ in found) / len(found) > 0.9, name
