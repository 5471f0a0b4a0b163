"""Merged counters: equal to counting one by one, kept when a flush fails, flushed at the end."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.activity import ActivityRepository, CounterBatch
from skynetbot.storage.database import Database, StorageError
from skynetbot.writes.counters import CounterBuffer


class FlakyActivity:
    """An activity repository in memory whose next commits can be told to fail."""

    def __init__(self) -> None:
        self.members: Counter[tuple[int, int]] = Counter()
        self.failures = 0
        self.commits = 0

    async def apply(self, batch: CounterBatch) -> Mapping[tuple[int, int], int]:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is full")
        self.members.update(batch.members)
        self.commits += 1
        return {key: self.members[key] for key in batch.members}


def buffer(activity: object, interval_s: float = 60) -> CounterBuffer:
    return CounterBuffer(
        activity,  # type: ignore[arg-type]
        Metrics(),
        interval_s=interval_s,
        on_flushed=lambda _batch, _totals: None,
    )


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("count"), st.integers(1, 2), st.integers(1, 3)),
            st.tuples(st.just("flush"), st.just(0), st.just(0)),
            st.tuples(st.just("fail"), st.integers(1, 2), st.just(0)),
        ),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_counts_flushes_and_failures_equals_plain_counting(steps: list[tuple[str, int, int]]) -> None:
    async def play() -> None:
        activity = FlakyActivity()
        counters = buffer(activity)
        expected: Counter[tuple[int, int]] = Counter()
        for what, a, b in steps:
            if what == "count":
                counters.count_message(a, b, "x", 1)
                expected[(a, b)] += 1
            elif what == "fail":
                activity.failures = a
            else:
                with contextlib.suppress(StorageError):
                    await counters.flush()
            for key, total in expected.items():
                assert activity.members[key] + counters.pending_messages(*key) == total
        activity.failures = 0
        await counters.flush()
        assert activity.members == expected

    asyncio.run(play())


async def test_many_messages_of_one_flush_are_one_transaction() -> None:
    activity = FlakyActivity()
    counters = buffer(activity)
    for _ in range(1000):
        counters.count_message(1, random.randint(1, 50), "x", 1)
    await counters.flush()
    assert activity.commits == 1
    assert sum(activity.members.values()) == 1000


async def test_run_flushes_by_itself_and_goes_on_after_failures() -> None:
    activity = FlakyActivity()
    activity.failures = 2
    counters = buffer(activity, interval_s=0.01)
    task = asyncio.create_task(counters.run())
    counters.count_message(1, 1, "x", 1)
    async with asyncio.timeout(5):
        while not activity.commits:
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert activity.members == {(1, 1): 1}


async def test_on_the_real_database(database: Database) -> None:
    counters = buffer(ActivityRepository(database))
    for _ in range(3):
        counters.count_message(1, 2, "Ada", 20_000)
    await counters.flush()
    counters.count_message(1, 2, "Ada L.", 20_001)
    assert counters.pending_messages(1, 2) == 1
    await counters.flush()
    assert await ActivityRepository(database).counts() == {(1, 2): 4}
