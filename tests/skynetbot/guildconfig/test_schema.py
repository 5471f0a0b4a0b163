"""From one struct: field descriptions, and validation that names every bad field."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from skynetbot.guildconfig.schema import Schema, SettingsRejected


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = False
    limit: Annotated[int, msgspec.Meta(title="Limit", description="How many", ge=1, le=25)] = 3
    mode: Literal["soft", "hard"] = "soft"
    note: Annotated[str, msgspec.Meta(max_length=5)] = ""
    words: Annotated[tuple[str, ...], msgspec.Meta(max_length=3, extra={"kind": "lines", "item_length": 4})] = ()
    channel: Annotated[int | None, msgspec.Meta(extra={"kind": "channel"})] = None
    roles: Annotated[tuple[int, ...], msgspec.Meta(max_length=2, extra={"kind": "roles"})] = ()


SCHEMA = Schema(
    "sample",
    Sample,
    title="Sample",
    help="",
    check=lambda value: {"note": "Say why."} if value.mode == "hard" and not value.note else {},
)


def test_fields_carry_label_help_bounds_and_default() -> None:
    limit = SCHEMA.field("limit")
    assert limit is not None
    assert (limit.label, limit.help, limit.minimum, limit.maximum, limit.default) == ("Limit", "How many", 1, 25, 3)
    assert [field.kind for field in SCHEMA.fields] == ["bool", "int", "choice", "text", "lines", "channel", "roles"]


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("on", "on", True),
        ("on", True, True),
        ("on", "", False),
        ("limit", " 7 ", 7),
        ("mode", "hard", "hard"),
        ("words", "a\n\n b \na", ("a", "b")),
        ("words", ["x"], ("x",)),
        ("channel", "12", 12),
        ("channel", "", None),
        ("channel", None, None),
        ("roles", ["1", "2", "1"], (1, 2)),
        ("roles", "3,4", (3, 4)),
    ],
)
def test_typed_text_and_json_values_are_taken(name: str, raw: Any, expected: Any) -> None:
    value = SCHEMA.apply(Sample(note="why"), {name: raw})
    assert getattr(value, name) == expected


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("on", "maybe"),
        ("limit", "0"),
        ("limit", "26"),
        ("limit", "3.5"),
        ("limit", True),
        ("limit", None),
        ("mode", "medium"),
        ("mode", ["soft"]),
        ("note", "too long"),
        ("note", 5),
        ("words", "a\nb\nc\nd"),
        ("words", "toolong"),
        ("words", [1]),
        ("channel", "general"),
        ("channel", "-1"),
        ("channel", "9" * 30),
        ("roles", "1,2,3"),
        ("roles", 5),
        ("nothing", "x"),
    ],
)
def test_a_bad_value_is_refused_by_field_and_changes_nothing(name: str, raw: Any) -> None:
    with pytest.raises(SettingsRejected) as caught:
        SCHEMA.apply(Sample(), {name: raw})
    assert list(caught.value.errors) == [name]
    assert caught.value.errors[name].endswith((".", "…"))


def test_all_bad_fields_are_named_at_once() -> None:
    with pytest.raises(SettingsRejected) as caught:
        SCHEMA.apply(Sample(), {"limit": "x", "mode": "y", "on": True})
    assert set(caught.value.errors) == {"limit", "mode"}


def test_combinations_are_checked_after_the_fields() -> None:
    with pytest.raises(SettingsRejected) as caught:
        SCHEMA.apply(Sample(), {"mode": "hard"})
    assert caught.value.errors == {"note": "Say why."}


def test_a_body_of_an_older_version_takes_defaults_for_new_fields() -> None:
    assert SCHEMA.decode(b'{"limit": 9}') == Sample(limit=9)


def test_encode_and_decode_are_inverse() -> None:
    value = Sample(on=True, words=("a", "b"), channel=5, roles=(1,))
    assert SCHEMA.decode(SCHEMA.encode(value)) == value


def test_a_field_without_default_is_a_programming_error() -> None:
    class Bad(msgspec.Struct):
        must: int

    with pytest.raises(TypeError, match="must"):
        Schema("bad", Bad, title="", help="")
