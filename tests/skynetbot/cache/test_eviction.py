"""The bounded map: a mapping like any other, never over its bound, and better at guessing than LRU."""

import random
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.cache.eviction import BoundedMap

steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 12), st.integers(1, 9)),
        st.tuples(st.just("get"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("pop"), st.integers(0, 12), st.just(0)),
    ),
    max_size=200,
)


@given(st.integers(1, 30), steps)
def test_it_never_exceeds_its_bound_and_never_invents_or_outdates_a_value(
    capacity: int, life: list[tuple[str, int, int]]
) -> None:
    bounded: BoundedMap[int, tuple[int, int]] = BoundedMap(capacity)
    newest: dict[int, tuple[int, int]] = {}
    for number, (what, key, cost) in enumerate(life):
        if what == "put":
            newest[key] = (number, cost)
            bounded.put(key, newest[key], cost)
            assert (key in bounded) or cost > 0
        elif what == "pop":
            popped = bounded.pop(key)
            assert popped is None or popped == newest[key]
            newest.pop(key, None)
            assert key not in bounded
        else:
            value = bounded.get(key)
            assert value is None or value == newest.get(key)
        assert bounded.cost <= capacity
        assert bounded.cost == sum((bounded.peek(k) or (0, 0))[1] for k in bounded)
        assert len(bounded) == len(list(bounded))


def test_what_fits_stays() -> None:
    bounded: BoundedMap[int, int] = BoundedMap(100)
    for key in range(100):
        bounded.put(key, key, 1)
    assert [bounded.get(key) for key in range(100)] == list(range(100))
    assert bounded.evictions == 0


def test_a_value_larger_than_everything_is_not_kept_and_drives_nobody_out() -> None:
    bounded: BoundedMap[str, int] = BoundedMap(10)
    bounded.put("small", 1, 3)
    bounded.put("huge", 2, 11)
    assert "huge" not in bounded
    assert bounded.get("small") == 1
    bounded.put("small", 3, 11)
    assert "small" not in bounded, "the old value would be wrong"


def test_a_crowd_of_strangers_does_not_drive_out_the_regulars() -> None:
    bounded: BoundedMap[int, int] = BoundedMap(100)
    for _ in range(3):
        for regular in range(50):
            if bounded.get(regular) is None:
                bounded.put(regular, regular, 1)
    for stranger in range(1_000, 11_000):
        bounded.put(stranger, stranger, 1)
    assert sum(bounded.get(regular) is not None for regular in range(50)) >= 45


def hits_of_lru(trace: list[int], capacity: int) -> int:
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for key in trace:
        if key in kept:
            hits += 1
            kept.move_to_end(key)
        else:
            kept[key] = None
            if len(kept) > capacity:
                kept.popitem(last=False)
    return hits


@pytest.mark.parametrize("capacity", [50, 200, 800])
def test_it_hits_more_than_lru_where_some_are_asked_for_more_than_others(capacity: int) -> None:
    chance = random.Random(7)
    trace = [int(chance.paretovariate(0.3)) % 20_000 for _ in range(60_000)]
    bounded: BoundedMap[int, int] = BoundedMap(capacity)
    hits = 0
    for key in trace:
        if bounded.get(key) is None:
            bounded.put(key, key, 1)
        else:
            hits += 1
    assert hits > hits_of_lru(trace, capacity)


def test_what_is_forgotten_by_request_leaves_no_trace() -> None:
    bounded: BoundedMap[int, int] = BoundedMap(10)
    for key in range(30):
        bounded.put(key, key, 1)
    bounded.clear()
    assert (len(bounded), bounded.cost) == (0, 0)
    with pytest.raises(ValueError, match="positive"):
        BoundedMap(0)
