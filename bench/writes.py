"""The write bench: what batching saves on real chat, durable operations a second, and whether the cost stays flat."""

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.report import Report
from bench.writes_callers import callers
from bench.writes_flat import flat
from bench.writes_replay import replay
from skynetbot.discord.client import DiscordClient
from support.servers import PostgresServer, postgres_problem

__all__ = ["run"]


async def run(*, quick: bool) -> Report:
    """All parts; see their modules for what they do."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # another bench may have kept to one core
    report = Report()
    report.notes.append(f"Files are in {tempfile.gettempdir()}, a file system of type {_file_system()}.")
    with ExitStack() as stack:
        problem = postgres_problem()
        server = None
        if problem is None:
            server = stack.enter_context(PostgresServer(durable=True, settings={"shared_buffers": "128MB"}))
        else:
            report.notes.append(f"PostgreSQL was not measured: {problem}")
        stack.enter_context(_settled_memory())
        await callers(report, quick=quick)
        await flat(report, server, quick=quick)
        await replay(report, server, quick=quick)
    return report


@contextmanager
def _settled_memory() -> Iterator[None]:
    """The collector as the bot sets it once its servers are loaded; ours and the peers in this process have it so."""
    before = gc.get_threshold()
    DiscordClient.settle_memory()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _file_system() -> str:
    """What the temporary files lie on: on one that is only memory a sync costs nothing."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    place = Path(tempfile.gettempdir()).resolve()
    around = [(len(where), kind) for where, kind in mounts if place.is_relative_to(where)]
    return max(around)[1] if around else "unknown"
