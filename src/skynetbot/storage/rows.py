"""Applies merged changes to narrow rows: the few statements that a whole batch needs, whatever is in it.

What SQL can express against the stored value (add, set, once, max, min) is one upsert for all rows of that shape.
The rest (lists, a maximum followed by an increment, ...) reads the locked rows and stores what the change makes
of them. Sets are rows of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from skynetbot.storage.statements import DeleteRows, Mode, Row, SelectRows, UpsertRows, Work
from skynetbot.storage.tables import Table

__all__ = [
    "FieldChange",
    "Key",
    "PreparedRows",
    "RowChange",
    "SetChange",
    "apply_prepared",
    "apply_rows",
    "prepare_rows",
    "stored",
    "unstored",
]

Key: TypeAlias = tuple[int | str, ...]


class FieldChange(Protocol):
    """What is to become of one field."""

    def form(self) -> tuple[Mode, Any] | None:
        """The change as one upsert; None when only `apply` can say it."""

    def apply(self, value: Any) -> Any:
        """The new value from the stored one; None is null."""


class SetChange(Protocol):
    """What is to become of one set field."""

    @property
    def cleared(self) -> bool:
        """Whether the members stored before are dropped first."""

    @property
    def members(self) -> Mapping[int | str, bool]:
        """Members that are in the set afterwards (True) or not (False); others are left alone."""


class RowChange(msgspec.Struct, frozen=True):
    """What is to become of one row. A dropped row is deleted first, with its sets."""

    key: Key
    dropped: bool
    fields: Mapping[str, FieldChange]
    sets: Mapping[str, SetChange]


class PreparedRows(msgspec.Struct, frozen=True):
    """Changes sorted into the statements that they need, so that the transaction itself has little left to do."""

    table: Table
    dropped: list[Key]
    simple: dict[tuple[tuple[str, Mode], ...], list[Row]]
    computed: dict[tuple[str, ...], list[RowChange]]
    sets: dict[str, list[tuple[Key, SetChange]]]


def prepare_rows(table: Table, changes: Sequence[RowChange]) -> PreparedRows:
    """``changes`` are of distinct rows. Every writer takes its row locks in the order of the keys."""
    ordered = sorted(changes, key=lambda change: change.key)
    sets = {
        column.name: [(change.key, change.sets[column.name]) for change in ordered if column.name in change.sets]
        for column in table.sets
    }
    dropped = [change.key for change in ordered if change.dropped]
    return PreparedRows(table, dropped, _simple(table, ordered), _computed(ordered), sets)


def apply_rows(table: Table, changes: Sequence[RowChange], returning: tuple[str, ...] = ()) -> Work[dict[Key, Row]]:
    """Apply changes of distinct rows; the values of ``returning`` of each row that was upserted.

    Raises (from the statements): RowRefused.
    """
    return (yield from apply_prepared(prepare_rows(table, changes), returning))


def apply_prepared(prepared: PreparedRows, returning: tuple[str, ...] = ()) -> Work[dict[Key, Row]]:
    """The same for changes that are prepared already."""
    table = prepared.table
    yield from _drop(table, prepared.dropped)
    values: dict[Key, Row] = {}
    for shape, rows in prepared.simple.items():
        values.update(_keyed(table, (yield UpsertRows(table, shape, rows, returning))))
    for names, group in prepared.computed.items():
        yield from _compute(table, names, group)
        if returning:
            values.update(_keyed(table, (yield SelectRows(table, returning, [change.key for change in group]))))
    for name, changes in prepared.sets.items():
        members = table.set_table(name)
        assert members is not None  # noqa: S101 - it is one of the table's own
        yield from _change_sets(members, changes)
    return values


def stored(table: Table, field: str, value: Any) -> Any:
    """A field's value as its column holds it."""
    if value is not None and _is_list(table, field):
        return msgspec.json.encode(value).decode()
    return value


def unstored(table: Table, field: str, value: Any) -> Any:
    """A column's value as the field means it."""
    if value is not None and _is_list(table, field):
        return msgspec.json.decode(value)
    return value


def _is_list(table: Table, field: str) -> bool:
    column = table.field(field)
    return column is not None and column.type == "list"


def _keyed(table: Table, rows: Iterable[Row]) -> dict[Key, Row]:
    width = len(table.key)
    return {row[:width]: row[width:] for row in rows}


def _drop(table: Table, keys: list[Key]) -> Work[None]:
    if keys:
        yield DeleteRows(table, keys)
        for column in table.sets:
            members = table.set_table(column.name)
            assert members is not None  # noqa: S101
            yield DeleteRows(members, keys)


def _simple(table: Table, changes: Sequence[RowChange]) -> dict[tuple[tuple[str, Mode], ...], list[Row]]:
    shapes: dict[tuple[tuple[str, Mode], ...], list[Row]] = {}
    lists = {column.name for column in table.fields if column.type == "list"}
    for change in changes:
        shape: list[tuple[str, Mode]] = []
        values = list(change.key)
        for name, field in change.fields.items():
            form = field.form()
            if form is not None:
                shape.append((name, form[0]))
                values.append(stored(table, name, form[1]) if name in lists else form[1])
        if shape:
            shapes.setdefault(tuple(shape), []).append(tuple(values))
    return shapes


def _computed(changes: Sequence[RowChange]) -> dict[tuple[str, ...], list[RowChange]]:
    groups: dict[tuple[str, ...], list[RowChange]] = {}
    for change in changes:
        names = tuple(name for name, field in change.fields.items() if field.form() is None)
        if names:
            groups.setdefault(names, []).append(change)
    return groups


def _compute(table: Table, names: tuple[str, ...], changes: Sequence[RowChange]) -> Work[None]:
    keys = [change.key for change in changes]
    # A row that does not exist cannot be locked, so it is made first.
    yield UpsertRows(table, (), keys)
    found = _keyed(table, (yield SelectRows(table, names, keys, lock=True)))
    rows: list[Row] = []
    for change in changes:
        before = found[change.key]
        after = (
            stored(table, name, change.fields[name].apply(unstored(table, name, value)))
            for name, value in zip(names, before, strict=True)
        )
        rows.append((*change.key, *after))
    yield UpsertRows(table, tuple((name, "set") for name in names), rows)


def _change_sets(members: Table, changes: Sequence[tuple[Key, SetChange]]) -> Work[None]:
    cleared = [key for key, change in changes if change.cleared]
    if cleared:
        yield DeleteRows(members, cleared)
    removed = [(*key, member) for key, change in changes for member, there in change.members.items() if not there]
    if removed:
        yield DeleteRows(members, removed)
    added = [(*key, member) for key, change in changes for member, there in change.members.items() if there]
    if added:
        yield UpsertRows(members, (), added)
