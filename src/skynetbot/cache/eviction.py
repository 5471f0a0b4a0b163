"""What stays in a cache that is bounded by bytes: S3-FIFO with a queue of newcomers that sizes itself.

Newcomers wait in a small queue; who is not asked for again there leaves at once, which keeps crowds of one-time
visitors from driving out the regulars. The others enter the main queue, where each use is worth one more round.
Keys that left are remembered for a while without their values: one that returns was let go too early, and the queue
that lost it grows at the other's cost, as in ARC.

S3-FIFO: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023. ARC's rule of
adaptation: Megiddo, Modha, FAST 2003. `python -m bench cache` shows the hit ratios beside LRU and the optimum.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

__all__ = ["BoundedMap"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MAX_USES: Final = 3
_FIRST_SHARE: Final = 0.3
_LEAST_SHARE: Final = 0.1
_MOST_SHARE: Final = 0.9
_GHOST_SHARE: Final = 0.7


class _Slot(Generic[V]):
    __slots__ = ("cost", "main", "uses", "value")

    def __init__(self, value: V, cost: int) -> None:
        self.value = value
        self.cost = cost
        self.uses = 0
        self.main = False


class _Ghosts(Generic[K]):
    """Keys that left a queue, with what they cost; bounded by the sum of that cost."""

    __slots__ = ("_costs", "cost")

    def __init__(self) -> None:
        self._costs: OrderedDict[K, int] = OrderedDict()
        self.cost = 0

    def add(self, key: K, cost: int, bound: float) -> None:
        self._costs[key] = cost
        self.cost += cost
        while self.cost > bound and self._costs:
            self.cost -= self._costs.popitem(last=False)[1]

    def pop(self, key: K) -> int | None:
        cost = self._costs.pop(key, None)
        if cost is not None:
            self.cost -= cost
        return cost

    def clear(self) -> None:
        self._costs.clear()
        self.cost = 0


class BoundedMap(Generic[K, V]):
    """A mapping whose values cost at most ``capacity`` together (bytes, or any unit); the rest is forgotten."""

    def __init__(self, capacity: int) -> None:
        if capacity <= 0:
            raise ValueError("capacity must be positive")
        self._capacity = capacity
        self._slots: dict[K, _Slot[V]] = {}
        self._new: OrderedDict[K, _Slot[V]] = OrderedDict()
        self._main: OrderedDict[K, _Slot[V]] = OrderedDict()
        self._left_new: _Ghosts[K] = _Ghosts()
        self._left_main: _Ghosts[K] = _Ghosts()
        self._share = capacity * _FIRST_SHARE
        self._new_cost = 0
        self.cost = 0
        self.evictions = 0

    def get(self, key: K) -> V | None:
        """The value, which is worth more from now on; None when it is not (or no longer) here."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        if slot.uses < _MAX_USES:
            slot.uses += 1
        return slot.value

    def peek(self, key: K) -> V | None:
        """The value, without that anybody notices."""
        slot = self._slots.get(key)
        return None if slot is None else slot.value

    def put(self, key: K, value: V, cost: int) -> None:
        """Store or replace; a value that costs more than everything is not kept."""
        slot = self._slots.get(key)
        if cost > self._capacity:
            self.pop(key)
            return
        if slot is not None:
            self._grow(slot, cost - slot.cost)
            slot.value, slot.cost = value, cost
        else:
            slot = self._slots[key] = _Slot(value, cost)
            self._admit(key, slot)
        while self.cost > self._capacity:
            self._evict()

    def pop(self, key: K) -> V | None:
        """Forget the value and return it; its key is not remembered either, since nothing was evicted."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return None
        del (self._main if slot.main else self._new)[key]
        self._grow(slot, -slot.cost)
        return slot.value

    def clear(self) -> None:
        for part in (self._slots, self._new, self._main, self._left_new, self._left_main):
            part.clear()
        self.cost = self._new_cost = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: K) -> bool:
        return key in self._slots

    def __iter__(self) -> Iterator[K]:
        return iter(self._slots)

    def _grow(self, slot: _Slot[V], cost: int) -> None:
        self.cost += cost
        if not slot.main:
            self._new_cost += cost

    def _admit(self, key: K, slot: _Slot[V]) -> None:
        step = self._left_new.pop(key)
        if step is not None:
            ratio = max(1.0, self._left_main.cost / max(1, self._left_new.cost))
            self._share = min(self._capacity * _MOST_SHARE, self._share + step * ratio)
        else:
            step = self._left_main.pop(key)
            if step is not None:
                ratio = max(1.0, self._left_new.cost / max(1, self._left_main.cost))
                self._share = max(self._capacity * _LEAST_SHARE, self._share - step * ratio)
        slot.main = step is not None
        (self._main if slot.main else self._new)[key] = slot
        self._grow(slot, slot.cost)

    def _evict(self) -> None:
        """Let one value go, or move one on; ends because every round lowers somebody's uses."""
        if self._new and (self._new_cost > self._share or not self._main):
            key, slot = self._new.popitem(last=False)
            if slot.uses:
                self._new_cost -= slot.cost
                slot.uses, slot.main = 0, True
                self._main[key] = slot
                return
            self._let_go(key, slot, self._left_new)
            return
        key, slot = self._main.popitem(last=False)
        if slot.uses:
            slot.uses -= 1
            self._main[key] = slot
            return
        self._let_go(key, slot, self._left_main)

    def _let_go(self, key: K, slot: _Slot[V], ghosts: _Ghosts[K]) -> None:
        del self._slots[key]
        self._grow(slot, -slot.cost)
        self.evictions += 1
        ghosts.add(key, slot.cost, self._capacity * _GHOST_SHARE)
