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


def test_a_report_without_gates_or_with_a_false_one_does_not_pass() -> None:
    assert not Report().passed
    assert not Report(gates={"a": True, "b": False}).passed
    assert Report(gates={"a": True}).passed
