"""Web sessions as opaque values with an expiry, so that a restart logs nobody out."""

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = ["SessionRepository"]


class SessionRepository:
    """Key-value rows; ``now`` and ``expires_at`` are seconds since 1970, ``None`` never expires."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def set(self, key: str, value: bytes, expires_at: float | None) -> None:
        await self._run(
            "set",
            "INSERT INTO web_sessions (key, value, expires_at) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
            key,
            value,
            expires_at,
        )

    async def get(self, key: str, now: float) -> tuple[bytes, float | None] | None:
        """The value and its expiry; None when absent or expired."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    "SELECT value, expires_at FROM web_sessions "
                    "WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
                    key,
                    now,
                )
            )

        rows = await self._store.read("web_sessions", "get", work)
        return (bytes(rows[0][0]), rows[0][1]) if rows else None

    async def delete(self, key: str) -> None:
        await self._run("delete", "DELETE FROM web_sessions WHERE key = ?1", key)

    async def delete_all(self) -> None:
        await self._run("delete_all", "DELETE FROM web_sessions")

    async def delete_expired(self, now: float) -> int:
        """How many there were."""
        rows = await self._run("delete_expired", "DELETE FROM web_sessions WHERE expires_at <= ?1 RETURNING 1", now)
        return len(rows)

    async def _run(self, verb: str, sql: str, *args: str | bytes | float | None) -> list[Row]:
        return await self._store.run("web_sessions", verb, lambda: fetch(sql, *args))
