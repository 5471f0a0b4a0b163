"""Moderation cases: committed at once, numbered 1, 2, 3 ... in each server without gaps or races.

The functions that begin with ``case`` are for use inside transactions, beside the jobs that belong to a case;
`CaseRepository` runs them by themselves.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = ["CaseRepository", "CaseRow", "case_close", "case_get", "case_open", "cases_of_user"]


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One case; times are seconds since 1970."""

    guild_id: int
    number: int = 0
    kind: str
    user_id: int
    """Whom it is about; of a case about a channel, the channel's id."""
    moderator_id: int
    reason: str
    at: float
    expires_at: float | None = None
    closed_at: float | None = None


_COLUMNS: Final = ", ".join(CaseRow.__struct_fields__)
_NEWEST: Final = (1 << 63) - 1


def case_open(case: CaseRow) -> Work[CaseRow]:
    """Insert and return it with its number."""
    # The server's row is locked until the commit, so numbers follow each other. When the row is new, or was dropped
    # and made again by others, they go on after the last case.
    rows = yield from fetch(
        "INSERT INTO guilds (guild_id, cases) "
        "SELECT ?1, coalesce(max(number), 0) + 1 FROM cases WHERE guild_id = ?1 "
        "ON CONFLICT (guild_id) DO UPDATE SET cases = coalesce(guilds.cases + 1, excluded.cases) "
        "RETURNING cases",
        case.guild_id,
    )
    numbered = msgspec.structs.replace(case, number=int(rows[0][0]))
    yield from fetch(
        f"INSERT INTO cases ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",  # noqa: S608 - a constant
        *msgspec.structs.astuple(numbered),
    )
    return numbered


def case_close(guild_id: int, number: int, at: float) -> Work[bool]:
    """End a case; False when there is none, or when it was closed already."""
    rows = yield from fetch(
        "UPDATE cases SET closed_at = ?3 WHERE guild_id = ?1 AND number = ?2 AND closed_at IS NULL RETURNING number",
        guild_id,
        number,
        at,
    )
    return bool(rows)


def case_get(guild_id: int, number: int) -> Work[CaseRow | None]:
    rows = yield from fetch(
        f"SELECT {_COLUMNS} FROM cases WHERE guild_id = ?1 AND number = ?2",  # noqa: S608 - a constant
        guild_id,
        number,
    )
    return _case(rows[0]) if rows else None


def cases_of_user(guild_id: int, user_id: int, limit: int = 50, before: int | None = None) -> Work[list[CaseRow]]:
    """The newest first; ``before`` pages on from a number."""
    rows = yield from fetch(
        f"SELECT {_COLUMNS} FROM cases "  # noqa: S608 - a constant
        "WHERE guild_id = ?1 AND user_id = ?2 AND number < ?4 ORDER BY number DESC LIMIT ?3",
        guild_id,
        user_id,
        limit,
        _NEWEST if before is None else before,
    )
    return [_case(row) for row in rows]


class CaseRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, case: CaseRow) -> CaseRow:
        """Commit a new case and return it with its number."""
        return await self._store.run("cases", "open", lambda: case_open(case))

    async def close(self, guild_id: int, number: int, at: float) -> bool:
        """See `case_close`."""
        return await self._store.run("cases", "close", lambda: case_close(guild_id, number, at))

    async def of_user(self, guild_id: int, user_id: int, limit: int = 50) -> Sequence[CaseRow]:
        """The newest first."""
        return await self._store.read("cases", "of_user", lambda: cases_of_user(guild_id, user_id, limit))


def _case(row: Row) -> CaseRow:
    return CaseRow(**dict(zip(CaseRow.__struct_fields__, row, strict=True)))
