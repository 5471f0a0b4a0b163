"""Every metric of the bot in one place, on a registry of its own (nothing global, so tests can have many)."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["Metrics"]

Family: TypeAlias = CounterMetricFamily | GaugeMetricFamily
_LATENCY_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class _Read:
    """A prometheus collector of one number that somebody else keeps."""

    def __init__(self, family: type[Family], name: str, help: str, read: Callable[[], float]) -> None:
        self._family = family
        self._name = name
        self._help = help
        self._read = read

    def collect(self) -> Iterator[Family]:
        yield self._family(self._name, self._help, value=self._read())


class Metrics:
    """The process's counters, gauges and histograms; names start with ``skynetbot_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.gateway_events = Counter(
            "skynetbot_gateway_events",
            "Gateway dispatches received, by event.",
            ["event"],
            registry=self.registry,
        )
        self.gateway_rejects = Counter(
            "skynetbot_gateway_rejects",
            "Dispatches that could not be used, by event and reason (unknown, malformed).",
            ["event", "reason"],
            registry=self.registry,
        )
        self.shard_restarts = Counter(
            "skynetbot_shard_restarts",
            "Shards started again by their supervisor after they had ended by themselves.",
            registry=self.registry,
        )
        self.shards_connected = Gauge(
            "skynetbot_shards_connected", "Shards with a live session.", registry=self.registry
        )
        self.message_seconds = Histogram(
            "skynetbot_message_processing_seconds",
            "Time one message spends in the pipeline's inline stages.",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.verdicts = Counter(
            "skynetbot_verdicts", "Verdicts reached, by feature.", ["feature"], registry=self.registry
        )
        self.effects = Counter(
            "skynetbot_effects",
            "Effects carried out in Discord, by kind and outcome (done, refused, failed, shed).",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self.commands = Counter(
            "skynetbot_commands",
            "Slash commands, by name and outcome (ok, refused, failed, unknown).",
            ["command", "outcome"],
            registry=self.registry,
        )
        self.query_seconds = Histogram(
            "skynetbot_query_seconds",
            "Database time by collection and verb.",
            ["collection", "verb"],
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )

        self.slow_queries = Counter(
            "skynetbot_slow_queries",
            "Transactions that took longer than the slow-query limit; the log has their statements.",
            ["collection", "verb"],
            registry=self.registry,
        )
        self.database_up = Gauge("skynetbot_database_up", "1 while the database answers.", registry=self.registry)

    def read_at_exposition(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A counter that its owner keeps as a plain number, for paths where a locked increment costs too much."""
        self.registry.register(_Read(CounterMetricFamily, name, help, read))

    def gauge_at_exposition(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A gauge whose value is asked for when somebody reads the metrics."""
        self.registry.register(_Read(GaugeMetricFamily, name, help, read))

    def histogram(self, name: str, help: str, buckets: Sequence[float] = _LATENCY_BUCKETS_S) -> Histogram:
        """A histogram that its owner observes into; seconds unless it brings its own buckets."""
        return Histogram(name, help, buckets=buckets, registry=self.registry)

    def exposition(self) -> tuple[bytes, str]:
        """The OpenMetrics text of every metric, and its content type."""
        text: bytes = generate_latest(self.registry)  # type: ignore[no-untyped-call]
        return text, CONTENT_TYPE_LATEST
