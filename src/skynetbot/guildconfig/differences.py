"""Pure rules about two versions of one feature's settings: what differs, and what happens when two people change it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["FieldChange", "Merge", "difference", "items_changed", "merge", "undone"]


class FieldChange(msgspec.Struct, frozen=True):
    """One field of a feature, before and after, as plain values."""

    field: str
    before: Any
    after: Any


class Merge(msgspec.Struct, frozen=True):
    """The outcome of a three-way merge; with conflicts nothing may be saved."""

    fields: Mapping[str, Any]
    """What to change of the current settings."""
    conflicts: Mapping[str, tuple[Any, Any]]
    """By field: (theirs, which stands now; mine)."""


def difference(before: msgspec.Struct, after: msgspec.Struct) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order of the struct."""
    return tuple(
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name in after.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    )


def items_changed(change: FieldChange) -> tuple[Sequence[Any], Sequence[Any]] | None:
    """(added, removed) of a field that is a list; None for other fields, and when only the order is another."""
    before, after = change.before, change.after
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return None
    added = [item for item in after if item not in before]
    removed = [item for item in before if item not in after]
    return (added, removed) if added or removed else None


def merge(base: msgspec.Struct, mine: msgspec.Struct, theirs: msgspec.Struct) -> Merge:
    """Carry what I changed since ``base`` over to ``theirs``; a field that both changed differently is a conflict."""
    fields: dict[str, Any] = {}
    conflicts: dict[str, tuple[Any, Any]] = {}
    for change in difference(base, mine):
        stands = getattr(theirs, change.field)
        if stands == change.before:
            fields[change.field] = change.after
        elif stands != change.after:
            conflicts[change.field] = (stands, change.after)
    return Merge(fields, conflicts)


def undone(before: msgspec.Struct, after: msgspec.Struct, current: msgspec.Struct) -> Merge:
    """Take one change back, whatever else was changed since; a field that was changed again is a conflict."""
    return merge(after, before, current)
