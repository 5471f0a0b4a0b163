"""Activity: members' and days' counters, read with the writes that still wait, and the ranks reached."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from skynetbot.storage.pending import PendingWrites
from skynetbot.storage.rows import Key
from skynetbot.storage.statements import Row, SelectRows, Work, fetch
from skynetbot.storage.store import Store
from skynetbot.storage.tables import GUILD_DAYS, MEMBERS

__all__ = ["ActivityPage", "ActivityRepository", "MemberRow", "Totals"]

_MEMBER_FIELDS = ("messages", "name")


class Totals(msgspec.Struct, frozen=True):
    """A server's counters; ``messages_today`` counts the UTC day that was asked for."""

    messages_total: int
    messages_today: int
    members_seen: int


class MemberRow(msgspec.Struct, frozen=True):
    user_id: int
    name: str
    messages: int


class ActivityPage(msgspec.Struct, frozen=True):
    """What pages show of a server's activity; ``day`` is the one that ``totals`` calls today."""

    day: int
    totals: Totals
    top: tuple[MemberRow, ...]


class ActivityRepository:
    """Counting itself is done with batched operations on `MEMBERS` and `GUILD_DAYS`."""

    def __init__(self, store: Store, writes: PendingWrites) -> None:
        self._store = store
        self._writes = writes

    async def page(self, guild_id: int, day: int, limit: int) -> ActivityPage:
        """The server's sums with today's (days since 1970-01-01, UTC), and the members with most messages."""
        waiting = list(self._writes.waiting("members", guild_id))
        days = list({*self._writes.waiting("guild_days", guild_id), (guild_id, day)})

        def work() -> Work[tuple[int, int, list[Row], list[Row], list[Row]]]:
            ((total, seen),) = yield from fetch(
                "SELECT (SELECT coalesce(sum(messages), 0) FROM guild_days WHERE guild_id = ?1), "
                "(SELECT count(*) FROM members WHERE guild_id = ?1)",
                guild_id,
            )
            top = yield from fetch(
                "SELECT guild_id, user_id, messages, name FROM members WHERE guild_id = ?1 AND messages IS NOT NULL "
                "ORDER BY messages DESC, user_id LIMIT ?2",
                guild_id,
                limit,
            )
            # A waiting increment may lift any of these into the list.
            stored = yield SelectRows(MEMBERS, _MEMBER_FIELDS, waiting)
            stored_days = yield SelectRows(GUILD_DAYS, ("messages",), days)
            return int(total), int(seen), top, stored, stored_days

        read, overlay = await self._writes.view("activity", "page", work, scan=True)
        total, seen, top, stored, stored_days = read
        before = {row[:2]: row[2] or 0 for row in stored_days}
        today = 0
        for key in days:
            was = before.get(key, 0)
            is_now = overlay.apply("guild_days", key, {"messages": was})["messages"] or 0
            total += is_now - was
            today = is_now if key[1] == day else today
        totals = Totals(total, today, seen + len(waiting) - len(stored))
        values: dict[Key, dict[str, Any]] = {key: dict.fromkeys(_MEMBER_FIELDS) for key in waiting}
        values |= {row[:2]: dict(zip(_MEMBER_FIELDS, row[2:], strict=True)) for row in (*top, *stored)}
        members = [_member(key, overlay.apply("members", key, found)) for key, found in values.items()]
        members.sort(key=lambda row: (-row.messages, row.user_id))
        return ActivityPage(day, totals, tuple(members[:limit]))

    async def totals(self, guild_id: int, day: int) -> Totals:
        """The server's sums, with today's."""
        return (await self.page(guild_id, day, 0)).totals

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]:
        """The members with most messages, most first."""
        return (await self.page(guild_id, 0, limit)).top

    async def messages_of(self, guild_id: int, user_id: int) -> int:
        """How many messages of the member were counted."""
        key = (guild_id, user_id)

        def work() -> Work[list[Row]]:
            return (yield SelectRows(MEMBERS, ("messages",), [key]))

        rows, overlay = await self._writes.view("activity", "messages_of", work)
        stored = rows[0][2] if rows else None
        return overlay.apply("members", key, {"messages": stored})["messages"] or 0

    async def counts(self) -> Mapping[tuple[int, int], int]:
        """Every member's count, for exports and checks: (guild, user) -> messages."""

        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT guild_id, user_id, messages FROM members"))

        waiting = self._writes.waiting("members")
        rows, overlay = await self._writes.view("activity", "counts", work, scan=True)
        stored: dict[Key, int | None] = dict.fromkeys(waiting)
        stored |= {row[:2]: row[2] for row in rows}
        return {
            (int(key[0]), int(key[1])): overlay.apply("members", key, {"messages": messages})["messages"] or 0
            for key, messages in stored.items()
        }

    async def reach_rank(self, guild_id: int, user_id: int, rank: int, at: float) -> bool:
        """Record that the member reached ``rank``; True only the first time, so a rank is rewarded once."""

        def work() -> Work[bool]:
            rows = yield from fetch(
                "INSERT INTO member_ranks (guild_id, user_id, rank, at) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (guild_id, user_id) DO UPDATE SET rank = excluded.rank, at = excluded.at "
                "WHERE excluded.rank > member_ranks.rank RETURNING rank",
                guild_id,
                user_id,
                rank,
                at,
            )
            return bool(rows)

        return await self._store.run("activity", "reach_rank", work)


def _member(key: Key, values: Mapping[str, Any]) -> MemberRow:
    return MemberRow(int(key[1]), values["name"] or "", values["messages"] or 0)
