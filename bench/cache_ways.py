"""What the parts of the cache bench share: three ways to read what messages and pages need, one of them ours."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from typing_extensions import override

from skynetbot.bus.contract import Bus
from skynetbot.cache.pages import ServerPages
from skynetbot.cache.sessions import SessionCache, StoredSession
from skynetbot.cache.snapshots import SnapshotCache
from skynetbot.features.registry import schemas
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import SettingsService
from skynetbot.guildconfig.snapshot import GuildSettings, build_snapshot
from skynetbot.storage.actions import ActionRepository, ActionRow
from skynetbot.storage.activity import ActivityRepository, MemberRow, Totals
from skynetbot.storage.sessions import SessionRepository
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.store import Store

__all__ = ["Direct", "Ours", "Reads", "Repositories", "Ttl", "TtlMap"]

V = TypeVar("V")

_SECONDS_PER_DAY: Final = 86_400


class Repositories:
    """The tables that pages and messages are read from, over one database."""

    def __init__(self, store: Store, activity: ActivityRepository) -> None:
        self.activity = activity
        self.actions = ActionRepository(store)
        self.sessions = SessionRepository(store)
        self.settings = SettingsRepository(store)


class Reads(Protocol):
    """What `dashboard`'s adapters ask of the pages' cache and of the settings service, and the sessions."""

    schemas: Mapping[str, Schema[Any]]
    sessions: SessionCache

    def schema(self, feature: str) -> Schema[Any]: ...

    async def snapshot(self, guild_id: int) -> GuildSettings: ...

    async def totals(self, guild_id: int) -> Totals: ...

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]: ...

    async def recent_actions(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRow]: ...


class Direct:
    """No cache: each read is a query."""

    def __init__(self, repositories: Repositories, bus: Bus, now: Callable[[], float]) -> None:
        self.schemas = schemas()
        self._from = repositories
        self._now = now
        self.sessions = _SessionsAside(repositories, bus, now, self.session)

    def schema(self, feature: str) -> Schema[Any]:
        return self.schemas[feature]

    async def snapshot(self, guild_id: int) -> GuildSettings:
        return build_snapshot(guild_id, self.schemas, await self._from.settings.all_of(guild_id))

    async def totals(self, guild_id: int) -> Totals:
        return await self._from.activity.totals(guild_id, int(self._now() // _SECONDS_PER_DAY))

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]:
        return await self._from.activity.top(guild_id, limit)

    async def recent_actions(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRow]:
        return await self._from.actions.recent(guild_id, limit, before)

    async def session(self, key: str) -> StoredSession | None:
        found = await self._from.sessions.get(key, self._now())
        return None if found is None else StoredSession(*found)


class TtlMap:
    """As the original's CacheManager: 300 s from when it was read, 1,000 entries, the first in is the first out.

    Nobody is told of changes, and who misses at the same time asks at the same time.
    """

    def __init__(self, now: Callable[[], float], ttl_s: float = 300.0, entries: int = 1_000) -> None:
        self._now = now
        self._ttl_s = ttl_s
        self._entries = entries
        self._values: dict[Hashable, tuple[float, Any]] = {}

    async def get(self, key: Hashable, load: Callable[[], Awaitable[V]]) -> V:
        held = self._values.get(key)
        if held is not None and self._now() - held[0] < self._ttl_s:
            value: V = held[1]
            return value
        value = await load()
        if key not in self._values and len(self._values) >= self._entries:
            del self._values[next(iter(self._values))]
        self._values[key] = (self._now(), value)
        return value


class Ttl(Direct):
    """The same reads behind a `TtlMap`."""

    def __init__(self, repositories: Repositories, bus: Bus, now: Callable[[], float]) -> None:
        self.map = TtlMap(now)
        super().__init__(repositories, bus, now)

    @override
    async def snapshot(self, guild_id: int) -> GuildSettings:
        direct = super().snapshot
        return await self.map.get(("settings", guild_id), lambda: direct(guild_id))

    @override
    async def totals(self, guild_id: int) -> Totals:
        direct = super().totals
        return await self.map.get(("totals", guild_id), lambda: direct(guild_id))

    @override
    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]:
        direct = super().top
        return await self.map.get(("top", guild_id, limit), lambda: direct(guild_id, limit))

    @override
    async def recent_actions(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRow]:
        direct = super().recent_actions
        return await self.map.get(("actions", guild_id, limit, before), lambda: direct(guild_id, limit, before))

    @override
    async def session(self, key: str) -> StoredSession | None:
        direct = super().session
        return await self.map.get(("session", key), lambda: direct(key))


class Ours:
    """The product's caches, as `app` puts them together."""

    def __init__(self, repositories: Repositories, bus: Bus, now: Callable[[], float]) -> None:
        self.service = SettingsService(repositories.settings, bus, schemas(), now=now)
        self.schemas = self.service.schemas
        self.schema = self.service.schema
        self.snapshot = self.service.snapshot
        self.pages = ServerPages(repositories.activity, repositories.actions, now=now)
        self.totals = self.pages.totals
        self.top = self.pages.top
        self.recent_actions = self.pages.recent_actions
        self.sessions = SessionCache(repositories.sessions, bus, now)
        self.caches: tuple[SnapshotCache[Any, Any], ...] = (
            self.service.cache,
            self.pages.activity,
            self.pages.actions,
            self.sessions.cache,
        )
        for cache in self.caches:
            cache._clock = now


class _SessionsAside(SessionCache):
    """Sessions written as ours are, and read in another way."""

    def __init__(
        self,
        repositories: Repositories,
        bus: Bus,
        now: Callable[[], float],
        read: Callable[[str], Awaitable[StoredSession | None]],
    ) -> None:
        super().__init__(repositories.sessions, bus, now)
        self._read = read

    @override
    async def get(self, key: str) -> StoredSession | None:
        return await self._read(key)
