"""Part of the job bench: a fresh process that starts with a million pending jobs (see `clients.jobs_million`)."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from bench.clients.jobs_million import Found
from bench.report import Report
from bench.writes_stores import postgres_store, sqlite_store
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store
from support.servers import PostgresServer

__all__ = ["million"]

_PENDING: Final = 1_000_000
_GUILDS: Final = 2_000
_FIRST_S: Final = 86_400
"""The first of them is due in a day, the others follow each second."""
_ROOT: Final = Path(__file__).parents[1]


async def million(report: Report, server: PostgresServer | None, *, quick: bool) -> None:
    """Fill, start a process on it, and put down what it found; a tenth of it, without PostgreSQL, when quick."""
    pending = _PENDING // 10 if quick else _PENDING
    async with sqlite_store() as (store, folder):
        await _fill(store, pending)
        await store.close()
        _put(report, "", await _start(str(folder / "bench.sqlite3"), pending), pending)
    if server is not None and not quick:
        async with postgres_store(server) as (store_there, _):
            await _fill(store_there, pending)
            connection: Any = await asyncpg.connect(store_there._url)
            await connection.execute("VACUUM ANALYZE jobs")  # as the server does by itself after a while
            await connection.execute("CHECKPOINT")
            await connection.close()
            _put(report, "_postgres", await _start(store_there._url, pending), pending)
    report.notes.append(
        f"Pending (million_*): {pending:,} jobs with keys, of {_GUILDS:,} servers, and one that is due. start_s is "
        "from before the database is opened until that one's handler runs, in a fresh process (its files are in the "
        "system's memory); mib is the most that this process grew by, the runner's count of the whole table included. "
        "move_us and cancel_us are a durable transaction each (median of 300), *_in_batch_us is one of 300 together."
    )


def _put(report: Report, mark: str, found: Found, pending: int) -> None:
    report.gates[f"million{mark}_due_fired_once_and_keys_found"] = (
        found.fired == 1 and found.changed and found.counted in (pending, pending + 1)
    )
    report.figures |= {
        f"million_start_s{mark}": round(found.start_s, 3),
        f"million_pending_mib{mark}": round(found.grown_mib, 1),
        f"million_move_us{mark}": round(found.move_us, 1),
        f"million_cancel_us{mark}": round(found.cancel_us, 1),
        f"million_move_in_batch_us{mark}": round(found.move_batch_us, 1),
        f"million_cancel_in_batch_us{mark}": round(found.cancel_batch_us, 1),
    }


async def _fill(store: Store, pending: int) -> None:
    if isinstance(store, PostgresStore):
        now = "extract(epoch FROM now())::double precision"
        numbers = f"SELECT generate_series(0::bigint, {pending}) AS i"
    else:
        now = "unixepoch('now', 'subsec')"
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT {pending + 1}) SELECT i FROM n"  # noqa: S608

    def work() -> Work[None]:
        yield from fetch(
            "INSERT INTO jobs (queue, key, guild_id, user_id, title, due, priority, payload, schedule, state, run, "  # noqa: S608
            "attempts, token, beat, created_at) SELECT 'bench', 'key-' || i, "
            f"1100000000000000000 + i % {_GUILDS}, 200000000000000000 + i % 50000, 'Reminder for somebody', "
            # Number 0 is due at once.
            f"{now} + CASE WHEN i = 0 THEN 0 ELSE {_FIRST_S} + i END, 0, "
            """'{"text":"Water the plants on the balcony.","channel":"1100000000000000001"}', """
            f"NULL, 0, 0, 0, 0, 0, {now} FROM ({numbers}) AS them"
        )

    await store.run("jobs", "fill", work)


async def _start(database: str, pending: int) -> Found:
    os.sync()  # what filling left to be written would slow each commit down
    command = [sys.executable, "-m", "bench.clients.jobs_million", database, str(pending)]
    process = await asyncio.create_subprocess_exec(*command, cwd=_ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {process.returncode}")
    return msgspec.json.decode(said, type=Found)
