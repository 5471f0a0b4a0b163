"""Row statements in SQL. The names come from `Table` declarations of this room, never from data."""

from functools import lru_cache
from typing import Final

from skynetbot.storage.statements import Mode
from skynetbot.storage.tables import ColumnType, Table

__all__ = [
    "postgres_delete",
    "postgres_select",
    "postgres_upsert",
    "sqlite_delete",
    "sqlite_select",
    "sqlite_upsert",
]

_POSTGRES_TYPES: Final[dict[ColumnType, str]] = {
    "int": "bigint",
    "real": "double precision",
    "text": "text",
    "list": "text",
}

_MEETINGS: Final[dict[Mode, str]] = {
    "add": "coalesce({t}.{f}, 0) + excluded.{f}",
    "set": "excluded.{f}",
    "once": "coalesce({t}.{f}, excluded.{f})",
    "max": "CASE WHEN {t}.{f} >= excluded.{f} THEN {t}.{f} ELSE excluded.{f} END",
    "min": "CASE WHEN {t}.{f} <= excluded.{f} THEN {t}.{f} ELSE excluded.{f} END",
}
"""A null on the left makes the comparison unknown, so that CASE falls through to the new value."""


def _conflict(table: Table, fields: tuple[tuple[str, Mode], ...]) -> str:
    keys = ", ".join(column.name for column in table.key)
    if not fields:
        return f"ON CONFLICT ({keys}) DO NOTHING"
    sets = ", ".join(f"{f} = {_MEETINGS[mode].format(t=table.name, f=f)}" for f, mode in fields)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {sets}"


def _returning(table: Table, returning: tuple[str, ...]) -> str:
    if not returning:
        return ""
    return " RETURNING " + ", ".join([*(column.name for column in table.key), *returning])


def _columns(table: Table, fields: tuple[str, ...]) -> str:
    return ", ".join([*(column.name for column in table.key), *fields])


def _arrays(table: Table, width: int, fields: tuple[str, ...] = ()) -> str:
    types = [column.type for column in table.key[:width]]
    by_name = {column.name: column.type for column in table.fields}
    types += [by_name[field] for field in fields]
    return ", ".join(f"${place}::{_POSTGRES_TYPES[kind]}[]" for place, kind in enumerate(types, 1))


@lru_cache(maxsize=512)
def sqlite_upsert(table: Table, fields: tuple[tuple[str, Mode], ...], returning: tuple[str, ...], rows: int) -> str:
    """For the parameters of so many rows, one after the other."""
    names = tuple(field for field, _ in fields)
    marks = ", ".join("?" * (len(table.key) + len(fields)))
    values = ", ".join([f"({marks})"] * rows)
    into = f"INSERT INTO {table.name} ({_columns(table, names)}) VALUES {values} "  # noqa: S608
    return into + _conflict(table, fields) + _returning(table, returning)


@lru_cache(maxsize=512)
def postgres_upsert(table: Table, fields: tuple[tuple[str, Mode], ...], returning: tuple[str, ...]) -> str:
    """For one array of parameters a column."""
    names = tuple(field for field, _ in fields)
    arrays = _arrays(table, len(table.key), names)
    into = f"INSERT INTO {table.name} ({_columns(table, names)}) SELECT * FROM unnest({arrays}) "  # noqa: S608
    return into + _conflict(table, fields) + _returning(table, returning)


@lru_cache(maxsize=512)
def sqlite_select(table: Table, fields: tuple[str, ...]) -> str:
    where = " AND ".join(f"{column.name} = ?" for column in table.key)
    return f"SELECT {_columns(table, fields)} FROM {table.name} WHERE {where}"  # noqa: S608


@lru_cache(maxsize=512)
def postgres_select(table: Table, fields: tuple[str, ...], lock: bool) -> str:
    keys = ", ".join(column.name for column in table.key)
    arrays = _arrays(table, len(table.key))
    # Locks are taken in the order of the rows that come out, and every writer sorts alike: no deadlock between them.
    order = f"ORDER BY {keys} FOR UPDATE" if lock else ""
    return (
        f"SELECT {_columns(table, fields)} FROM {table.name} "  # noqa: S608
        f"WHERE ({keys}) IN (SELECT * FROM unnest({arrays})) {order}"
    )


@lru_cache(maxsize=512)
def sqlite_delete(table: Table, width: int) -> str:
    where = " AND ".join(f"{column.name} = ?" for column in table.key[:width])
    return f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608


@lru_cache(maxsize=512)
def postgres_delete(table: Table, width: int) -> str:
    keys = ", ".join(column.name for column in table.key[:width])
    return f"DELETE FROM {table.name} WHERE ({keys}) IN (SELECT * FROM unnest({_arrays(table, width)}))"  # noqa: S608
