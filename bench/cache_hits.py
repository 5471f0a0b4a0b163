"""Part of the cache bench: how often real chat finds its author in a bounded map, and what a hit costs.

Each message asks for (channel, author); what is not there is put there. All values cost the same. Beside ours stand LRU
in its usual form and Belady's rule, which knows the future and lets go what is asked for last: no policy that keeps
what it has just loaded can do better.
"""

import gc
import heapq
import random
import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from bench.report import Report
from bench.writes_stores import CHAT
from discord_emulator.replay import read_events
from skynetbot.cache.eviction import BoundedMap
from skynetbot.cache.snapshots import Loaded, SnapshotCache

__all__ = ["hits"]

_SIZES: Final = (500, 1_000, 2_500, 5_000, 10_000)
_QUICK_SIZES: Final = (1_000, 2_500)
_QUICK_EVENTS: Final = 60_000
_NAMED: Final = 2_500
"""The size whose figures have no number in their name."""
_STREAMS: Final = {"": "twitch_16_streams", "youtube": "youtube_live_big_stream", "ddnet": "ddnet_discord_2023"}
_BESIDE: Final = 0.002
"""How far ours may be below LRU on the other streams: near the size that holds everybody LRU is a little better."""
_COST_KEYS: Final = 10_000
_COST_GETS: Final = 200_000


class Lru:
    """Least recently used, as everybody writes it."""

    __slots__ = ("_capacity", "_values")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[int, int] = OrderedDict()

    def get(self, key: int) -> int | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: int, value: int) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)


async def hits(report: Report, *, quick: bool) -> None:
    """Three streams at five sizes; the first 60,000 events at two when quick."""
    told: list[str] = []
    for mark, stream in _STREAMS.items():
        path = CHAT.with_name(f"{stream}.jsonl.zst")
        if not path.is_file():
            report.notes.append(f"No hit ratio on {stream}: it is not here; set SKYNETBOT_SHARED_DATA.")
            continue
        events = islice(read_events(path), _QUICK_EVENTS if quick else None)
        asked = [(event.c, event.u) for event in events if event.k in ("m", "a")]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(asked), 1)}
        told.append(f"{stream} {len(asked):,} messages of {len(numbers):,} authors")
        keys = [numbers[key] for key in asked]
        for size in _QUICK_SIZES if quick else _SIZES:
            if size < len(numbers):  # else all of them fit, whatever the policy
                _compare(report, keys, size, mark)
    report.notes.append(
        f"Hit ratios: {'; '.join(told)}. One entry an author, of equal cost; a size that holds all of them is left out."
    )
    await _cost(report, turns=3 if quick else 15)


def _compare(report: Report, keys: Sequence[int], size: int, mark: str) -> None:
    ours, lru, optimal = _hits_of_ours(keys, size), _hits_of_lru(keys, size), _hits_of_belady(keys, size)
    prefix = f"{mark}_" if mark else ""
    suffix = "" if size == _NAMED else f"_{size}"
    if mark:
        report.gates[f"{prefix}hit_ratio_at_most_0.2_points_below_lru_{size}"] = lru - ours <= _BESIDE * len(keys)
    else:
        report.gates[f"hit_ratio_not_below_lru_{size}"] = ours >= lru
    if ours < lru:
        report.notes.append(f"{mark or 'twitch'} at {size:,} entries: LRU has {lru:,} hits, ours {ours:,}.")
    report.gates[f"{prefix}no_policy_beats_the_optimum_{size}"] = optimal >= max(ours, lru)
    for name, count in (("", ours), ("_lru", lru), ("_optimal", optimal)):
        report.figures[f"{prefix}hit_ratio{name}{suffix}"] = round(count / len(keys), 5)
    report.ratios[f"{prefix}misses_lru_over_ours{suffix}"] = round((len(keys) - lru) / (len(keys) - ours), 4)
    if optimal > lru:
        report.ratios[f"{prefix}of_the_way_from_lru_to_the_optimum{suffix}"] = round((ours - lru) / (optimal - lru), 4)


def _hits_of_ours(keys: Sequence[int], size: int) -> int:
    bounded: BoundedMap[int, int] = BoundedMap(size)
    found = 0
    for key in keys:
        if bounded.get(key) is None:
            bounded.put(key, key, 1)
        else:
            found += 1
    assert len(bounded) <= size
    return found


def _hits_of_lru(keys: Sequence[int], size: int) -> int:
    lru = Lru(size)
    found = 0
    for key in keys:
        if lru.get(key) is None:
            lru.put(key, key)
        else:
            found += 1
    return found


def _hits_of_belady(keys: Sequence[int], size: int) -> int:
    never = len(keys)
    next_use = [never] * never
    seen: dict[int, int] = {}
    for place in range(never - 1, -1, -1):
        next_use[place] = seen.get(keys[place], never)
        seen[keys[place]] = place
    held: dict[int, int] = {}
    farthest: list[tuple[int, int]] = []
    found = 0
    for key, coming in zip(keys, next_use, strict=True):
        if key in held:
            found += 1
        elif len(held) == size:
            while True:  # what was asked for again since it was pushed has another entry
                away, victim = heapq.heappop(farthest)
                if held.get(victim) == -away:
                    del held[victim]
                    break
        held[key] = coming
        heapq.heappush(farthest, (-coming, key))
    return found


async def _cost(report: Report, turns: int) -> None:
    """What a hit costs, of maps with 10,000 entries that are all there; they take turns in random order."""
    bounded: BoundedMap[int, int] = BoundedMap(_COST_KEYS)
    lru = Lru(_COST_KEYS)
    plain: dict[int, int] = {}

    async def load(key: int) -> Loaded[int]:
        return Loaded(key, 1)

    snapshots: SnapshotCache[int, int] = SnapshotCache("bench", load, cost=lambda _: 0)
    for key in range(1, _COST_KEYS + 1):
        plain[key] = key
        lru.put(key, key)
        bounded.put(key, key, 1)
        snapshots.put(key, key, 1)
    snapshots.confirm(snapshots.now() + 3_600)  # no age limit passes while we measure
    ways: dict[str, Callable[[int], object]] = {
        "dict": plain.get,
        "lru": lru.get,
        "ours": bounded.get,
        "snapshot": snapshots.peek,
    }
    keys = random.choices(range(1, _COST_KEYS + 1), k=_COST_GETS)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    for _ in range(turns):
        for name in random.sample(list(ways), k=len(ways)):
            taken[name].append(_ns_each(ways[name], keys))
        began = time.perf_counter_ns()
        for key in keys:
            await snapshots.get(key)
        taken.setdefault("snapshot_awaited", []).append((time.perf_counter_ns() - began) / len(keys))
    report.gates["every_timed_get_was_a_hit"] = snapshots.tally.misses == 0 and snapshots.tally.hits == 2 * turns * len(
        keys
    )
    for name, values in taken.items():
        report.figures[f"get_hit_{name}_ns"] = round(statistics.median(values), 1)
    report.ratios["get_hit_lru"] = round(
        statistics.median(a / b for a, b in zip(taken["lru"], taken["ours"], strict=True)), 2
    )
    report.notes.append(
        f"get_hit: a random one of {_COST_KEYS:,} keys that are there, with the loop around it. ours is the bounded "
        "map, snapshot the cache over it with its check of age (peek; awaited is get)."
    )


def _ns_each(get: Callable[[int], object], keys: Sequence[int]) -> float:
    began = time.perf_counter_ns()
    for key in keys:
        get(key)
    return (time.perf_counter_ns() - began) / len(keys)
