"""Refuses an operation that its table could never take, before it is journalled."""

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.storage.tables import Table
from skynetbot.writes.operations import (
    AddMember,
    Append,
    Delete,
    Increment,
    Max,
    Min,
    Operation,
    RemoveMember,
    Set,
    SetOnce,
)

__all__ = ["Checks", "WriteRefused", "storable_text"]

_INT64: Final = 1 << 63
_MAX_CAP: Final = 1_000
"""Elements; a list is rewritten at each append, so long ones belong into rows."""

_ALLOWED: Final[dict[str, tuple[type, ...]]] = {
    "int": (Increment, Set, SetOnce, Max, Min, Delete),
    "real": (Set, SetOnce, Max, Min, Delete),
    "text": (Set, SetOnce, Delete),
    "list": (Append, Set, SetOnce, Delete),
    "set": (AddMember, RemoveMember, Delete),
}


class WriteRefused(SkynetBotError):
    """The operation does not fit its table; nothing was written."""


class Checks:
    """Knows the tables that may be written."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._known: dict[tuple[type, str, str], tuple[Table, str]] = {}

    def table_of(self, operation: Operation) -> Table:
        """The operation's table.

        Raises:
            WriteRefused: naming what does not fit and what would.
        """
        known = self._known.get((type(operation), operation.collection, operation.field))
        if known is None:
            known = self._look(operation)
        table, kind = known
        key = operation.key
        if len(key) != len(table.key):
            names = ", ".join(column.name for column in table.key)
            raise WriteRefused(f"A key of {table.name} is ({names}), not {key!r}.")
        for column, part in zip(table.key, key, strict=True):
            if not _fits(column.type, part):
                raise WriteRefused(f"{column.name} of {table.name} is of type {column.type}, not {part!r}.")
        problem = _value_problem(operation, kind)
        if problem:
            raise WriteRefused(f"{table.name}.{operation.field}: {problem}")
        return table

    def _look(self, operation: Operation) -> tuple[Table, str]:
        table = self._tables.get(operation.collection)
        if table is None:
            known = ", ".join(sorted(self._tables))
            raise WriteRefused(f"There is no collection {operation.collection!r}. Known: {known}")
        name = operation.field
        if not name and isinstance(operation, Delete):
            kind = "row"
        else:
            kind = _kind(table, name)
            allowed = _ALLOWED[kind.partition(":")[0]]
            if not isinstance(operation, allowed):
                able = ", ".join(type_.__name__ for type_ in allowed)
                does = type(operation).__name__
                raise WriteRefused(f"{table.name}.{name} is of type {kind} and takes {able}, not {does}.")
        self._known[type(operation), operation.collection, name] = (table, kind)
        return table, kind


def _kind(table: Table, name: str) -> str:
    column = table.field(name)
    if column is not None:
        return column.type
    members = next((column for column in table.sets if column.name == name), None)
    if members is None:
        known = ", ".join(c.name for c in (*table.fields, *table.sets))
        raise WriteRefused(f"{table.name} has no field {name!r}. Known: {known}")
    return f"set:{members.type}"


def _fits(type_: str, value: Any) -> bool:
    if type_ == "int":
        return type(value) is int and -_INT64 <= value < _INT64
    if type_ == "real":
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is str and _storable(value)


def _storable(text: str) -> bool:
    # PostgreSQL stores no NUL, and nothing stores half a surrogate pair.
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def storable_text(text: str) -> str:
    """The text without what no database stores; for names that others choose."""
    return text if _storable(text) else "".join(letter for letter in text if _storable(letter))


def _value_problem(operation: Operation, kind: str) -> str | None:
    value: Any
    match operation:
        case Increment():
            value, type_ = operation.by, "int"
        case Set() | SetOnce() if kind == "list":
            return _list_problem(operation.value)
        case Set() | SetOnce() | Max() | Min():
            value, type_ = operation.value, kind
        case Append():
            if not (type(operation.cap) is int and 1 <= operation.cap <= _MAX_CAP):
                return f"a cap is from 1 to {_MAX_CAP}, not {operation.cap!r}."
            return _list_problem([operation.value])
        case AddMember() | RemoveMember():
            value, type_ = operation.member, kind.partition(":")[2]
        case _:
            return None
    return None if _fits(type_, value) else f"{value!r} is not a value of type {type_}."


def _list_problem(value: Any) -> str | None:
    if not isinstance(value, list) or len(value) > _MAX_CAP:
        return f"a list of at most {_MAX_CAP} elements is needed, not {value!r:.80}."
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError) as error:
        return f"an element cannot be stored: {error}"
    return None if "\\u0000" not in text else "an element holds the character NUL."
