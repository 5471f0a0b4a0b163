"""What listeners and readers are given of batches."""

from collections.abc import Mapping
from typing import Any

import msgspec

from skynetbot.storage.rows import Key
from skynetbot.storage.statements import Row
from skynetbot.writes.batch import Batch
from skynetbot.writes.effects import RowEffect

__all__ = ["Committed", "Overlay"]


class Committed(msgspec.Struct, frozen=True):
    """A batch that is in the tables: the changes, and the fields that were asked to be returned, by table and key."""

    changes: Mapping[str, Mapping[Key, RowEffect]]
    values: Mapping[str, Mapping[Key, Row]]


class Overlay(msgspec.Struct, frozen=True):
    """The batches that a snapshot of the database does not contain yet, oldest first."""

    batches: tuple[Batch, ...]

    def apply(self, table: str, key: Key, values: dict[str, Any]) -> dict[str, Any]:
        """The fields as they are with everything accepted; ``values`` are those stored, null where there is no row."""
        for batch in self.batches:
            row = batch.rows.get(table, {}).get(key)
            if row is not None:
                values = row.apply(values)
        return values

    def apply_set(self, table: str, key: Key, name: str, members: frozenset[int | str]) -> frozenset[int | str]:
        """The members of a set field likewise."""
        for batch in self.batches:
            row = batch.rows.get(table, {}).get(key)
            if row is not None:
                members = row.apply_set(name, members)
        return members
