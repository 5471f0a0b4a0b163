"""Moderation cases: committed at once, numbered 1, 2, 3 ... in each server without gaps or races."""

from collections.abc import Sequence

import msgspec

from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store

__all__ = ["CaseRepository", "CaseRow"]

_COLUMNS = "guild_id, number, kind, user_id, moderator_id, reason, at, expires_at, closed_at"


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """One case; times are seconds since 1970."""

    guild_id: int
    number: int = 0
    kind: str
    user_id: int
    moderator_id: int
    reason: str
    at: float
    expires_at: float | None = None
    closed_at: float | None = None


class CaseRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, case: CaseRow) -> CaseRow:
        """Commit a new case and return it with its number."""

        def work() -> Work[CaseRow]:
            # The server's row is locked until the commit, so numbers follow each other. When the row is new, or was
            # dropped and made again by others, they go on after the last case.
            rows = yield from fetch(
                "INSERT INTO guilds (guild_id, cases) "
                "SELECT ?1, coalesce(max(number), 0) + 1 FROM cases WHERE guild_id = ?1 "
                "ON CONFLICT (guild_id) DO UPDATE SET cases = coalesce(guilds.cases + 1, excluded.cases) "
                "RETURNING cases",
                case.guild_id,
            )
            numbered = msgspec.structs.replace(case, number=int(rows[0][0]))
            yield from fetch(
                f"INSERT INTO cases ({_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",  # noqa: S608
                *msgspec.structs.astuple(numbered),
            )
            return numbered

        return await self._store.run("cases", "open", work)

    async def close(self, guild_id: int, number: int, at: float) -> bool:
        """End a case; False when there is none, or when it was closed already."""

        def work() -> Work[bool]:
            rows = yield from fetch(
                "UPDATE cases SET closed_at = ?3 WHERE guild_id = ?1 AND number = ?2 AND closed_at IS NULL "
                "RETURNING number",
                guild_id,
                number,
                at,
            )
            return bool(rows)

        return await self._store.run("cases", "close", work)

    async def of_user(self, guild_id: int, user_id: int, limit: int = 50) -> Sequence[CaseRow]:
        """The newest first."""

        def work() -> Work[list[CaseRow]]:
            rows = yield from fetch(
                f"SELECT {_COLUMNS} FROM cases "  # noqa: S608 - the columns are a constant
                "WHERE guild_id = ?1 AND user_id = ?2 ORDER BY number DESC LIMIT ?3",
                guild_id,
                user_id,
                limit,
            )
            return [CaseRow(**dict(zip(CaseRow.__struct_fields__, row, strict=True))) for row in rows]

        return await self._store.read("cases", "of_user", work)
