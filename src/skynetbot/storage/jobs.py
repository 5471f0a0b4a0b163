"""The table of jobs: what is to happen, when, for whom; leases with a fencing token; the dead, kept with their reason.

The bodies of `job_work` that begin with ``job`` are for use inside somebody else's transaction, so that a change and
the job that it needs are committed together.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from skynetbot.storage.job_work import (
    DEAD,
    LEASED,
    OF_KEY,
    WAITING,
    NewJob,
    job_cancel,
    job_insert,
    job_move,
    jobs_insert,
)
from skynetbot.storage.statements import DeleteRows, Row, SelectRows, Work, WorkFactory, fetch
from skynetbot.storage.store import Store
from skynetbot.storage.tables import GUILDS, MEMBERS, USERS, Column, Table

__all__ = [
    "DEAD",
    "LEASED",
    "WAITING",
    "JobNames",
    "JobRepository",
    "JobRow",
    "NewJob",
    "job_cancel",
    "job_insert",
    "job_move",
    "jobs_insert",
]

T = TypeVar("T")


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


class JobNames(msgspec.Struct, frozen=True):
    """Names for lists of jobs."""

    guilds: dict[int, str]
    people: dict[tuple[int, int], str]
    """(guild, user) -> name."""


_COLUMNS: Final = ", ".join(JobRow.__struct_fields__)
_LARGEST_ID: Final = 2**63 - 1
_NEAR: Final = 2_000
"""How many due jobs are looked at to be fair between servers."""
_LEASES: Final = Table("jobs", (Column("id"), Column("token"), Column("state")), ())
"""To delete by lease; with the state, because what was taken back keeps its token and is not the worker's any more."""


class JobRepository:
    """For the runner, and for people who look. Ids of one queue are handed out once at a time, by token."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def next_dues(self, queues: Sequence[str]) -> dict[str, float]:
        """When the first waiting job of each queue is due; queues in which none waits are left out."""
        if not queues:
            return {}
        rows = await self._store.read("jobs", "next_dues", lambda: fetch(_next_dues(len(queues)), *queues))
        return {str(queue): float(due) for queue, due in rows if due is not None}

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

    async def finish(self, done: Sequence[tuple[int, int]]) -> None:
        """Delete jobs by (id, token), those that are still held."""

        def work() -> Work[None]:
            yield DeleteRows(_LEASES, [(id_, token, LEASED) for id_, token in done])

        await self._store.run("jobs", "finish", work)

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
        where, args = _of(guild_id, queue, 4)
        sql = (
            f"SELECT {_COLUMNS} FROM jobs WHERE state < 2 AND (due, id) > (?1, ?2){where} "  # noqa: S608
            "ORDER BY due, id LIMIT ?3"
        )
        return await self._look("pending", sql, float(after[0]), after[1], limit, *args)

    async def dead(
        self, *, guild_id: int | None = None, queue: str | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[JobRow]:
        """What was given up, the newest first; ``before`` pages on from a job's id."""
        where, args = _of(guild_id, queue, 3)
        sql = f"SELECT {_COLUMNS} FROM jobs WHERE state = 2 AND id < ?1{where} ORDER BY id DESC LIMIT ?2"  # noqa: S608
        return await self._look("dead", sql, _LARGEST_ID if before is None else before, limit, *args)

    async def _look(self, verb: str, sql: str, *args: Any) -> Sequence[JobRow]:
        return [_job(row) for row in await self._store.read("jobs", verb, lambda: fetch(sql, *args), scan=True)]

    async def names(self, jobs: Sequence[JobRow]) -> JobNames:
        """What the servers and people of these jobs were last called, as far as it was written down."""
        guilds = sorted({(job.guild_id,) for job in jobs})
        members = sorted({(job.guild_id, job.user_id) for job in jobs})
        users = sorted({(job.user_id,) for job in jobs})

        def work() -> Work[tuple[list[Row], list[Row], list[Row]]]:
            of_guilds = yield SelectRows(GUILDS, ("name",), guilds)
            of_members = yield SelectRows(MEMBERS, ("name",), members)
            of_users = yield SelectRows(USERS, ("name",), users)
            return of_guilds, of_members, of_users

        of_guilds, of_members, of_users = await self._store.read("jobs", "names", work)
        known = {int(user): name for user, name in of_users if name}
        people = {(int(guild), int(user)): name for guild, user, name in of_members if name}
        return JobNames(
            guilds={int(guild): name for guild, name in of_guilds if name},
            people={(g, u): people.get((g, u)) or known[u] for g, u in members if (g, u) in people or u in known},
        )

    async def of_key(self, queue: str, key: str) -> JobRow | None:
        """The job of a queue that has the key and is not dead."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM jobs WHERE {OF_KEY}",  # noqa: S608
                    queue,
                    key,
                )
            )

        rows = await self._store.read("jobs", "of_key", work)
        return _job(rows[0]) if rows else None

    async def revive(self, id_: int, due: float, guild_id: int | None = None) -> bool:
        """Let a dead job wait again, with all its attempts before it; False when there is no such job (of the server),
        or another one has its key.
        """
        where, args = _of(guild_id, None, 3)
        rows = await self._store.run(
            "jobs",
            "revive",
            lambda: fetch(
                f"UPDATE jobs SET state = 0, due = ?2, attempts = 0, error = NULL WHERE id = ?1 AND state = 2{where} "  # noqa: S608
                "AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.queue = jobs.queue AND o.key = jobs.key AND o.state < 2) "
                "RETURNING id",
                id_,
                due,
                *args,
            ),
        )
        return bool(rows)

    async def counts(self) -> dict[tuple[str, int], int]:
        """(queue, state) -> how many."""

        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT queue, state, count(*) FROM jobs GROUP BY queue, state"))

        rows = await self._store.read("jobs", "counts", work, scan=True)
        return {(str(queue), int(state)): int(count) for queue, state, count in rows}


@lru_cache(maxsize=64)
def _next_dues(queues: int) -> str:
    """One statement for so many queues: each looks at the first entry of its part of the index."""
    return " UNION ALL ".join(
        f"SELECT CAST(?{place} AS TEXT), (SELECT min(due) FROM jobs WHERE state = 0 AND queue = ?{place})"  # noqa: S608
        for place in range(1, queues + 1)
    )


def _of(guild_id: int | None, queue: str | None, first: int) -> tuple[str, list[Any]]:
    """Conditions with their values, numbered from ``first``: only those that are asked for, so that indexes serve."""
    given = [(name, value) for name, value in (("guild_id", guild_id), ("queue", queue)) if value is not None]
    return "".join(f" AND {name} = ?{place}" for place, (name, _) in enumerate(given, first)), [v for _, v in given]


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
