"""The typed operations: what may be said about a field without knowing its value.

Each is applied to (collection, key, field). They are journalled as compact MessagePack arrays.
"""

from typing import Any, TypeAlias

import msgspec

from skynetbot.storage.rows import Key

__all__ = [
    "AddMember",
    "Append",
    "Delete",
    "Increment",
    "Max",
    "Min",
    "Operation",
    "RemoveMember",
    "Set",
    "SetOnce",
]


class _Operation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    collection: str
    key: Key
    field: str


class Increment(_Operation, frozen=True, array_like=True, gc=False, tag=1):
    """Add ``by`` (an integer, may be negative); an absent value counts as 0."""

    by: int = 1


class Set(_Operation, frozen=True, array_like=True, gc=False, tag=2):
    """Replace the value."""

    value: Any


class SetOnce(_Operation, frozen=True, array_like=True, gc=False, tag=3):
    """Set the value only when there is none."""

    value: Any


class Max(_Operation, frozen=True, array_like=True, gc=False, tag=4):
    """Keep the greater of the value and this one."""

    value: int | float


class Min(_Operation, frozen=True, array_like=True, gc=False, tag=5):
    """Keep the smaller of the value and this one."""

    value: int | float


class Append(_Operation, frozen=True, array_like=True, gc=False, tag=6):
    """Add ``value`` at the end of the list, then keep only its last ``cap`` elements."""

    value: Any
    cap: int


class AddMember(_Operation, frozen=True, array_like=True, gc=False, tag=7):
    """Put ``member`` into the set."""

    member: int | str


class RemoveMember(_Operation, frozen=True, array_like=True, gc=False, tag=8):
    """Take ``member`` out of the set."""

    member: int | str


class Delete(_Operation, frozen=True, array_like=True, gc=False, tag=9):
    """Make the field absent (a set: empty); with field ``""`` delete the whole row and its sets."""


Operation: TypeAlias = Increment | Set | SetOnce | Max | Min | Append | AddMember | RemoveMember | Delete
