"""What /settings writes fits into Discord's limits, however much there is to say."""

from typing import Any

import pytest

from skynetbot.features.activity.settings import SCHEMA as ACTIVITY
from skynetbot.features.serversettings.wording import (
    conflict_text,
    revision_entry,
    shown_changes,
    shown_value,
    typed_value,
)
from skynetbot.features.wordfilter.settings import SCHEMA as WORDFILTER
from skynetbot.features.wordfilter.settings import WordFilterSettings
from skynetbot.guildconfig.differences import FieldChange, difference
from skynetbot.guildconfig.outcomes import Author, Revision, SettingsConflict

FULL = WordFilterSettings(
    enabled=True,
    words=tuple(f"{number:04} " + "ü" * 95 for number in range(2000)),
    exempt_roles=tuple((1 << 62) + number for number in range(50)),
    exempt_channels=tuple((1 << 62) + number for number in range(100)),
    log_channel=1 << 62,
)


def revision(changes: tuple[FieldChange, ...], name: str = "Ada") -> Revision:
    return Revision(number=999_999, feature="wordfilter", version=9, author=Author(1, name), at=1.5, changes=changes)


@pytest.mark.parametrize(("before", "after"), [(WordFilterSettings(), FULL), (FULL, WordFilterSettings())])
def test_the_largest_change_fits(before: WordFilterSettings, after: WordFilterSettings) -> None:
    changes = difference(before, after)
    name, value = revision_entry(WORDFILTER, revision(changes, "*" * 32))
    # Ten entries, a title and a footer in one embed of at most 6000 characters.
    assert 10 * (len(name) + len(value)) < 5_700
    assert len(shown_changes({"wordfilter": WORDFILTER}, {"wordfilter": changes})) < 1_900
    fields = {change.field: (change.before, change.after) for change in changes}
    assert len(conflict_text(WORDFILTER, SettingsConflict("wordfilter", 1, fields))) < 1_700
    for spec in WORDFILTER.fields:
        assert 1 <= len(shown_value(spec, getattr(after, spec.name))) <= 1_024


def test_a_change_reads_as_what_was_added_and_removed_or_before_and_after() -> None:
    changes = difference(WordFilterSettings(words=("a", "b")), WordFilterSettings(words=("b", "c"), warn=False))
    name, value = revision_entry(WORDFILTER, revision(changes, "Ada *x*"))
    assert name == "#999999 · Word filter"
    assert value.splitlines() == [
        "<t:1:R> by Ada \\*x\\* (discord)",
        "**Unwanted words**: added c; removed a",
        "**Warn the author**: on → off",
    ]


def test_a_change_of_a_field_that_is_gone_is_left_out() -> None:
    _, value = revision_entry(WORDFILTER, revision((FieldChange("was_once", 1, 2),)))
    assert value.endswith("saved without a change")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("words", " a , b c,", ["a", "b c", ""]),
        ("exempt_roles", "<@&12>, 13", ["12", "13"]),
        ("exempt_roles", "none", []),
        ("exempt_channels", "<#12>", ["12"]),
        ("log_channel", "<#12>", "12"),
        ("log_channel", "none", ""),
        ("enabled", " on ", "on"),
    ],
)
def test_what_is_typed_in_one_line_is_read(field: str, text: str, value: Any) -> None:
    spec = WORDFILTER.field(field)
    assert spec is not None
    assert typed_value(spec, text) == value


def test_every_default_can_be_shown() -> None:
    for schema in (WORDFILTER, ACTIVITY):
        for spec in schema.fields:
            assert shown_value(spec, spec.default)
