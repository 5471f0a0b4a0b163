"""The kept members of one guild in one immutable ``bytes``: parallel columns, with role sets stored once.

Layout, in the machine's byte order: a header of four u32 (members, roles in the role table, whether there is a column
of timeouts, length of the role sets when they were last tidied), then the columns: role table u64, member ids u64
ascending, timeouts f64 (0 is none; only there if somebody has one), joined u32 (seconds, 0 is unknown), u32 offsets
into the role sets; then the role sets. A member costs 16 bytes and the role set of its own, if nobody shares it.

A role set is a run of UTF-8 characters between two NULs, a character for each role: its place in the role table plus
one. UTF-8 makes the search for an equal set one ``bytes.find`` that cannot match across characters, and has no limit
that a guild could reach.
"""

import struct
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from skynetbot.discord.state.views import MemberView

__all__ = ["NO_MEMBERS", "MemberTable"]

_HEADER: Final = struct.Struct("=4I")
_NO_SETS: Final = b"\0\0"
_LATEST: Final = (1 << 32) - 1
_SLACK: Final = 256
"""Bytes of abandoned role sets that are always tolerated."""


class MemberTable:
    """Reads such bytes, and makes the bytes of a changed table; never changes them."""

    __slots__ = ("_count", "_data", "_ids_at", "_joined_at", "_offsets_at", "_roles", "_sets_at", "_tidy", "_timeouts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._count: int
        self._count, self._roles, self._timeouts, self._tidy = _HEADER.unpack_from(data)
        self._ids_at = _HEADER.size + 8 * self._roles
        self._joined_at = self._ids_at + (16 if self._timeouts else 8) * self._count
        self._offsets_at = self._joined_at + 4 * self._count
        self._sets_at = self._offsets_at + 4 * self._count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[MemberView]:
        return map(self._view, range(self._count))

    def find(self, user_id: int) -> MemberView | None:
        ids = memoryview(self._data)[self._ids_at : self._ids_at + 8 * self._count].cast("Q")
        index = bisect_left(ids, user_id)
        return self._view(index) if index < self._count and ids[index] == user_id else None

    def with_member(self, member: MemberView) -> bytes:
        """The member added or replaced."""
        columns = _Columns(self)
        columns.put(member)
        return columns.pack()

    def without_member(self, user_id: int) -> bytes:
        columns = _Columns(self)
        return columns.pack() if columns.remove(user_id) else self._data

    def without_role(self, role_id: int) -> bytes:
        """The role taken from everybody who has it."""
        if role_id not in self.role_table():
            return self._data
        columns = _Columns(self)
        columns.tidy(without=role_id)
        return columns.pack()

    def trimmed(self, bound: int, own_id: int | None) -> bytes:
        """At most ``bound`` members: first those without roles and timeout go, of them the earliest joined first.

        ``own_id`` always stays.
        """
        joined = array("I", self._data[self._joined_at : self._offsets_at])
        ids = array("Q", self._data[self._ids_at : self._ids_at + 8 * self._count])

        def worth(index: int) -> tuple[bool, bool, int]:
            member = self._view(index)
            return ids[index] == own_id, bool(member.roles or member.timeout_until), joined[index]

        best = sorted(range(self._count), key=worth)[max(0, self._count - bound) :]
        return MemberTable.pack(map(self._view, best))

    @staticmethod
    def pack(members: Iterable[MemberView]) -> bytes:
        """A table of these members; of two with one id the later counts."""
        columns = _Columns(MemberTable(NO_MEMBERS))
        columns.put_all({member.id: member for member in members})
        return columns.pack()

    def role_table(self) -> "array[int]":
        return array("Q", self._data[_HEADER.size : self._ids_at])

    def columns(self) -> "tuple[array[int], array[float] | None, array[int], array[int], bytes, int]":
        """Copies of ids, timeouts, joined, offsets and role sets, and the sets' length when they were tidied."""
        data, timeouts_at = self._data, self._ids_at + 8 * self._count
        return (
            array("Q", data[self._ids_at : timeouts_at]),
            array("d", data[timeouts_at : self._joined_at]) if self._timeouts else None,
            array("I", data[self._joined_at : self._offsets_at]),
            array("I", data[self._offsets_at : self._sets_at]),
            data[self._sets_at :],
            self._tidy,
        )

    def check(self) -> None:
        """Raises: ValueError: these bytes are no table."""
        ids, timeouts, joined, offsets, sets, _ = self.columns()
        lengths = {len(ids), len(joined), len(offsets), len(ids if timeouts is None else timeouts)}
        if lengths != {self._count} or not sets.startswith(_NO_SETS) or not sets.endswith(b"\0"):
            raise ValueError("the columns of a member table do not fit together")
        if any(earlier >= later for earlier, later in pairwise(ids)):
            raise ValueError("the members of a table are not in order")
        for offset in set(offsets):
            if not 0 < offset < len(sets) or sets[offset - 1]:
                raise ValueError("a member points between role sets")
        if any(code > self._roles for code in map(ord, sets.decode())):
            raise ValueError("a role set names a role that is not in the table")

    def _view(self, index: int) -> MemberView:
        data = self._data
        (user_id,) = _U64.unpack_from(data, self._ids_at + 8 * index)
        (joined,) = _U32.unpack_from(data, self._joined_at + 4 * index)
        (offset,) = _U32.unpack_from(data, self._offsets_at + 4 * index)
        until = 0.0
        if self._timeouts:
            (until,) = _F64.unpack_from(data, self._ids_at + 8 * (self._count + index))
        start = self._sets_at + offset
        codes = data[start : data.index(0, start)].decode()
        roles = [_U64.unpack_from(data, _HEADER.size + 8 * (ord(code) - 1))[0] for code in codes]
        roles.sort()
        return MemberView(user_id, tuple(roles), joined or None, until or None)


class _Columns:
    """A table taken apart to be changed."""

    def __init__(self, table: MemberTable) -> None:
        self._ids, self._timeouts, self._joined, self._offsets, sets, self._tidy_length = table.columns()
        self._sets = bytearray(sets)
        self._roles = table.role_table()
        self._codes = {role_id: code for code, role_id in enumerate(self._roles, 1)}
        self._written: dict[bytes, int] | None = None
        """Where each role set is, while a whole table is written; otherwise they are searched for."""

    def put(self, member: MemberView) -> None:
        offset = self._intern(member.roles)
        joined = min(max(member.joined_at or 0, 0), _LATEST)
        until = member.timeout_until or 0.0
        if until and self._timeouts is None:
            self._timeouts = array("d", bytes(8 * len(self._ids)))
        index = bisect_left(self._ids, member.id)
        if index < len(self._ids) and self._ids[index] == member.id:
            self._joined[index], self._offsets[index] = joined, offset
            if self._timeouts is not None:
                self._timeouts[index] = until
            return
        self._ids.insert(index, member.id)
        self._joined.insert(index, joined)
        self._offsets.insert(index, offset)
        if self._timeouts is not None:
            self._timeouts.insert(index, until)

    def put_all(self, members: Mapping[int, MemberView]) -> None:
        """Into an empty table."""
        self._written = {b"\0": 1}
        for user_id in sorted(members):
            self.put(members[user_id])
        self._settle()

    def remove(self, user_id: int) -> bool:
        """Whether the member was there."""
        index = bisect_left(self._ids, user_id)
        if index == len(self._ids) or self._ids[index] != user_id:
            return False
        del self._ids[index], self._joined[index], self._offsets[index]
        if self._timeouts is not None:
            del self._timeouts[index]
        return True

    def tidy(self, without: int | None = None) -> None:
        """Drop role sets that nobody has any more, roles that are in none of them, and the role ``without``."""
        old_roles, old_sets, old_offsets = self._roles, self._sets, self._offsets
        self._roles, self._codes, self._sets, self._written = array("Q"), {}, bytearray(_NO_SETS), {b"\0": 1}
        moved: dict[int, int] = {}
        for offset in sorted(set(old_offsets)):
            codes = old_sets[offset : old_sets.index(0, offset)].decode()
            kept = [role_id for code in codes if (role_id := old_roles[ord(code) - 1]) != without]
            moved[offset] = self._intern(kept)
        self._offsets = array("I", [moved[offset] for offset in old_offsets])
        self._settle()

    def _settle(self) -> None:
        self._tidy_length = len(self._sets)
        self._written = None

    def pack(self) -> bytes:
        # Members change their roles, and what they had stays behind: tidied when it may be half of it all.
        if len(self._sets) > 2 * self._tidy_length + _SLACK:
            self.tidy()
        timeouts = self._timeouts if self._timeouts is not None and any(self._timeouts) else None
        return b"".join(
            (
                _HEADER.pack(len(self._ids), len(self._roles), timeouts is not None, self._tidy_length),
                self._roles,
                self._ids,
                timeouts or b"",
                self._joined,
                self._offsets,
                self._sets,
            )
        )

    def _intern(self, role_ids: Collection[int]) -> int:
        """Where the set of these roles starts, which is written if it is new."""
        codes: list[str] = []
        for role_id in set(role_ids):
            code = self._codes.get(role_id)
            if code is None:
                self._roles.append(role_id)
                code = self._codes[role_id] = len(self._roles)
            codes.append(chr(code))
        codes.sort()
        entry = "".join(codes).encode() + b"\0"
        written = self._written
        start = written.get(entry) if written is not None else self._sets.find(b"\0" + entry) + 1 or None
        if start is None:
            start = len(self._sets)
            self._sets += entry
            if written is not None:
                written[entry] = start
        return start


_U32: Final = struct.Struct("=I")
_U64: Final = struct.Struct("=Q")
_F64: Final = struct.Struct("=d")
NO_MEMBERS: Final = _HEADER.pack(0, 0, 0, len(_NO_SETS)) + _NO_SETS
