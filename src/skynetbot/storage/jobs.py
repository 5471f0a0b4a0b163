"""The table of jobs: what is to happen, when, for whom; leases with a fencing token; the dead, kept with their reason.

The bodies that begin with ``job_`` are for use inside somebody else's transaction, so that a change and the job that
it needs are committed together.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from skynetbot.storage.statements import Row, Work, WorkFactory, fetch
from skynetbot.storage.store import Store

__all__ = [
    "DEAD",
    "LEASED",
    "WAITING",
    "JobRepository",
    "JobRow",
    "NewJob",
    "job_cancel",
    "job_insert",
    "job_move",
]

T = TypeVar("T")

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


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it is stored."""

    id: int
    queue: str
    key: str | None
    guild_id: int
    user_id: int
    title: str
    due: float
    priority: int
    payload: str
    schedule: str | None
    state: int
    run: int
    attempts: int
    token: int
    beat: int
    worker: str | None
    progress: str | None
    error: str | None
    created_at: float


_COLUMNS: Final = ", ".join(JobRow.__struct_fields__)
_NEAR: Final = 2_000
"""How many due jobs are looked at to be fair between servers."""
_INSERT: Final = (
    "INSERT INTO jobs (queue, key, guild_id, user_id, title, due, priority, payload, schedule, state, run, attempts, "
    "token, beat, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, 0, 0, ?10) "
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


def job_cancel(queue: str, key: str) -> Work[bool]:
    """Delete a waiting job; False when there is none (it may be running, or done)."""
    rows = yield from fetch("DELETE FROM jobs WHERE queue = ?1 AND key = ?2 AND state = 0 RETURNING id", queue, key)
    return bool(rows)


def job_move(queue: str, key: str, due: float) -> Work[bool]:
    """Let a waiting job be due at another time; False when there is none."""
    rows = yield from fetch(
        "UPDATE jobs SET due = ?3 WHERE queue = ?1 AND key = ?2 AND state = 0 RETURNING id", queue, key, due
    )
    return bool(rows)


class JobRepository:
    """For the runner, and for people who look. Ids of one queue are handed out once at a time, by token."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert_many(self, jobs: Sequence[NewJob], at: float) -> Sequence[int | None]:
        """Insert all in one transaction; see `job_insert` for each."""

        def work() -> Work[list[int | None]]:
            ids: list[int | None] = []
            for job in jobs:
                id_ = yield from job_insert(job, at)
                ids.append(id_)
            return ids

        return await self._store.run("jobs", "insert", work)

    async def next_dues(self, queues: Sequence[str]) -> dict[str, float]:
        """When the first waiting job of each queue is due; queues in which none waits are left out."""

        def work() -> Work[dict[str, float]]:
            found: dict[str, float] = {}
            for queue in queues:
                rows = yield from fetch("SELECT min(due) FROM jobs WHERE state = 0 AND queue = ?1", queue)
                if rows[0][0] is not None:
                    found[queue] = float(rows[0][0])
            return found

        return await self._store.read("jobs", "next_dues", work)

    async def claim(self, queue: str, now: float, limit: int, worker: str) -> Sequence[JobRow]:
        """Lease up to ``limit`` due jobs: by priority, then one a server in turn, then by their time."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    "UPDATE jobs SET state = 1, token = token + 1, beat = beat + 1, attempts = attempts + 1, "  # noqa: S608
                    "worker = ?4 WHERE state = 0 AND id IN (SELECT id FROM (SELECT id, priority, due, "
                    "row_number() OVER (PARTITION BY guild_id ORDER BY priority, due, id) AS turn "
                    "FROM (SELECT id, guild_id, priority, due FROM jobs WHERE state = 0 AND queue = ?1 AND due <= ?2 "
                    f"ORDER BY due LIMIT {_NEAR}) near) ranked ORDER BY priority, turn, due, id LIMIT ?3) "
                    f"RETURNING {_COLUMNS}",
                    queue,
                    now,
                    limit,
                    worker,
                )
            )

        rows = await self._store.run("jobs", "claim", work)
        return sorted((_job(row) for row in rows), key=lambda job: (job.priority, job.due, job.id))

    async def finish(self, done: Sequence[tuple[int, int]]) -> int:
        """Delete jobs by (id, token); how many were still held."""

        def work() -> Work[int]:
            held = 0
            for id_, token in done:
                rows = yield from fetch(
                    "DELETE FROM jobs WHERE id = ?1 AND token = ?2 AND state = 1 RETURNING id", id_, token
                )
                held += len(rows)
            return held

        return await self._store.run("jobs", "finish", work)

    async def put_back(
        self, id_: int, token: int, *, due: float, error: str | None, again: bool, dead: bool = False
    ) -> bool:
        """Let the job wait until ``due`` (``again``: as if it never ran), or die; False when it is not held."""
        return bool(await self._store.run("jobs", "put_back", lambda: _put_back(id_, token, due, error, again, dead)))

    async def commit(self, id_: int, token: int, work: WorkFactory[T], next_due: float | None) -> tuple[bool, T | None]:
        """Run ``work`` and finish the job in one transaction; (False, None) when it is not held, and nothing was kept.

        With ``next_due`` the job waits for its next time instead.
        """

        def both() -> Work[tuple[bool, T | None]]:
            if next_due is None:
                sql = "DELETE FROM jobs WHERE id = ?1 AND token = ?2 AND state = 1 RETURNING id"
                held = yield from fetch(sql, id_, token)
            else:
                held = yield from _put_back(id_, token, next_due, None, True, False)
            return (True, (yield from work())) if held else (False, None)

        return await self._store.run("jobs", "commit", both)

    async def note(self, id_: int, token: int, progress: str) -> bool:
        """Keep what an attempt has done already, for the next one."""
        rows = await self._store.run(
            "jobs",
            "note",
            lambda: fetch(
                "UPDATE jobs SET progress = ?3 WHERE id = ?1 AND token = ?2 AND state = 1 RETURNING id",
                id_,
                token,
                progress,
            ),
        )
        return bool(rows)

    async def beat(self, held: Sequence[tuple[int, int]]) -> Sequence[int]:
        """Say that these (id, token) are still worked on; the ids that are not held any more."""

        def work() -> Work[list[int]]:
            lost: list[int] = []
            for id_, token in held:
                rows = yield from fetch(
                    "UPDATE jobs SET beat = beat + 1 WHERE id = ?1 AND token = ?2 AND state = 1 RETURNING id",
                    id_,
                    token,
                )
                if not rows:
                    lost.append(id_)
            return lost

        return await self._store.run("jobs", "beat", work)

    async def leased(self) -> Sequence[tuple[int, int, int, str]]:
        """(id, token, beat, worker) of everything that is leased."""

        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT id, token, beat, coalesce(worker, '') FROM jobs WHERE state = 1"))

        rows = await self._store.read("jobs", "leased", work)
        return [(int(i), int(t), int(b), str(w)) for i, t, b, w in rows]

    async def take_back(self, stale: Sequence[tuple[int, int, int]]) -> int:
        """Let jobs wait again whose (id, token, beat) did not move; how many there were."""

        def work() -> Work[int]:
            taken = 0
            for id_, token, beat in stale:
                rows = yield from fetch(
                    "UPDATE jobs SET state = 0, worker = NULL WHERE id = ?1 AND token = ?2 AND beat = ?3 AND state = 1 "
                    "RETURNING id",
                    id_,
                    token,
                    beat,
                )
                taken += len(rows)
            return taken

        return await self._store.run("jobs", "take_back", work)

    async def release(self, worker: str) -> int:
        """Let everything wait again that a worker held which is known to be gone; how many there were."""
        rows = await self._store.run(
            "jobs",
            "release",
            lambda: fetch(
                "UPDATE jobs SET state = 0, worker = NULL WHERE state = 1 AND worker = ?1 RETURNING id", worker
            ),
        )
        return len(rows)

    async def pending(
        self,
        *,
        guild_id: int | None = None,
        queue: str | None = None,
        after: tuple[float, int] = (0, 0),
        limit: int = 50,
    ) -> Sequence[JobRow]:
        """What waits or runs, the next first; ``after`` pages on from a job's (due, id)."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM jobs WHERE state < 2 AND (due > ?1 OR (due = ?1 AND id > ?2)) "  # noqa: S608
                    "AND (CAST(?3 AS BIGINT) IS NULL OR guild_id = ?3) AND (CAST(?4 AS TEXT) IS NULL OR queue = ?4) "
                    "ORDER BY due, id LIMIT ?5",
                    float(after[0]),
                    after[1],
                    guild_id,
                    queue,
                    limit,
                )
            )

        return [_job(row) for row in await self._store.read("jobs", "pending", work, scan=True)]

    async def dead(self, *, guild_id: int | None = None, limit: int = 50) -> Sequence[JobRow]:
        """What was given up, the newest first."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM jobs WHERE state = 2 "  # noqa: S608
                    "AND (CAST(?1 AS BIGINT) IS NULL OR guild_id = ?1) ORDER BY id DESC LIMIT ?2",
                    guild_id,
                    limit,
                )
            )

        return [_job(row) for row in await self._store.read("jobs", "dead", work, scan=True)]

    async def of_key(self, queue: str, key: str) -> JobRow | None:
        """The job of a queue that has the key and is not dead."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM jobs WHERE queue = ?1 AND key = ?2 AND state < 2",  # noqa: S608
                    queue,
                    key,
                )
            )

        rows = await self._store.read("jobs", "of_key", work)
        return _job(rows[0]) if rows else None

    async def revive(self, id_: int, due: float) -> bool:
        """Let a dead job wait again, with all its attempts before it; False when there is no such job."""
        rows = await self._store.run(
            "jobs",
            "revive",
            lambda: fetch(
                "UPDATE jobs SET state = 0, due = ?2, attempts = 0, error = NULL WHERE id = ?1 AND state = 2 "
                "AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.queue = jobs.queue AND o.key = jobs.key AND o.state < 2) "
                "RETURNING id",
                id_,
                due,
            ),
        )
        return bool(rows)

    async def counts(self) -> dict[tuple[str, int], int]:
        """(queue, state) -> how many."""

        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT queue, state, count(*) FROM jobs GROUP BY queue, state"))

        rows = await self._store.read("jobs", "counts", work, scan=True)
        return {(str(queue), int(state)): int(count) for queue, state, count in rows}


def _put_back(id_: int, token: int, due: float, error: str | None, again: bool, dead: bool) -> Work[list[Row]]:
    return (
        yield from fetch(
            "UPDATE jobs SET state = ?3, due = ?4, error = ?5, worker = NULL, "
            "run = CASE WHEN ?6 = 1 THEN run + 1 ELSE run END, "
            "attempts = CASE WHEN ?6 = 1 THEN 0 ELSE attempts END, "
            "progress = CASE WHEN ?6 = 1 THEN NULL ELSE progress END "
            "WHERE id = ?1 AND token = ?2 AND state = 1 RETURNING id",
            id_,
            token,
            DEAD if dead else WAITING,
            due,
            error,
            int(again),
        )
    )


def _job(row: Row) -> JobRow:
    values: dict[str, Any] = dict(zip(JobRow.__struct_fields__, row, strict=True))
    return JobRow(**values)
