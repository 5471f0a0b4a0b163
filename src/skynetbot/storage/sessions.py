"""Web sessions as opaque values with an expiry, so that a restart logs nobody out."""

import apsw

from skynetbot.storage.database import Database

__all__ = ["SessionRepository"]


class SessionRepository:
    """Key-value rows; ``now`` and ``expires_at`` are seconds since 1970, ``None`` never expires."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, key: str, value: bytes, expires_at: float | None) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO web_sessions VALUES (?, ?, ?)", (key, value, expires_at))

        await self._database.run("web_sessions", "set", work)

    async def get(self, key: str, now: float) -> tuple[bytes, float | None] | None:
        """The value and its expiry; None when absent or expired."""

        def work(connection: apsw.Connection) -> tuple[bytes, float | None] | None:
            row = connection.execute(
                "SELECT value, expires_at FROM web_sessions WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
                (key, now),
            ).fetchone()
            return (bytes(row[0]), row[1]) if row else None

        return await self._database.run("web_sessions", "get", work)

    async def delete(self, key: str) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM web_sessions WHERE key = ?", (key,))

        await self._database.run("web_sessions", "delete", work)

    async def delete_all(self) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM web_sessions")

        await self._database.run("web_sessions", "delete_all", work)

    async def delete_expired(self, now: float) -> int:
        def work(connection: apsw.Connection) -> int:
            connection.execute("DELETE FROM web_sessions WHERE expires_at <= ?", (now,))
            return connection.changes()

        return await self._database.run("web_sessions", "delete_expired", work)
