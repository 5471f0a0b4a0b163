"""The algebra: a merged effect equals its operations one after the other, whatever was stored before."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skynetbot.storage.rows import FieldChange
from skynetbot.writes.effects import ListEffect, NumberEffect, RowEffect, ValueEffect
from skynetbot.writes.operations import Append, Delete, Increment, Max, Min, Operation, Set, SetOnce
from support.plain_rows import FIELDS, SAMPLE, SETS, PlainRows
from support.sample_operations import list_operations, number_operations, operations, text_operations

KEY = (1, "a")
N = ("sample", KEY, "total")


def plainly(start: Any, field: str, steps: list[Operation]) -> Any:
    rows = PlainRows()
    if start is not None:
        rows.values[KEY, field] = start
    for step in steps:
        rows.apply(step)
    return rows.values.get((KEY, field))


def in_one_upsert(effect: FieldChange, stored: Any) -> Any:
    """What the database does with the effect's form."""
    form = effect.form()
    if form is None:
        return effect.apply(stored)
    mode, value = form
    if mode == "set" or stored is None:
        return value
    match mode:
        case "add":
            return stored + value
        case "once":
            return stored
        case "max":
            return max(stored, value)
        case _:
            return min(stored, value)


def at(field: str, steps: list[Operation]) -> list[Operation]:
    """The operations as if all were on one key and field."""
    return [type(step)(step.collection, KEY, field, *_arguments(step)) for step in steps]


def _arguments(step: Operation) -> tuple[Any, ...]:
    return tuple(getattr(step, name) for name in step.__struct_fields__[3:])


@given(st.none() | st.integers(-4, 4), st.lists(number_operations, min_size=1, max_size=8))
@example(None, [Delete(*N), Increment(*N, 0)])
@example(2, [Max(*N, 3), Increment(*N, -1), Min(*N, 1), SetOnce(*N, 9)])
@example(-4, [Set(*N, 3), Delete(*N), SetOnce(*N, 0), Increment(*N, 2)])
def test_numbers(start: int | None, steps: list[Operation]) -> None:
    steps = at("total", steps)
    effect = NumberEffect()
    for step in steps:
        effect.then(step)
    expected = plainly(start, "total", steps)
    assert effect.apply(start) == expected
    assert in_one_upsert(effect, start) == expected


@given(st.none() | st.sampled_from(["", "q"]), st.lists(text_operations, min_size=1, max_size=6))
def test_texts(start: str | None, steps: list[Operation]) -> None:
    steps = at("name", steps)
    effect = ValueEffect()
    for step in steps:
        effect.then(step)
    expected = plainly(start, "name", steps)
    assert effect.apply(start) == expected
    assert in_one_upsert(effect, start) == expected


@given(st.none() | st.lists(st.integers(7, 9), max_size=6), st.lists(list_operations, min_size=1, max_size=8))
@example([7, 8], [Append("sample", KEY, "last", 1, 4), Append("sample", KEY, "last", 2, 2)])
def test_lists(start: list[int] | None, steps: list[Operation]) -> None:
    steps = at("last", steps)
    effect = ListEffect()
    for step in steps:
        effect.then(step)
    expected = plainly(start, "last", steps)
    assert effect.apply(start) == expected
    assert in_one_upsert(effect, start) == expected


@given(st.lists(operations, max_size=6), st.lists(operations, max_size=12))
def test_rows_with_every_kind_of_field(before: list[Operation], steps: list[Operation]) -> None:
    rows = PlainRows()
    for step in before:
        rows.apply(step)
    stored_values, stored_members = rows.state()
    effects: dict[Any, RowEffect] = {}
    for step in steps:
        rows.apply(step)
        effects.setdefault(step.key, RowEffect()).then(SAMPLE, step)
    values, members = rows.state()
    for key, effect in effects.items():
        after = effect.apply({field: stored_values.get((key, field)) for field in FIELDS})
        assert after == {field: values.get((key, field)) for field in FIELDS}
        for name in SETS:
            start = frozenset(at[2] for at in stored_members if at[:2] == (key, name))
            assert effect.apply_set(name, start) == {at[2] for at in members if at[:2] == (key, name)}


@pytest.mark.parametrize(
    ("steps", "form"),
    [
        ([Increment(*N, 2), Increment(*N, 3)], ("add", 5)),
        ([Increment(*N, 2), Set(*N, 3)], ("set", 3)),
        ([SetOnce(*N, 3), SetOnce(*N, 4)], ("once", 3)),
        ([Max(*N, 3), Max(*N, 2)], ("max", 3)),
        ([Min(*N, 3), Min(*N, 2)], ("min", 2)),
        ([Set(*N, 3), Delete(*N)], ("set", None)),
        ([Max(*N, 3), Increment(*N, 1)], None),
    ],
)
def test_what_is_common_needs_no_read(steps: list[Operation], form: tuple[str, int] | None) -> None:
    effect = NumberEffect()
    for step in steps:
        effect.then(step)
    assert effect.form() == form


def test_ten_thousand_operations_merge_into_constant_size() -> None:
    effect = ListEffect()
    for n in range(10_000):
        effect.then(Append("sample", KEY, "last", n, 50))
    assert effect.apply(["old"]) == list(range(9_950, 10_000))
    assert len(effect.tail) == 50
