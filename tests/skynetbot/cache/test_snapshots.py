"""Snapshots: one load however many ask, absence remembered, and never an old value after a new one."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skynetbot.cache.snapshots import CachePolicy, Loaded, SnapshotCache
from skynetbot.storage.errors import StorageError, StorageUnavailable


class Source:
    """A database of versioned values that answers when it is told to, and can be away."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, int]] = {}
        self.loads: Counter[str] = Counter()
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    def write(self, key: str, value: str) -> int:
        version = self.values.get(key, ("", 0))[1] + 1
        self.values[key] = (value, version)
        return version

    async def load(self, key: str) -> Loaded[str]:
        self.loads[key] += 1
        found = self.values.get(key)
        await self.gate.wait()
        if self.away:
            raise StorageUnavailable("the database is away")
        return Loaded(None, 0) if found is None else Loaded(*found)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def turns() -> None:
    """Let what was started run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(source: Source, clock: Clock) -> SnapshotCache[str, str]:
    return SnapshotCache("test", source.load, cost=len, policy=CachePolicy(max_age_s=30, absent_age_s=5), clock=clock)


async def test_ten_thousand_simultaneous_misses_make_one_query(cache: SnapshotCache[str, str], source: Source) -> None:
    source.write("a", "one")
    source.gate.clear()
    readers = [asyncio.create_task(cache.get("a")) for _ in range(10_000)]
    await turns()
    source.gate.set()
    assert set(await asyncio.gather(*readers)) == {"one"}
    assert source.loads["a"] == 1
    assert cache.tally.coalesced == 9_999


async def test_one_who_stops_waiting_takes_the_load_from_nobody(cache: SnapshotCache[str, str], source: Source) -> None:
    source.write("a", "one")
    source.gate.clear()
    first, second = asyncio.create_task(cache.get("a")), asyncio.create_task(cache.get("a"))
    await turns()
    first.cancel()
    await turns()
    source.gate.set()
    assert await second == "one"
    assert source.loads["a"] == 1


async def test_hit_and_miss_give_the_same_object(cache: SnapshotCache[str, str], source: Source) -> None:
    source.write("a", "one")
    assert await cache.get("a") is await cache.get("a") is cache.peek("a")
    assert (cache.tally.hits, cache.tally.misses) == (2, 1)


async def test_absence_is_remembered_for_a_while(cache: SnapshotCache[str, str], source: Source, clock: Clock) -> None:
    assert await cache.get("a") is None
    assert await cache.get("a") is None
    assert source.loads["a"] == 1
    clock.now += 6
    source.write("a", "one")
    assert await cache.get("a") == "one"


async def test_a_write_is_seen_at_once_and_an_older_one_never_again(
    cache: SnapshotCache[str, str], source: Source
) -> None:
    version = source.write("a", "one")
    assert await cache.get("a") == "one"
    newer = source.write("a", "two")
    cache.put("a", "two", newer)
    cache.put("a", "one", version)
    assert cache.peek("a") == "two"
    assert cache.tally.stale_rejections == 1
    assert source.loads["a"] == 1


async def test_a_load_that_began_before_a_write_does_not_bring_the_old_value_back(
    cache: SnapshotCache[str, str], source: Source
) -> None:
    source.write("a", "old")
    source.gate.clear()
    early = asyncio.create_task(cache.get("a"))
    await turns()
    version = source.write("a", "new")
    cache.put("a", "new", version)
    source.gate.set()
    assert await early == "new", "its read was refused and repeated"
    assert cache.peek("a") == "new"
    assert cache.tally.stale_rejections == 1


async def test_after_news_the_next_read_asks_even_while_a_load_is_under_way(
    cache: SnapshotCache[str, str], source: Source
) -> None:
    source.write("a", "old")
    source.gate.clear()
    early = asyncio.create_task(cache.get("a"))
    await turns()
    source.write("a", "new")
    cache.invalidate("a")
    late = asyncio.create_task(cache.get("a"))
    await turns()
    source.gate.set()
    assert await late == "new"
    assert await early == "old", "it asked before the write"
    assert await cache.get("a") == "new"


async def test_news_that_is_known_already_costs_nothing(cache: SnapshotCache[str, str], source: Source) -> None:
    version = source.write("a", "one")
    await cache.get("a")
    cache.invalidate("a", version)
    assert cache.peek("a") == "one"
    cache.invalidate("a", version + 1)
    assert cache.peek("a") is None


async def test_age_is_bounded_and_a_confirmation_renews_it(
    cache: SnapshotCache[str, str], source: Source, clock: Clock
) -> None:
    source.write("a", "one")
    await cache.get("a")
    clock.now += 29
    cache.confirm(clock.now)
    clock.now += 29
    assert cache.peek("a") == "one"
    clock.now += 2
    assert cache.peek("a") is None


async def test_after_a_gap_everything_is_asked_for_again(
    cache: SnapshotCache[str, str], source: Source, clock: Clock
) -> None:
    source.write("a", "one")
    await cache.get("a")
    source.write("a", "two")
    clock.now += 1
    cache.revalidate()
    assert await cache.get("a") == "two"


async def test_while_the_database_is_away_what_is_known_is_served_and_the_rest_fails_clearly(
    cache: SnapshotCache[str, str], source: Source, clock: Clock
) -> None:
    version = source.write("a", "one")
    await cache.get("a")
    clock.now += 60
    source.away = True
    assert await cache.get("a") == "one"
    assert cache.tally.outage_hits == 1
    with pytest.raises(StorageUnavailable):
        await cache.get("b")
    cache.invalidate("a", version + 1)
    with pytest.raises(StorageUnavailable):
        await cache.get("a")
    source.away = False
    source.write("a", "two")
    assert await cache.get("a") == "two"


async def test_a_database_that_went_back_in_time_is_reported(cache: SnapshotCache[str, str], source: Source) -> None:
    source.write("a", "one")
    cache.put("a", "later", 9)
    cache.invalidate("a")
    with pytest.raises(StorageError, match="restored"):
        await cache.get("a")


async def test_it_is_bounded_by_bytes(source: Source) -> None:
    cache = SnapshotCache("test", source.load, cost=len, policy=CachePolicy(capacity_bytes=10_000))
    for number in range(100):
        source.write(str(number), "x" * 600)
        await cache.get(str(number))
    stats = cache.stats()
    assert stats["bytes"] <= 10_000
    assert stats["entries"] == 10
    assert stats["evictions"] == 90


async def test_warming_asks_once_and_never_overwrites_what_is_newer(
    cache: SnapshotCache[str, str], source: Source
) -> None:
    for key in "abc":
        source.write(key, "old")
    asked: list[list[str]] = []

    async def load_many(keys: list[str]) -> dict[str, Loaded[str]]:
        asked.append(keys)
        found = {key: Loaded(*source.values[key]) for key in keys}
        cache.put("b", "new", source.write("b", "new"))
        return found

    assert await cache.warm("abc", load_many) == 3
    assert asked == [["a", "b", "c"]]
    assert [cache.peek(key) for key in "abc"] == ["old", "new", "old"]
    assert await cache.warm("abc", load_many) == 0


async def test_closing_leaves_no_task(cache: SnapshotCache[str, str], source: Source) -> None:
    source.gate.clear()
    reader = asyncio.create_task(cache.get("a"))
    await turns()
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await reader


steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.sampled_from("ab"), st.integers(0, 3)),
        st.tuples(st.just("write"), st.sampled_from("ab"), st.integers(0, 3)),
        st.tuples(st.just("news"), st.sampled_from("ab"), st.integers(0, 3)),
        st.tuples(st.just("turn"), st.just("a"), st.integers(1, 5)),
    ),
    max_size=40,
)


@given(steps)
@settings(max_examples=200, deadline=None)
def test_no_read_is_older_than_a_write_acknowledged_before_it_began(life: list[tuple[str, str, int]]) -> None:
    """Loads take a random number of turns of the loop between seeing the value and giving it back."""

    async def live() -> None:
        values = {"a": 0, "b": 0}
        delays = iter([delay for _, _, delay in life] * 3)

        async def load(key: str) -> Loaded[int]:
            version = values[key]
            for _ in range(next(delays, 0)):
                await asyncio.sleep(0)
            return Loaded(version, version)

        cache: SnapshotCache[str, int] = SnapshotCache("test", load, cost=lambda _: 8)

        async def read(key: str, least: int) -> None:
            value = await cache.get(key)
            assert value is not None
            assert value >= least

        readers: list[asyncio.Task[None]] = []
        for what, key, number in life:
            if what == "read":
                readers.append(asyncio.create_task(read(key, values[key])))
            elif what == "write":
                values[key] += 1
                cache.put(key, values[key], values[key])
            elif what == "news":
                values[key] += 1
                cache.invalidate(key, values[key] if number % 2 else None)
            else:
                for _ in range(number):
                    await asyncio.sleep(0)
        await asyncio.gather(*readers)

    asyncio.run(live())
