"""The caches' numbers, by cache, read when somebody asks for them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from skynetbot.cache.snapshots import SnapshotCache
from skynetbot.observability.metrics import Metrics

__all__ = ["publish_cache_metrics"]

_COUNTERS: Final = {
    "hits": "Reads answered from memory.",
    "misses": "Reads that were not.",
    "loads": "Questions to the database.",
    "coalesced": "Misses that joined a load under way.",
    "shared_hits": "Misses answered by the tier that processes share.",
    "stale_rejections": "Values refused because a newer one was known.",
    "outage_hits": "Reads answered with a known value because the database was away.",
    "failures": "Loads that failed.",
}
_GAUGES: Final = {
    "entries": "Snapshots held.",
    "bytes": "What they take, about.",
    "evictions": "Snapshots let go to stay within the bound.",
}


class _Collector:
    def __init__(self, caches: Iterable[SnapshotCache[Any, Any]]) -> None:
        self._caches = tuple(caches)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for name, help_ in _COUNTERS.items():
            family = CounterMetricFamily(f"skynetbot_cache_{name}", help_, labels=["cache"])
            for cache in self._caches:
                family.add_metric([cache.name], getattr(cache.tally, name))
            yield family
        for name, help_ in _GAUGES.items():
            gauge = GaugeMetricFamily(f"skynetbot_cache_{name}", help_, labels=["cache"])
            for cache in self._caches:
                gauge.add_metric([cache.name], cache.stats()[name])
            yield gauge
        ratio = GaugeMetricFamily("skynetbot_cache_hit_ratio", "Hits of all reads since the start.", labels=["cache"])
        for cache in self._caches:
            ratio.add_metric([cache.name], cache.tally.hit_ratio())
        yield ratio


def publish_cache_metrics(metrics: Metrics, caches: Iterable[SnapshotCache[Any, Any]]) -> None:
    """Show these caches among the metrics."""
    metrics.registry.register(_Collector(caches))
