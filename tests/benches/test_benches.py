"""Every bench runs in its short form: its gates hold, and its output has the promised form."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.report import Report

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_gateway_bench_passes_its_gates_and_ours_is_far_cheaper() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "gateway", "--json", "--quick"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr
    report = msgspec.json.decode(run.stdout, type=Report)
    assert report.passed
    assert set(report.ratios) == {"discord_py", "hikari_client"}
    # The claim is five; a loaded machine measures less exactly, but never the other way round.
    assert report.ratios["discord_py"] > 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_writes_bench_passes_its_gates_and_ours_saves_most_of_the_work() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "writes", "--json", "--quick"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr
    report = msgspec.json.decode(run.stdout, type=Report)
    assert report.passed
    assert {"durable_ops_per_s", "ack_p99_ms", "cost_us_at_100", "cost_us_at_million"} <= set(report.figures)
    # Far below what a quiet machine measures.
    assert report.ratios["sqlite_full"] > 2
    assert report.ratios["cost_million_vs_hundred"] < 6
    if "red_json_driver" in report.ratios:  # else a note says why its environment could not be made
        assert report.ratios["red_json_driver"] > 10
    if "transactions_vs_save_per_event" in report.ratios:  # else a note says that the chat is not here
        assert report.ratios["transactions_vs_save_per_event"] > 100
        assert report.ratios["merging_operations_per_row"] > 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_cache_bench_passes_its_gates_and_ours_saves_queries_without_showing_what_is_stale() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "cache", "--json", "--quick"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr
    report = msgspec.json.decode(run.stdout, type=Report)
    assert report.passed
    assert {f"guild_bytes_{name}_{n}" for name in ("ours", "discord_py", "hikari") for n in (0, 100, 1000)} <= set(
        report.figures
    )
    assert report.ratios["guild_bytes_discord_py"] > 10
    assert report.figures["crowd_sqlite_queries"] == 1
    if "queries_per_message_none" in report.figures:  # else a note says that the chat is not here
        assert report.figures["hit_ratio_lru"] <= report.figures["hit_ratio"] <= report.figures["hit_ratio_optimal"]
        assert report.ratios["queries_per_message_none"] > 20
        assert report.ratios["queries_per_request_none"] > 2
        assert report.figures["stale_reads_ours"] == 0 < report.figures["stale_reads_ttl"]
    if "save_to_effect_p50_ms" in report.figures:  # else a note says which server is not here
        # The bot asks the database by itself each 5 s; news are far sooner.
        assert report.figures["save_to_effect_p50_ms"] < 1_000
        assert report.figures["save_to_effect_p50_postgres_ms"] < 1_000


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_jobs_bench_passes_its_gates_and_starts_at_once_with_many_pending() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "jobs", "--json", "--quick"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr
    report = msgspec.json.decode(run.stdout, type=Report)
    assert report.passed
    figures = report.figures
    names = {"inserts_per_s", "single_inserts_per_s", "fired_per_s", "lateness_p50_ms", "lateness_p99_ms"}
    assert names | {"million_cancel_us", "million_move_us"} <= set(figures)
    # Far from what a quiet machine measures.
    assert figures["inserts_per_s"] > 5_000
    assert figures["million_pending_mib"] < 200
    assert figures["million_start_s"] < 5
    # By its index: a look at all that wait takes tens of milliseconds each.
    assert figures["million_cancel_in_batch_us"] < 10_000
    if "inserts_per_s_postgres" in figures:  # else a note says why there is no server
        assert figures["inserts_per_s_postgres"] > 2_000
    if "saq" in report.ratios:  # else a note says why the environment could not be made
        assert {"apscheduler", "pgqueuer", "saq"} <= set(report.ratios)
        assert report.ratios["apscheduler_inserts"] > 3
        assert report.ratios["saq_lateness_p50"] > 2


def test_a_report_without_gates_or_with_a_false_one_does_not_pass() -> None:
    assert not Report().passed
    assert not Report(gates={"a": True, "b": False}).passed
    assert Report(gates={"a": True}).passed
