"""Scheduling from everywhere: jobs of their own, or in the transaction of the change that needs them."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, TypeVar

from skynetbot.bus.contract import Bus
from skynetbot.storage.jobs import JobRepository, JobRow, NewJob, job_cancel, job_insert, job_move, jobs_insert
from skynetbot.storage.statements import Work
from skynetbot.storage.store import Store

__all__ = ["JobWriter", "Jobs", "WriterWork", "jobs_topic", "with_writer"]

T = TypeVar("T")

jobs_topic: Final = "jobs.due"
"""Bus topic; the message is when the earliest of some new jobs is due (seconds since 1970)."""


class JobWriter:
    """Inserts and cancels inside a transaction, and remembers whom to wake when it is committed."""

    def __init__(self, now: float) -> None:
        self._now = now
        self.earliest: float | None = None

    def add(self, job: NewJob) -> Work[int | None]:
        """Insert, or replace the waiting job with the same key; None when the one with that key runs just now."""
        id_ = yield from job_insert(job, self._now)
        self._note(job.due)
        return id_

    def add_all(self, jobs: Sequence[NewJob]) -> Work[list[int | None]]:
        """`add` each; those without a key in few statements."""
        ids = yield from jobs_insert(jobs, self._now)
        for job in jobs:
            self._note(job.due)
        return ids

    def move(self, queue: str, key: str, due: float) -> Work[bool]:
        """Let a waiting job be due at another time; False when there is none."""
        moved = yield from job_move(queue, key, due)
        self._note(due)
        return moved

    def cancel(self, queue: str, key: str) -> Work[bool]:
        """Delete a waiting job; False when there is none."""
        return (yield from job_cancel(queue, key))

    def _note(self, due: float) -> None:
        self.earliest = due if self.earliest is None else min(self.earliest, due)


WriterWork: TypeAlias = Callable[[JobWriter], Work[T]]
"""The body of a transaction that may schedule something."""


def with_writer(
    work: WriterWork[T], now: Callable[[], float]
) -> tuple[Callable[[], Work[T]], Callable[[], float | None]]:
    """A body that gives ``work`` its writer, and what says, after the commit, when the earliest new job is due."""
    writers: list[JobWriter] = []

    def body() -> Work[T]:
        # Made anew each time: the engine may have to run the body again.
        writers[:] = [JobWriter(now())]
        return (yield from work(writers[0]))

    return body, lambda: writers[0].earliest if writers else None


class Jobs:
    """The one way to durable work. What is scheduled here is committed when the call returns."""

    def __init__(self, store: Store, bus: Bus, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._bus = bus
        self._now = now
        self.repository = JobRepository(store)

    async def schedule(self, *jobs: NewJob) -> Sequence[int | None]:
        """Insert all or none; their ids (see `JobWriter.add`)."""
        return await self.transaction("jobs", "schedule", lambda writer: writer.add_all(jobs))

    async def transaction(self, collection: str, verb: str, work: WriterWork[T]) -> T:
        """Run a transaction that changes something and schedules what the change needs, together.

        Raises:
            StorageError: nothing was kept, neither change nor jobs.
        """
        body, earliest = with_writer(work, self._now)
        result = await self._store.run(collection, verb, body)
        due = earliest()
        if due is not None:
            self._bus.publish(jobs_topic, due)
        return result

    async def cancel(self, queue: str, key: str) -> bool:
        """Delete a waiting job; False when there is none: it runs just now, is done, or never was."""
        return await self.transaction("jobs", "cancel", lambda writer: writer.cancel(queue, key))

    async def move(self, queue: str, key: str, due: float) -> bool:
        """Let a waiting job be due at another time; False when there is none."""
        return await self.transaction("jobs", "move", lambda writer: writer.move(queue, key, due))

    async def find(self, queue: str, key: str) -> JobRow | None:
        """The job of a queue that has the key, waiting or running."""
        return await self.repository.of_key(queue, key)

    async def revive(self, id_: int, guild_id: int | None = None) -> bool:
        """Let a dead job run again now; False when there is no such job (of the server), or another one has its key."""
        revived = await self.repository.revive(id_, self._now(), guild_id)
        if revived:
            self._bus.publish(jobs_topic, self._now())
        return revived
