"""The slow obvious version of batched writes: one operation after the other, in plain dictionaries."""

from typing import Any

from skynetbot.storage.tables import Column, Table
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

__all__ = ["SAMPLE", "PlainRows"]

SAMPLE = Table(
    "sample",
    (Column("place"), Column("kind", "text")),
    (Column("total"), Column("other"), Column("seen", "real"), Column("name", "text"), Column("last", "list")),
    (Column("tags", "text"), Column("voters")),
)
"""A table with a field of every type, which no feature needs."""

FIELDS = tuple(column.name for column in SAMPLE.fields)
SETS = tuple(column.name for column in SAMPLE.sets)


class PlainRows:
    """(place, kind) -> field -> value; an absent field and an absent row are the same."""

    def __init__(self) -> None:
        self.values: dict[tuple[Any, ...], Any] = {}
        self.members: set[tuple[Any, ...]] = set()

    def apply(self, operation: Operation) -> None:
        place = (operation.key, operation.field)
        old = self.values.get(place)
        match operation:
            case Increment(by=by):
                self.values[place] = (old or 0) + by
            case Set(value=value):
                self.values[place] = value
            case SetOnce(value=value):
                self.values[place] = value if old is None else old
            case Max(value=value):
                self.values[place] = value if old is None or value > old else old
            case Min(value=value):
                self.values[place] = value if old is None or value < old else old
            case Append(value=value, cap=cap):
                self.values[place] = [*(old or []), value][-cap:]
            case AddMember(member=member):
                self.members.add((*place, member))
            case RemoveMember(member=member):
                self.members.discard((*place, member))
            case Delete(field=""):
                self.values = {at: value for at, value in self.values.items() if at[0] != operation.key}
                self.members = {at for at in self.members if at[0] != operation.key}
            case Delete():
                self.values.pop(place, None)
                self.members = {at for at in self.members if at[:2] != place}

    def state(self) -> tuple[dict[tuple[Any, ...], Any], set[tuple[Any, ...]]]:
        """Comparable: the values that are there, and the members of the sets."""
        return {place: value for place, value in self.values.items() if value is not None}, set(self.members)
