"""What a transaction asks of the database, as data: each engine renders these in its own SQL.

A transaction is a generator that yields statements and is sent their rows. So one body serves both engines: SQLite
drives it in its own thread without a hop per statement, PostgreSQL awaits each of them.
Plain SQL is written with ``?1``, ``?2``; PostgreSQL gets ``$1``, ``$2``.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from skynetbot.storage.tables import Table

__all__ = [
    "DeleteRows",
    "Fetch",
    "Mode",
    "Row",
    "SelectRows",
    "Statement",
    "UpsertRows",
    "Work",
    "WorkFactory",
    "fetch",
]

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

Mode: TypeAlias = Literal["add", "set", "once", "max", "min"]
"""How an upserted value meets the stored one: add to it (absent is 0), replace it, only when absent, keep the greater
or the smaller."""


class Fetch(msgspec.Struct, frozen=True):
    """One statement; its rows, or none."""

    sql: str
    args: tuple[Any, ...] = ()


class UpsertRows(msgspec.Struct, frozen=True):
    """Insert rows (the key columns, then ``fields``), meeting rows that exist by each field's mode.

    Without fields it only makes sure that the rows exist. Answers one row for each given row, in order: the key
    followed by ``returning``; nothing when ``returning`` is empty.
    """

    table: Table
    fields: tuple[tuple[str, Mode], ...]
    rows: Sequence[Row]
    returning: tuple[str, ...] = ()


class SelectRows(msgspec.Struct, frozen=True):
    """The rows with these keys that exist, each as its key followed by ``fields``; locked until the commit if asked."""

    table: Table
    fields: tuple[str, ...]
    keys: Sequence[Row]
    lock: bool = False


class DeleteRows(msgspec.Struct, frozen=True):
    """Delete the rows whose leading key columns have one of these values."""

    table: Table
    prefixes: Sequence[Row]


Statement: TypeAlias = Fetch | UpsertRows | SelectRows | DeleteRows
Work: TypeAlias = Generator[Statement, list[Row], T]
WorkFactory: TypeAlias = Callable[[], Generator[Statement, list[Row], T]]
"""Makes the body of one transaction; called again when the engine has to run it again."""


def fetch(sql: str, *args: Any) -> Work[list[Row]]:
    """``rows = yield from fetch(...)``: one statement, typed."""
    return (yield Fetch(sql, args))
