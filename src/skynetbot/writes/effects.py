"""The algebra: what a sequence of operations does to one field, as one value that any number more can join.

An effect is a function from the stored value (None is absent) to the new one, kept in a normal form that is closed
under composition. So ten thousand operations merge into something of constant size, and applying it once equals
applying them in their order; `tests/skynetbot/writes/test_effects.py` holds the slow obvious version beside it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from skynetbot.storage.statements import Mode
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

__all__ = ["Effect", "ListEffect", "NumberEffect", "RowEffect", "SetEffect", "ValueEffect"]


_KEEP: Final = "keep"
_GONE: Final = "gone"
_CONST: Final = "const"


class NumberEffect(msgspec.Struct, gc=False):
    """``x -> min(high, max(low, x + add))``, and what an absent value becomes.

    Such functions are closed under composition: clamping after adding after clamping is one addition and one clamp.
    A constant is ``low == high``; ``gone`` means that any value becomes absent.
    """

    on_null: int | float | None = None
    gone: bool = False
    add: int | float = 0
    low: int | float | None = None
    high: int | float | None = None

    def then(self, operation: Operation) -> None:
        """Append one operation."""
        match operation:
            case Increment():
                self._increment(operation.by)
            case Set():
                self.on_null = operation.value
                self._become(operation.value)
            case SetOnce():
                if self.on_null is None:
                    self.on_null = operation.value
                if self.gone:
                    self._become(operation.value)
            case Max():
                self._at_least(operation.value)
            case Min():
                self._at_most(operation.value)
            case _:
                self.on_null = None
                self.gone, self.add, self.low, self.high = True, 0, None, None

    def _become(self, value: int | float) -> None:
        self.gone, self.add, self.low, self.high = False, 0, value, value

    def _increment(self, by: int) -> None:
        self.on_null = by if self.on_null is None else self.on_null + by
        if self.gone:
            self._become(by)
            return
        self.add += by
        if self.low is not None:
            self.low += by
        if self.high is not None:
            self.high += by

    def _at_least(self, value: int | float) -> None:
        self.on_null = value if self.on_null is None else max(self.on_null, value)
        if self.gone:
            self._become(value)
            return
        self.low = value if self.low is None else max(self.low, value)
        if self.high is not None:
            self.high = max(self.high, value)

    def _at_most(self, value: int | float) -> None:
        self.on_null = value if self.on_null is None else min(self.on_null, value)
        if self.gone:
            self._become(value)
            return
        self.high = value if self.high is None else min(self.high, value)
        if self.low is not None:
            self.low = min(self.low, value)

    def apply(self, value: Any) -> Any:
        if value is None:
            return self.on_null
        if self.gone:
            return None
        result = value + self.add
        if self.low is not None:
            result = max(result, self.low)
        return result if self.high is None else min(result, self.high)

    def form(self) -> tuple[Mode, Any] | None:
        null, low, high = self.on_null, self.low, self.high
        if self.gone:
            return ("set", None) if null is None else None
        if low is None and high is None:
            # on_null equals add exactly when every operation was an increment.
            if null == self.add and null is not None:
                return "add", null
            return ("once", null) if self.add == 0 and null is not None else None
        if low == high:
            return ("set", low) if null == low else None
        if self.add != 0:
            return None
        if high is None and null == low:
            return "max", low
        return ("min", high) if low is None and null == high else None


class ValueEffect(msgspec.Struct, gc=False):
    """For fields that are only replaced: texts."""

    on_null: str | None = None
    fate: str = _KEEP
    value: str | None = None

    def then(self, operation: Operation) -> None:
        """Append one operation."""
        match operation:
            case Set():
                self.on_null = self.value = operation.value
                self.fate = _CONST
            case SetOnce():
                if self.on_null is None:
                    self.on_null = operation.value
                if self.fate == _GONE:
                    self.fate, self.value = _CONST, operation.value
            case _:
                self.on_null = self.value = None
                self.fate = _GONE

    def apply(self, value: Any) -> Any:
        if value is None:
            return self.on_null
        return value if self.fate == _KEEP else self.value

    def form(self) -> tuple[Mode, Any] | None:
        if self.fate == _KEEP:
            return "once", self.on_null
        # Constant for every value; the same for none, or not expressible in one upsert.
        return ("set", self.value) if self.on_null == self.value else None


class ListEffect(msgspec.Struct):
    """``x -> x[-keep:] + tail`` (``keep`` None: all of it), or a constant, or absent."""

    on_null: list[Any] | None = None
    fate: str = _KEEP
    keep: int | None = None
    tail: list[Any] = []
    """What is appended; the whole list when the fate is constant."""

    def then(self, operation: Operation) -> None:
        """Append one operation."""
        match operation:
            case Append():
                self._append(operation.value, operation.cap)
            case Set():
                self.on_null, self.tail = list(operation.value), list(operation.value)
                self.fate = _CONST
            case SetOnce():
                if self.on_null is None:
                    self.on_null = list(operation.value)
                if self.fate == _GONE:
                    self.fate, self.tail = _CONST, list(operation.value)
            case _:
                self.on_null, self.fate, self.keep, self.tail = None, _GONE, None, []

    def _append(self, value: Any, cap: int) -> None:
        self.on_null = [*(self.on_null or ()), value][-cap:]
        if self.fate == _GONE:
            self.fate = _CONST
        self.tail = [*self.tail, value][-cap:]
        if self.fate == _KEEP:
            room = cap - len(self.tail)
            self.keep = room if self.keep is None else min(self.keep, room)

    def apply(self, value: Any) -> Any:
        if value is None:
            return self.on_null
        if self.fate == _GONE:
            return None
        if self.fate == _CONST:
            return list(self.tail)
        kept = value if self.keep is None else value[max(0, len(value) - self.keep) :]
        return [*kept, *self.tail]

    def form(self) -> tuple[Mode, Any] | None:
        if self.fate == _KEEP:
            return None if self.tail or self.keep is not None else ("once", self.on_null)
        after = None if self.fate == _GONE else self.tail
        return ("set", after) if self.on_null == after else None


class SetEffect(msgspec.Struct):
    """Members that are in or out afterwards, and whether all others were dropped."""

    cleared: bool = False
    members: dict[int | str, bool] = {}

    def then(self, operation: Operation) -> None:
        """Append one operation."""
        match operation:
            case AddMember():
                self.members[operation.member] = True
            case RemoveMember():
                self.members[operation.member] = False
            case _:
                self.cleared = True
                self.members.clear()

    def apply(self, value: frozenset[Any]) -> frozenset[Any]:
        kept = frozenset() if self.cleared else value
        added = {member for member, there in self.members.items() if there}
        removed = {member for member, there in self.members.items() if not there}
        return (kept | added) - removed


Effect: TypeAlias = NumberEffect | ValueEffect | ListEffect


_NO_SETS: Final[Mapping[str, SetEffect]] = MappingProxyType({})


class RowEffect(msgspec.Struct, gc=False):
    """What the operations on one row do to it. Nothing here can be part of a cycle, so the collector need not look."""

    fields: dict[str, Effect] = {}
    dropped: bool = False
    sets: Mapping[str, SetEffect] = _NO_SETS

    def then(self, table: Table, operation: Operation) -> None:
        """Append one operation, which must have been checked (see `checks`)."""
        name = operation.field
        effect = self.fields.get(name)
        if effect is not None:
            effect.then(operation)
            return
        if not name and isinstance(operation, Delete):
            self.dropped = True
            self.fields.clear()
            self.sets = _NO_SETS
            return
        column = table.field(name)
        if column is None:
            change = self.sets.get(name)
            if change is None:
                change = SetEffect()
                self.sets = {**self.sets, name: change}
            change.then(operation)
            return
        if column.type == "text":
            effect = ValueEffect()
        elif column.type == "list":
            effect = ListEffect()
        else:
            effect = NumberEffect()
        effect.then(operation)
        self.fields[name] = effect

    def apply(self, values: dict[str, Any]) -> dict[str, Any]:
        """The fields' values afterwards; ``values`` holds those stored, every field of interest named."""
        if self.dropped:
            values = dict.fromkeys(values)
        return {
            name: self.fields[name].apply(value) if name in self.fields else value for name, value in values.items()
        }

    def apply_set(self, name: str, members: frozenset[int | str]) -> frozenset[int | str]:
        """A set field's members afterwards."""
        if self.dropped:
            members = frozenset()
        change = self.sets.get(name)
        return members if change is None else change.apply(members)
