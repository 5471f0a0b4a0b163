"""A table that no feature needs, with a field of every type, and the slow obvious version of changing its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from skynetbot.storage.migrations import POSTGRES_WORDS, SQLITE_WORDS
from skynetbot.storage.rows import Key, RowChange, apply_rows, unstored
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Mode, Work, fetch
from skynetbot.storage.store import Store
from skynetbot.storage.tables import Column, Table

__all__ = ["FIELDS", "PETS", "Change", "Members", "Pets", "Rows", "SetOf", "plainly"]

PETS = Table(
    "pets",
    (Column("home"), Column("kind", "text")),
    (Column("legs"), Column("weight", "real"), Column("name", "text"), Column("toys", "list")),
    (Column("friends"), Column("tags", "text")),
)
FIELDS = tuple(column.name for column in PETS.fields)
SETS = tuple(column.name for column in PETS.sets)

_TABLES = (
    """CREATE TABLE pets (
        home {int}, kind {text}, legs {int}, weight {real}, name {text}, toys {text}, PRIMARY KEY (home, kind)
    ) {narrow}""",
    "CREATE TABLE pets_friends (home {int}, kind {text}, member {int}, PRIMARY KEY (home, kind, member)) {narrow}",
    "CREATE TABLE pets_tags (home {int}, kind {text}, member {text}, PRIMARY KEY (home, kind, member)) {narrow}",
)

Rows = dict[Key, dict[str, Any]]
Members = dict[tuple[Key, str], set[Any]]


class Change(msgspec.Struct, frozen=True):
    """A field's change: the stored value meets ``value`` by ``mode``; ``said`` is whether SQL is to do that."""

    mode: Mode
    value: Any
    said: bool = True

    def form(self) -> tuple[Mode, Any] | None:
        return (self.mode, self.value) if self.said else None

    def apply(self, value: Any) -> Any:
        match self.mode:
            case "add":
                return (value or 0) + self.value
            case "set":
                return self.value
            case "once":
                return self.value if value is None else value
            case "max":
                return self.value if value is None else max(value, self.value)
            case "min":
                return self.value if value is None else min(value, self.value)


class SetOf(msgspec.Struct, frozen=True):
    cleared: bool
    members: Mapping[int | str, bool]


def plainly(rows: Rows, members: Members, batch: Sequence[RowChange]) -> None:
    """The slow obvious version."""
    for change in batch:
        if change.dropped:
            rows.pop(change.key, None)
            for name in SETS:
                members.pop((change.key, name), None)
        if change.fields:
            row = rows.setdefault(change.key, dict.fromkeys(FIELDS))
            for name, field in change.fields.items():
                row[name] = field.apply(row[name])
        for name, change_of_set in change.sets.items():
            there = set() if change_of_set.cleared else members.get((change.key, name), set())
            there |= {member for member, wanted in change_of_set.members.items() if wanted}
            there -= {member for member, wanted in change_of_set.members.items() if not wanted}
            members[change.key, name] = there


class Pets:
    """The table in a real database, emptied for each example."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def create(self) -> None:
        words = SQLITE_WORDS if isinstance(self.store, SqliteStore) else POSTGRES_WORDS

        def work() -> Work[None]:
            for table in _TABLES:
                yield from fetch(table.format_map(words))

        await self.store.run("pets", "create", work)

    async def clear(self) -> None:
        def work() -> Work[None]:
            for name in ("pets", "pets_friends", "pets_tags"):
                yield from fetch(f"DELETE FROM {name}")  # noqa: S608

        await self.store.run("pets", "clear", work)

    async def apply(self, *batch: RowChange, returning: tuple[str, ...] = ()) -> dict[Key, tuple[Any, ...]]:
        return await self.store.run("pets", "apply", lambda: apply_rows(PETS, batch, returning))

    async def rows(self) -> Rows:
        found = await self.store.read("pets", "rows", lambda: fetch("SELECT * FROM pets"))
        return {
            row[:2]: {name: unstored(PETS, name, value) for name, value in zip(FIELDS, row[2:], strict=True)}
            for row in found
        }

    async def members(self) -> Members:
        members: Members = {}
        for name in SETS:
            sql = f"SELECT * FROM pets_{name}"  # noqa: S608
            for row in await self.store.read("pets", "members", lambda sql=sql: fetch(sql)):
                members.setdefault((row[:2], name), set()).add(row[2])
        return members
