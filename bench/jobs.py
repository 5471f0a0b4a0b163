"""The job bench: durable inserts, firing, lateness, and a start with a million pending; beside three libraries."""

import os
import random
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, Literal, TypeAlias

from bench.clients.environment import UnavailableError
from bench.jobs_million import million
from bench.jobs_ours import BATCH, CONCURRENCY, Sample, Sizes, percentile_ms, take
from bench.jobs_peers import PEERS, Peer, PeerSample, peer_python, take_peer
from bench.report import Report
from bench.writes import _file_system, _settled_memory
from bench.writes_stores import postgres_store, settle, sqlite_store
from support.servers import PostgresServer, ValkeyServer, postgres_problem, valkey_problem

__all__ = ["run"]

Engine: TypeAlias = Literal["sqlite", "postgres"]

_MARKS: Final[dict[Engine, str]] = {"sqlite": "", "postgres": "_postgres"}
_BESIDE: Final[dict[Peer, Engine]] = {"apscheduler": "sqlite", "pgqueuer": "postgres", "saq": "postgres"}
"""Which of ours each peer is compared with. Valkey's is the server, so that neither works in the same process."""


async def run(*, quick: bool) -> Report:
    """Three turns in random order, one when quick, and then the million."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # another bench may have kept to one core
    report = Report()
    sizes = Sizes(3_000, 50, per_s=1_000, count=300) if quick else Sizes(19_500, 500, per_s=1_000, count=5_000)
    with ExitStack() as stack:
        postgres = valkey = None
        if (problem := postgres_problem()) is None:
            postgres = stack.enter_context(PostgresServer(durable=True, settings={"shared_buffers": "128MB"}))
        else:
            report.notes.append(f"PostgreSQL was not measured: {problem}")
        if (problem := valkey_problem()) is None:
            valkey = stack.enter_context(ValkeyServer())
        else:
            report.notes.append(f"saq was not measured: {problem}")
        stack.enter_context(_settled_memory())
        ours, theirs = await _turns(report, postgres, valkey, sizes, quick=quick)
        await million(report, postgres, quick=quick)
    for engine, samples in ours.items():
        _put_ours(report, _MARKS[engine], samples)
    for peer, peer_samples in theirs.items():
        if peer_samples:
            _put_peer(report, peer, peer_samples, ours[_BESIDE[peer]])
    report.notes.append(
        f"Files are in {tempfile.gettempdir()}, a file system of type {_file_system()}. Ours inserts {BATCH:,} jobs a "
        "transaction (single_inserts_per_s: one a transaction, one after the other), each synced to the disk, and "
        f"fires up to {CONCURRENCY} at a time; its time ends when each is durably deleted, a peer's when its last was "
        "fired. Lateness: from a job's due time to its handler, 1,000 a second for 5 s (0.3 s when quick), one by one; "
        "each percentile is the median of the turns' (*_worst_turn_ms: of the worst)."
    )
    report.notes.append(
        "Ratios: apscheduler, pgqueuer and saq are our jobs fired a second over theirs, *_inserts our durable inserts "
        "in batches over theirs in the way that each does it fastest, apscheduler_single_inserts one a transaction on "
        "both sides, *_lateness_* theirs over ours. APScheduler is beside ours on SQLite, the others beside ours on "
        "PostgreSQL. APScheduler and saq have no call that inserts many; APScheduler's file has a write-ahead log, "
        "which is not its default; saq looks for scheduled jobs once a second, and its Valkey keeps nothing on disk."
    )
    return report


async def _turns(
    report: Report, postgres: PostgresServer | None, valkey: ValkeyServer | None, sizes: Sizes, *, quick: bool
) -> tuple[dict[Engine, list[Sample]], dict[Peer, list[PeerSample]]]:
    engines: list[Engine] = ["sqlite", "postgres"] if postgres is not None else ["sqlite"]
    ours: dict[Engine, list[Sample]] = {engine: [] for engine in engines}
    theirs: dict[Peer, list[PeerSample]] = {}
    python = ""
    try:
        python = peer_python()
        theirs = {peer: [] for peer in PEERS if _BESIDE[peer] in ours and (peer != "saq" or valkey is not None)}
    except UnavailableError as error:
        report.notes.append(f"The peers cannot be measured here: {error}")
    for _ in range(1 if quick else 3):
        for who in random.sample([*ours, *theirs], k=len(ours) + len(theirs)):
            if who == "sqlite":
                async with sqlite_store() as (store, _folder):
                    ours[who].append(await take(store, sizes))
            elif who == "postgres":
                assert postgres is not None
                await settle(postgres)
                async with postgres_store(postgres) as (there, _folder):
                    ours[who].append(await take(there, sizes))
            else:
                try:
                    sample = take_peer(python, who, postgres, valkey, per_s=sizes.per_s, count=sizes.count, quick=quick)
                    theirs[who].append(sample)
                except UnavailableError as error:
                    report.notes.append(f"{who} did not get through a turn: {error}")
    return ours, theirs


def _put_ours(report: Report, mark: str, samples: list[Sample]) -> None:
    report.gates[f"each_job_fired_once{mark or '_sqlite'}"] = all(sample.once for sample in samples)
    report.figures |= {
        f"inserts_per_s{mark}": round(statistics.median(sample.inserts_per_s for sample in samples), 1),
        f"single_inserts_per_s{mark}": round(statistics.median(sample.single_inserts_per_s for sample in samples), 1),
        f"fired_per_s{mark}": round(statistics.median(sample.fired_per_s for sample in samples), 1),
        **{f"lateness_{name}{mark}": late for name, late in _lateness(samples).items()},
    }


def _put_peer(report: Report, peer: Peer, samples: list[PeerSample], ours: list[Sample]) -> None:
    inserts = statistics.median(sample.inserts_per_s for sample in samples)
    fired = statistics.median(sample.fired_per_s for sample in samples)
    if not all(sample.once for sample in samples):
        report.notes.append(f"{peer} did not fire each job once, or did not insert them in time.")
    theirs = _lateness(samples)
    report.figures |= {
        f"{peer}_inserts_per_s": round(inserts, 1),
        f"{peer}_fired_per_s": round(fired, 1),
        **{f"{peer}_lateness_{name}": late for name, late in theirs.items()},
    }
    report.ratios |= {
        peer: round(statistics.median(sample.fired_per_s for sample in ours) / fired, 2),
        f"{peer}_inserts": round(statistics.median(sample.inserts_per_s for sample in ours) / inserts, 2),
    }
    if peer == "apscheduler":
        singles = statistics.median(sample.single_inserts_per_s for sample in ours)
        report.ratios["apscheduler_single_inserts"] = round(singles / inserts, 2)
    mine = _lateness(ours)
    for share in ("p50", "p99"):
        report.ratios[f"{peer}_lateness_{share}"] = round(theirs[f"{share}_ms"] / mine[f"{share}_ms"], 2)


def _lateness(samples: Sequence[Sample | PeerSample]) -> dict[str, float]:
    """The median of the turns' percentiles, because one stall of the disk would decide over all of them together, and
    the worst turn's, so that it is not hidden either."""
    p50, p99 = ([percentile_ms(sorted(sample.lateness), share) for sample in samples] for share in (0.5, 0.99))
    return {
        "p50_ms": round(statistics.median(p50), 2),
        "p99_ms": round(statistics.median(p99), 2),
        "p99_worst_turn_ms": max(p99),
    }
