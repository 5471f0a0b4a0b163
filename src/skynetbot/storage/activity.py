"""Activity counters and ranks: one narrow row a member, one a server and day."""

from collections.abc import Mapping, Sequence

import apsw
import msgspec

from skynetbot.storage.database import Database

__all__ = ["ActivityRepository", "CounterBatch", "MemberRow", "Totals"]


class Totals(msgspec.Struct, frozen=True):
    """A server's counters; ``messages_today`` counts the UTC day that was asked for."""

    messages_total: int
    messages_today: int
    members_seen: int


class MemberRow(msgspec.Struct, frozen=True):
    user_id: int
    name: str
    messages: int


class CounterBatch(msgspec.Struct):
    """Increments merged by key; applying a batch adds each of them once."""

    members: dict[tuple[int, int], int] = {}
    """(guild, user) -> messages to add."""
    days: dict[tuple[int, int], int] = {}
    """(guild, day since 1970-01-01 UTC) -> messages to add."""
    names: dict[tuple[int, int], str] = {}
    """(guild, user) -> the name last seen."""

    def __len__(self) -> int:
        return len(self.members) + len(self.days) + len(self.names)


class ActivityRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, batch: CounterBatch) -> Mapping[tuple[int, int], int]:
        """Add every increment of the batch in one transaction; each member's new total."""

        def work(connection: apsw.Connection) -> dict[tuple[int, int], int]:
            rows = connection.executemany(
                "INSERT INTO member_activity (guild_id, user_id, messages) VALUES (?, ?, ?) "
                "ON CONFLICT (guild_id, user_id) DO UPDATE SET messages = messages + excluded.messages "
                "RETURNING guild_id, user_id, messages",
                [(guild, user, count) for (guild, user), count in batch.members.items()],
            )
            totals = {(int(guild), int(user)): int(total) for guild, user, total in rows}
            connection.executemany(
                "INSERT INTO guild_day_activity (guild_id, day, messages) VALUES (?, ?, ?) "
                "ON CONFLICT (guild_id, day) DO UPDATE SET messages = messages + excluded.messages",
                [(guild, day, count) for (guild, day), count in batch.days.items()],
            )
            connection.executemany(
                "INSERT INTO member_names (guild_id, user_id, name) VALUES (?, ?, ?) "
                "ON CONFLICT (guild_id, user_id) DO UPDATE SET name = excluded.name "
                "WHERE name IS NOT excluded.name",
                [(guild, user, name) for (guild, user), name in batch.names.items()],
            )
            return totals

        return await self._database.run("activity", "apply", work)

    async def totals(self, guild_id: int, day: int) -> Totals:
        def work(connection: apsw.Connection) -> Totals:
            row = connection.execute(
                "SELECT (SELECT coalesce(sum(messages), 0) FROM guild_day_activity WHERE guild_id = ?1), "
                "(SELECT coalesce(sum(messages), 0) FROM guild_day_activity WHERE guild_id = ?1 AND day = ?2), "
                "(SELECT count(*) FROM member_activity WHERE guild_id = ?1)",
                (guild_id, day),
            ).fetchone()
            return Totals(*(int(value) for value in row or (0, 0, 0)))

        return await self._database.run("activity", "totals", work)

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]:
        """The members with most messages, most first."""

        def work(connection: apsw.Connection) -> list[MemberRow]:
            rows = connection.execute(
                "SELECT a.user_id, coalesce(n.name, ''), a.messages FROM member_activity a "
                "LEFT JOIN member_names n USING (guild_id, user_id) "
                "WHERE a.guild_id = ? ORDER BY a.messages DESC, a.user_id LIMIT ?",
                (guild_id, limit),
            )
            return [MemberRow(int(user), str(name), int(messages)) for user, name, messages in rows]

        return await self._database.run("activity", "top", work)

    async def messages_of(self, guild_id: int, user_id: int) -> int:
        def work(connection: apsw.Connection) -> int:
            row = connection.execute(
                "SELECT messages FROM member_activity WHERE guild_id = ? AND user_id = ?", (guild_id, user_id)
            ).fetchone()
            return int(row[0]) if row else 0

        return await self._database.run("activity", "messages_of", work)

    async def counts(self) -> Mapping[tuple[int, int], int]:
        """Every member's count, for exports and checks: (guild, user) -> messages."""

        def work(connection: apsw.Connection) -> dict[tuple[int, int], int]:
            rows = connection.execute("SELECT guild_id, user_id, messages FROM member_activity")
            return {(int(guild), int(user)): int(messages) for guild, user, messages in rows}

        return await self._database.run("activity", "counts", work)

    async def reach_rank(self, guild_id: int, user_id: int, rank: int, at: float) -> bool:
        """Record that the member reached ``rank``; True only the first time, so a rank is rewarded once."""

        def work(connection: apsw.Connection) -> bool:
            connection.execute(
                "INSERT INTO member_ranks (guild_id, user_id, rank, at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (guild_id, user_id) DO UPDATE SET rank = excluded.rank, at = excluded.at "
                "WHERE excluded.rank > rank",
                (guild_id, user_id, rank, at),
            )
            return connection.changes() > 0

        return await self._database.run("activity", "reach_rank", work)
