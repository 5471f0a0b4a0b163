"""What the runner counts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily

from skynetbot.jobs.scopes import Timers
from skynetbot.observability.metrics import Metrics

__all__ = ["JobTally", "publish_timers"]

_LATENESS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0, 3_600.0)
_STATES: Final = ("waiting", "running", "dead")


class _Pending:
    def __init__(self, counts: Callable[[], Mapping[tuple[str, int], int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "skynetbot_jobs", "Jobs in the table, by queue and state.", labels=["queue", "state"]
        )
        for (queue, state), count in self._counts().items():
            family.add_metric([queue, _STATES[state]], count)
        yield family


class _Waits:
    def __init__(self, timers: Timers) -> None:
        self._timers = timers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("skynetbot_active_timers", "Short waits in memory, by owner.", labels=["owner"])
        for owner, count in sorted(self._timers.by_owner().items()):
            family.add_metric([owner], count)
        yield family


def publish_timers(metrics: Metrics, timers: Timers) -> None:
    """Show the short waits among the metrics."""
    metrics.registry.register(_Waits(timers))


class JobTally:
    """Metrics of one runner; ``pending`` is counted now and then, not at each scrape."""

    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self.pending: Mapping[tuple[str, int], int] = {}
        self.runs = Counter(
            "skynetbot_job_runs",
            "Attempts at jobs, by queue and outcome (done, retried, dead, skipped, lost).",
            ["queue", "outcome"],
            registry=registry,
        )
        self.lateness = Histogram(
            "skynetbot_job_lateness_seconds",
            "From a job's due time to its start, first attempts only.",
            ["queue"],
            buckets=_LATENESS_S,
            registry=registry,
        )
        registry.register(_Pending(lambda: self.pending))
