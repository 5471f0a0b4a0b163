"""The cache bench: hit ratios on real chat, queries saved, freshness across processes, crowds, memory per guild."""

import os
from contextlib import ExitStack

from bench.cache_hits import hits
from bench.cache_queries import queries
from bench.cache_saves import crowd, saves
from bench.guild_memory import CASES, per_guild
from bench.report import Report
from support.servers import PostgresServer, ValkeyServer, postgres_problem, valkey_problem

__all__ = ["run"]

_QUICK_GUILDS = 5


async def run(*, quick: bool) -> Report:
    """All parts; see their modules for what they do."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # another bench may have kept to one core
    report = Report()
    with ExitStack() as stack:
        postgres: PostgresServer | None = None
        valkey: ValkeyServer | None = None
        if (problem := postgres_problem()) is None:
            postgres = stack.enter_context(PostgresServer(durable=True, settings={"shared_buffers": "128MB"}))
        else:
            report.notes.append(f"PostgreSQL was not measured, nor saves across processes: {problem}")
        if (problem := valkey_problem()) is None:
            valkey = stack.enter_context(ValkeyServer())
        else:
            report.notes.append(f"Valkey was not measured: {problem}")
        if postgres is not None:
            await saves(report, postgres, valkey, quick=quick)
        await crowd(report, postgres, quick=quick)
        await queries(report, postgres, quick=quick)
    await hits(report, quick=quick)
    _guild_bytes(report, quick=quick)
    return report


def _guild_bytes(report: Report, *, quick: bool) -> None:
    for members, guilds in CASES.items():
        used = per_guild(members, min(guilds, _QUICK_GUILDS) if quick else guilds)
        for name, size in used.items():
            report.figures[f"guild_bytes_{name}_{members}"] = round(size, 1)
        suffix = "" if members == 100 else f"_{members}"
        for name in ("discord_py", "hikari"):
            report.ratios[f"guild_bytes_{name}{suffix}"] = round(used[name] / used["ours"], 2)
        report.gates[f"guild_bytes_not_above_peers_{members}"] = used["ours"] <= min(used["discord_py"], used["hikari"])
    report.notes.append(
        "guild_bytes: live Python memory of one more guild (30 channels, 20 roles, 20 emojis, that many members) by "
        "tracemalloc; the ratio without a number is at 100 members. See bench/guild_memory.py."
    )
