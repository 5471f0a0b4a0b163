"""Web sessions from memory: a request of somebody who is logged in asks the database nothing."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from skynetbot.bus.contract import GAP_TOPIC, Bus
from skynetbot.cache.snapshots import CachePolicy, Loaded, SnapshotCache
from skynetbot.storage.sessions import SessionRepository

__all__ = ["SessionCache", "StoredSession", "sessions_topic"]

sessions_topic: Final = "sessions.changed"
"""Bus topic; the message is the key of a session that was written or ended."""


class StoredSession(msgspec.Struct, frozen=True):
    """An opaque value; ``expires_at`` is seconds since 1970, None never."""

    value: bytes
    expires_at: float | None


class SessionCache:
    """A session that another process ends or changes is seen here at its news, or after ten seconds."""

    def __init__(self, sessions: SessionRepository, bus: Bus, now: Callable[[], float] = time.time) -> None:
        self._sessions = sessions
        self._bus = bus
        self._now = now
        policy = CachePolicy(capacity_bytes=16 << 20, max_age_s=10.0)
        self.cache: SnapshotCache[str, StoredSession] = SnapshotCache(
            "sessions", self._load, cost=lambda session: len(session.value), policy=policy
        )
        bus.listen(sessions_topic, self.cache.invalidate)
        bus.listen(GAP_TOPIC, lambda _: self.cache.revalidate())

    async def get(self, key: str) -> StoredSession | None:
        """The session; None when there is none or it has expired."""
        found = await self.cache.get(key)
        if found is None or (found.expires_at is not None and found.expires_at <= self._now()):
            return None
        return found

    async def set(self, key: str, value: bytes, expires_in_s: float | None) -> None:
        """Commit the session; None never expires."""
        await self._sessions.set(key, value, None if expires_in_s is None else self._now() + expires_in_s)
        self._bus.publish(sessions_topic, key)

    async def delete(self, key: str) -> None:
        await self._sessions.delete(key)
        self._bus.publish(sessions_topic, key)

    async def delete_all(self) -> None:
        """In other processes within the age limit."""
        await self._sessions.delete_all()
        self.cache.revalidate()

    async def _load(self, key: str) -> Loaded[StoredSession]:
        found = await self._sessions.get(key, self._now())
        return Loaded(None if found is None else StoredSession(*found))
