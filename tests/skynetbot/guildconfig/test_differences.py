"""The pure rules: what differs, and the three-way merge held against a slow obvious version."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.guildconfig.differences import FieldChange, Merge, difference, items_changed, merge, undone


class Row(msgspec.Struct, frozen=True):
    a: int = 0
    b: int = 0
    c: tuple[int, ...] = ()
    d: str = ""


# Few values, so that two people often wish the same.
rows = st.builds(
    Row, st.integers(0, 2), st.integers(0, 1), st.sampled_from([(), (1,), (2, 1)]), st.sampled_from(["", "x"])
)


def obvious(base: Row, mine: Row, theirs: Row) -> Merge:
    """Field by field, each of the cases by name."""
    fields: dict[str, Any] = {}
    conflicts: dict[str, tuple[Any, Any]] = {}
    for name in ("a", "b", "c", "d"):
        was, wished, stands = getattr(base, name), getattr(mine, name), getattr(theirs, name)
        i_changed, they_changed = wished != was, stands != was
        if not i_changed:
            continue
        if not they_changed:
            fields[name] = wished
        elif wished == stands:
            continue
        else:
            conflicts[name] = (stands, wished)
    return Merge(fields, conflicts)


@given(rows, rows, rows)
def test_merge_is_like_the_obvious_version(base: Row, mine: Row, theirs: Row) -> None:
    assert merge(base, mine, theirs) == obvious(base, mine, theirs)


@given(rows, rows, rows)
def test_no_conflict_depends_on_who_saved_first(base: Row, mine: Row, theirs: Row) -> None:
    one, two = merge(base, mine, theirs), merge(base, theirs, mine)
    assert {name: pair[::-1] for name, pair in one.conflicts.items()} == dict(two.conflicts)
    if not one.conflicts:
        assert msgspec.structs.replace(theirs, **one.fields) == msgspec.structs.replace(mine, **two.fields)


@given(rows, rows)
def test_undo_right_after_a_change_brings_back_what_was(before: Row, after: Row) -> None:
    outcome = undone(before, after, after)
    assert not outcome.conflicts
    assert msgspec.structs.replace(after, **outcome.fields) == before


@given(rows, rows)
def test_the_difference_makes_one_into_the_other(before: Row, after: Row) -> None:
    changes = difference(before, after)
    assert msgspec.structs.replace(before, **{change.field: change.after for change in changes}) == after
    assert all(change.before != change.after for change in changes)


def test_items_of_a_list_are_told_apart() -> None:
    assert items_changed(FieldChange("c", (1, 2), (2, 3))) == ([3], [1])
    assert items_changed(FieldChange("c", (1, 2), (2, 1))) is None
    assert items_changed(FieldChange("a", 1, 2)) is None
