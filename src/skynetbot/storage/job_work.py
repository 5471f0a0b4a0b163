"""What other transactions do with jobs: insert, move and cancel them, so that a change and the job that it needs are
committed together.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from skynetbot.storage.statements import Work, fetch

__all__ = [
    "DEAD",
    "LEASED",
    "OF_KEY",
    "WAITING",
    "NewJob",
    "job_cancel",
    "job_insert",
    "job_move",
    "jobs_insert",
]

WAITING: Final = 0
LEASED: Final = 1
DEAD: Final = 2


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. ``due`` is seconds since 1970; ``payload`` is JSON."""

    queue: str
    due: float
    payload: str = "{}"
    key: str | None = None
    """At most one job of the queue that is not dead has it; a second one replaces the first if it only waits."""
    guild_id: int = 0
    user_id: int = 0
    title: str = ""
    priority: int = 0
    schedule: str | None = None


OF_KEY: Final = "queue = ?1 AND key = ?2 AND state < 2"
"""In the words of the index ``jobs_key``: SQLite does not see by itself that ``state = 0`` is below 2, and would look
at every waiting job of the queue."""
_ROWS_PER_STATEMENT: Final = 128
"""A power of two: what is left over is written by statements of half the size, so that few are ever prepared."""
_INTO: Final = (
    "INSERT INTO jobs (queue, key, guild_id, user_id, title, due, priority, payload, schedule, state, run, attempts, "
    "token, beat, created_at) "
)
_INSERT: Final = _INTO + (
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, 0, 0, ?10) "
    "ON CONFLICT (queue, key) WHERE key IS NOT NULL AND state < 2 DO UPDATE SET guild_id = excluded.guild_id, "
    "user_id = excluded.user_id, title = excluded.title, due = excluded.due, priority = excluded.priority, "
    "payload = excluded.payload, schedule = excluded.schedule, created_at = excluded.created_at, attempts = 0, "
    "progress = NULL, error = NULL "
    "WHERE jobs.state = 0 RETURNING id"
)


def job_insert(job: NewJob, at: float) -> Work[int | None]:
    """Insert, or replace the waiting job with the same key; None when the one with that key is running just now."""
    rows = yield from fetch(
        _INSERT,
        job.queue,
        job.key,
        job.guild_id,
        job.user_id,
        job.title,
        job.due,
        job.priority,
        job.payload,
        job.schedule,
        at,
    )
    return int(rows[0][0]) if rows else None


def jobs_insert(jobs: Sequence[NewJob], at: float) -> Work[list[int | None]]:
    """Insert many, those without a key together; see `job_insert` for each."""
    ids: list[int | None] = [None] * len(jobs)
    plain = [place for place, job in enumerate(jobs) if job.key is None]
    start, size = 0, _ROWS_PER_STATEMENT
    while start < len(plain):
        while size > len(plain) - start:
            size //= 2
        places = plain[start : start + size]
        start += size
        args: list[Any] = [at]
        for job in map(jobs.__getitem__, places):
            args += (job.queue, job.guild_id, job.user_id, job.title, job.due, job.priority, job.payload, job.schedule)
        for place, row in zip(places, (yield from fetch(_insert_of(size), *args)), strict=True):
            ids[place] = int(row[0])
    for place, job in enumerate(jobs):
        if job.key is not None:
            ids[place] = yield from job_insert(job, at)
    return ids


@lru_cache(maxsize=16)
def _insert_of(rows: int) -> str:
    """For so many jobs without keys: ``at``, then eight parameters a job."""
    values = [
        "(?{}, NULL, ?{}, ?{}, ?{}, ?{}, ?{}, ?{}, ?{}, 0, 0, 0, 0, 0, ?1)".format(*range(first, first + 8))
        for first in range(2, 2 + 8 * rows, 8)
    ]
    return f"{_INTO}VALUES {', '.join(values)} RETURNING id"


def job_cancel(queue: str, key: str) -> Work[bool]:
    """Delete a waiting job; False when there is none (it may be running, or done)."""
    rows = yield from fetch(f"DELETE FROM jobs WHERE {OF_KEY} AND state = 0 RETURNING id", queue, key)  # noqa: S608
    return bool(rows)


def job_move(queue: str, key: str, due: float) -> Work[bool]:
    """Let a waiting job be due at another time; False when there is none."""
    rows = yield from fetch(
        f"UPDATE jobs SET due = ?3 WHERE {OF_KEY} AND state = 0 RETURNING id",  # noqa: S608
        queue,
        key,
        due,
    )
    return bool(rows)
