"""A read-through cache of immutable snapshots: one load however many ask, and never older than promised.

Three things keep a snapshot fresh. In this process a write puts the new value (or drops the key) before it is
acknowledged. From other processes news arrive over the bus. And if news are lost, `revalidate` is called when the
bus notices, and every value has an age limit besides. Versions see to it that a load which began before a write can
never bring the old value back.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Final, Generic, TypeVar

import msgspec

from skynetbot.cache.eviction import BoundedMap
from skynetbot.cache.tiers import SharedTier
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError, StorageUnavailable

__all__ = ["CachePolicy", "CacheTally", "Loaded", "SnapshotCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_log = get_logger(__name__)
_MAX_FLOORS: Final = 100_000
_MAX_LOADS: Final = 20
_ENTRY_BYTES: Final = 400
"""What an entry costs beside its value: keys, slots, bookkeeping."""


class Loaded(msgspec.Struct, Generic[V], frozen=True):
    """What a load found. ``value`` None means that there is nothing, which is remembered too."""

    value: V | None
    version: int = 0
    """Grows with each change of the stored thing; what is never changed has 0."""


class CachePolicy(msgspec.Struct, frozen=True, kw_only=True):
    capacity_bytes: int = 32 << 20
    max_age_s: float = 30.0
    """The age at which a snapshot is read again although nobody said that it changed."""
    absent_age_s: float = 5.0
    """The same for "there is nothing"."""
    outage_age_s: float = 3_600.0
    """How old a snapshot may be that is served because the database is away (nothing can be written meanwhile)."""


class CacheTally:
    """What happened, as plain numbers."""

    __slots__ = ("coalesced", "failures", "hits", "loads", "misses", "outage_hits", "shared_hits", "stale_rejections")

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self.loads = 0
        self.coalesced = 0
        self.shared_hits = 0
        self.stale_rejections = 0
        self.outage_hits = 0
        self.failures = 0

    def hit_ratio(self) -> float:
        """Hits of all reads; 1 before the first."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else 1.0


class _Entry(Generic[V]):
    __slots__ = ("asked_at", "loaded", "valid")

    def __init__(self, loaded: Loaded[V], asked_at: float) -> None:
        self.loaded = loaded
        self.asked_at = asked_at
        """When the read began, of the cache's clock: what it saw may be as old as that."""
        self.valid = True


class SnapshotCache(Generic[K, V]):
    """Snapshots of one kind, by key. What it hands out is shared: values must be immutable."""

    def __init__(
        self,
        name: str,
        load: Callable[[K], Awaitable[Loaded[V]]],
        *,
        cost: Callable[[V], int],
        policy: CachePolicy | None = None,
        shared: SharedTier[K, V] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``cost`` says how many bytes a value takes; ``shared`` is a second tier that processes have in common."""
        self.name = name
        self.tally = CacheTally()
        self._load = load
        self._cost = cost
        self._policy = policy or CachePolicy()
        self._max_age_s = self._policy.max_age_s
        self._absent_age_s = self._policy.absent_age_s
        self._shared = shared
        self._clock = clock
        self._entries: BoundedMap[K, _Entry[V]] = BoundedMap(self._policy.capacity_bytes)
        self._flights: dict[K, asyncio.Task[Loaded[V]]] = {}
        self._floors: OrderedDict[K, int] = OrderedDict()
        self._valid_from = float("-inf")
        self._confirmed_at = float("-inf")
        self._sharing: set[asyncio.Task[None]] = set()

    # -- reading ---------------------------------------------------------------------------------------------------

    def peek(self, key: K) -> V | None:
        """The snapshot if it is here and fresh, without waiting; None otherwise, also when it is known to be absent."""
        entry = self._entries.get(key)
        if entry is None or not self._fresh(entry):
            return None
        self.tally.hits += 1
        return entry.loaded.value

    async def get(self, key: K) -> V | None:
        """The snapshot; None when there is nothing.

        Raises:
            StorageError: it is not here and cannot be read.
        """
        entry = self._entries.get(key)
        if entry is not None and self._fresh(entry):
            self.tally.hits += 1
            return entry.loaded.value
        self.tally.misses += 1
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.get_running_loop().create_task(
                self._fly(key), name=f"load {self.name}"
            )
            flight.add_done_callback(_retrieved)
        else:
            self.tally.coalesced += 1
        try:
            # One who stops waiting must not take the load away from the others.
            return (await asyncio.shield(flight)).value
        except StorageUnavailable:
            if entry is not None and self._serves_outage(key, entry):
                self.tally.outage_hits += 1
                return entry.loaded.value
            raise

    async def warm(self, keys: Iterable[K], load_many: Callable[[list[K]], Awaitable[Mapping[K, Loaded[V]]]]) -> int:
        """Load many keys at once, as at start; how many there were. Keys that changed meanwhile are left out."""
        missing = [key for key in keys if key not in self._entries]
        if not missing:
            return 0
        asked_at = self._clock()
        found = await load_many(missing)
        self.tally.loads += 1
        for key, loaded in found.items():
            if key not in self._entries and loaded.version >= self._floors.get(key, 0):
                self._keep(key, _Entry(loaded, asked_at))
        return len(found)

    # -- freshness -------------------------------------------------------------------------------------------------

    def put(self, key: K, value: V | None, version: int) -> None:
        """Write-through: this is the committed value. An older one than what is known is ignored."""
        if version < self._floors.get(key, 0):
            self.tally.stale_rejections += 1
            return
        self._raise_floor(key, version)
        self._flights.pop(key, None)
        loaded = Loaded(value, version)
        self._keep(key, _Entry(loaded, self._clock()))
        self._share(key, loaded)

    def invalidate(self, key: K, version: int | None = None) -> None:
        """The stored thing changed (to ``version``, if known): the next read asks, whoever is asking already or not."""
        if version is not None:
            entry = self._entries.peek(key)
            if entry is not None and entry.loaded.version >= version:
                return
            self._raise_floor(key, version)
        self._flights.pop(key, None)
        entry = self._entries.peek(key)
        if entry is not None:
            # Kept for an outage, where nothing better can be had.
            entry.valid = False

    def revalidate(self) -> None:
        """News may have been lost: everything is asked for again before it is served."""
        self._valid_from = self._clock()
        self._flights.clear()

    def now(self) -> float:
        """The time of the cache's clock, for `confirm`."""
        return self._clock()

    def confirm(self, asked_at: float) -> None:
        """Somebody asked at ``asked_at`` (of `now`) what changed, and said so: all the rest is as new as that."""
        self._confirmed_at = max(self._confirmed_at, asked_at)

    # -- state -----------------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, int]:
        return {
            "entries": len(self._entries),
            "bytes": self._entries.cost,
            "evictions": self._entries.evictions,
            "loading": len(self._flights),
        }

    async def close(self) -> None:
        """Cancel what is loading; whoever waits for it is cancelled too."""
        tasks = [*self._flights.values(), *self._sharing]
        self._flights.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _fresh(self, entry: _Entry[V]) -> bool:
        if not entry.valid:
            return False
        seen_at = entry.asked_at if entry.asked_at > self._confirmed_at else self._confirmed_at  # noqa: FURB136 - hot
        limit = self._absent_age_s if entry.loaded.value is None else self._max_age_s
        return seen_at >= self._valid_from and self._clock() - seen_at <= limit

    def _serves_outage(self, key: K, entry: _Entry[V]) -> bool:
        return (
            entry.loaded.version >= self._floors.get(key, 0)
            and self._clock() - entry.asked_at <= self._policy.outage_age_s
        )

    async def _fly(self, key: K) -> Loaded[V]:
        task = asyncio.current_task()
        try:
            for attempt in range(_MAX_LOADS):
                asked_at = self._clock()
                loaded = await self._read(key, shared=attempt == 0)
                if loaded.version >= self._floors.get(key, 0):
                    if self._flights.get(key) is task:
                        self._keep(key, _Entry(loaded, asked_at))
                    return loaded
                self.tally.stale_rejections += 1
            raise StorageError(f"{self.name} {key!r} reads older than it was written. Was the database restored?")
        except StorageError:
            self.tally.failures += 1
            raise
        finally:
            if self._flights.get(key) is task:
                del self._flights[key]

    async def _read(self, key: K, *, shared: bool) -> Loaded[V]:
        if shared and self._shared is not None:
            found = await self._shared.get(key)
            if found is not None:
                self.tally.shared_hits += 1
                return found
        self.tally.loads += 1
        loaded = await self._load(key)
        self._share(key, loaded)
        return loaded

    def _keep(self, key: K, entry: _Entry[V]) -> None:
        value = entry.loaded.value
        self._entries.put(key, entry, _ENTRY_BYTES + (0 if value is None else self._cost(value)))

    def _share(self, key: K, loaded: Loaded[V]) -> None:
        if self._shared is not None and loaded.value is not None:
            task = asyncio.get_running_loop().create_task(self._shared.put(key, loaded), name=f"share {self.name}")
            self._sharing.add(task)
            task.add_done_callback(self._sharing.discard)

    def _raise_floor(self, key: K, version: int) -> None:
        self._floors[key] = max(version, self._floors.get(key, 0))
        self._floors.move_to_end(key)
        if len(self._floors) > _MAX_FLOORS:
            self._floors.popitem(last=False)


def _retrieved(task: asyncio.Task[Loaded[V]]) -> None:
    # When all who waited are gone, a failure is nobody's; it is counted already.
    if not task.cancelled():
        task.exception()
