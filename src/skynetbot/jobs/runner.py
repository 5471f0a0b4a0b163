"""Works on jobs: sleeps until the next one is due, leases what is due, runs it, and finishes, retries or buries it.

The table is the truth; in memory are only the jobs that run. A process holds its leases by a beat that others watch on
their own monotonic clocks: one that stands still for the length of a lease is taken back. So a wall clock that jumps
makes jobs early or late with it, and never makes one run twice.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from skynetbot.bus.contract import GAP_TOPIC, Bus
from skynetbot.jobs.kinds import GiveUp, JobKind, JobRun, LeaseLost, RetryLater
from skynetbot.jobs.leases import LeaseWatch
from skynetbot.jobs.retries import is_missed, retry_delay
from skynetbot.jobs.service import WriterWork, jobs_topic, with_writer
from skynetbot.jobs.tally import JobTally
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import StorageError
from skynetbot.storage.jobs import JobRepository, JobRow

__all__ = ["JobRunner"]

_log = get_logger(__name__)
_LOOK_EVERY_S: Final = 5.0
"""The longest sleep: what another process scheduled while the bus was down, or a clock that jumped, is noticed."""
_CLAIM: Final = 200
_GATHER_S: Final = 0.005
_COUNT_EVERY_S: Final = 15.0
_AFTER_FAILURE_S: Final = 1.0


class JobRunner:
    """One process's worker for some kinds of jobs. ``run`` until cancelled, then ``close``."""

    def __init__(
        self,
        repository: JobRepository,
        kinds: Sequence[JobKind],
        bus: Bus,
        metrics: Metrics,
        *,
        worker: str,
        next_time: Callable[[str, float], float | None],
        lease_s: float = 15.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            worker: a name that no other living process has; what it held in an earlier life is released at the start.
            next_time: from a job's schedule and a time, when it is due again; None when never.
            lease_s: how long a worker may give no sign of life before its jobs are given to others.
        """
        self._repository = repository
        self._kinds = {kind.queue: kind for kind in kinds}
        self._worker = worker
        self._next_time = next_time
        self._now = now
        self._leases = LeaseWatch(repository, worker, lease_s)
        self.tally = JobTally(metrics)
        self._running: dict[str, set[asyncio.Task[None]]] = {queue: set() for queue in self._kinds}
        self._finished: list[tuple[int, int]] = []
        self._anything_finished = asyncio.Event()
        self._wake = asyncio.Event()
        self._next_due = float("inf")
        self._bus = bus
        self._unlisten = (
            bus.listen(jobs_topic, self._on_news),
            bus.listen(GAP_TOPIC, lambda _: self._wake.set()),
        )

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatch(), name="jobs dispatch")
            group.create_task(self._finish(), name="jobs finish")
            group.create_task(self._leases.run(), name="jobs leases")
            group.create_task(self._count(), name="jobs count")

    async def close(self, grace_s: float = 5.0) -> None:
        """Let what runs end, cancel the rest, and give back what is held; call it after ``run`` was cancelled."""
        for stop in self._unlisten:
            stop()
        tasks = [task for running in self._running.values() for task in running]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._flush_finished()
            await self._repository.release(self._worker)
        except StorageError as error:
            _log.warning("jobs could not be given back; their leases run out", error=str(error))

    def stats(self) -> dict[str, int]:
        return {"running": sum(map(len, self._running.values())), "unfinished": len(self._finished)}

    # -- dispatch --------------------------------------------------------------------------------------------------

    def _on_news(self, due: float) -> None:
        if due < self._next_due:
            self._wake.set()

    async def _dispatch(self) -> None:
        await self._take_over()
        while True:
            try:
                wait_s = await self._start_due()
            except StorageError as error:
                _log.error("jobs cannot be read", error=str(error), retry_s=_AFTER_FAILURE_S)
                wait_s = _AFTER_FAILURE_S
            if wait_s > 0:
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def _take_over(self) -> None:
        """What this worker held before it died waits again, at once."""
        while True:
            try:
                released = await self._repository.release(self._worker)
            except StorageError as error:
                _log.error("jobs cannot be read", error=str(error), retry_s=_AFTER_FAILURE_S)
                await asyncio.sleep(_AFTER_FAILURE_S)
                continue
            if released:
                _log.info("taking up jobs that were running when this worker died", jobs=released)
            return

    async def _start_due(self) -> float:
        """Start what is due and fits; seconds until there may be more to do."""
        self._wake.clear()
        # Until it is known what the table holds, anything new may be what this look has just missed.
        self._next_due = float("inf")
        free = {queue: kind.concurrency - len(self._running[queue]) for queue, kind in self._kinds.items()}
        open_queues = [queue for queue, slots in free.items() if slots > 0]
        dues = await self._repository.next_dues(open_queues)
        now = self._now()
        started = 0
        for queue, due in dues.items():
            if due <= now:
                for job in await self._repository.claim(queue, now, min(free[queue], _CLAIM), self._worker):
                    self._start(job)
                    started += 1
        if started:
            return 0
        self._next_due = min(dues.values(), default=float("inf"))
        return min(max(self._next_due - self._now(), 0.0005), _LOOK_EVERY_S)

    def _start(self, job: JobRow) -> None:
        self._leases.hold(job.id, job.token)
        task = asyncio.get_running_loop().create_task(self._attempt(job), name=f"job {job.queue} {job.id}")
        self._running[job.queue].add(task)
        task.add_done_callback(lambda done: self._ended(job, done))

    def _ended(self, job: JobRow, task: asyncio.Task[None]) -> None:
        running = self._running[job.queue]
        if len(running) >= self._kinds[job.queue].concurrency:
            self._wake.set()
        running.discard(task)
        if (job.id, job.token) not in self._finished:
            # What is done and not deleted yet is still held: nobody may do it again.
            self._leases.drop(job.id)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Only the database can fail here; the lease runs out and somebody tries again.
            _log.error("job could not be put away", queue=job.queue, job=job.id, error=str(error))

    # -- one job ---------------------------------------------------------------------------------------------------

    async def _attempt(self, job: JobRow) -> None:
        kind = self._kinds[job.queue]
        now = self._now()
        if job.attempts == 1:
            self.tally.lateness.labels(job.queue).observe(max(0.0, now - job.due))
            if kind.catch_up == "skip" and is_missed(job.due, now, kind.grace_s):
                await self._done(job, "skipped")
                return
        run = JobRun(
            job,
            note=lambda progress: self._repository.note(job.id, job.token, progress),
            commit=lambda work: self._commit(job, work),
        )
        try:
            async with asyncio.timeout(kind.timeout_s):
                await kind.handler(run)
        except LeaseLost:
            self.tally.runs.labels(job.queue, "lost").inc()
            _log.warning("job is held by another worker now", queue=job.queue, job=job.id)
        except GiveUp as error:
            await self._bury(job, str(error))
        except RetryLater as error:
            await self._retry(job, kind, str(error), error.after_s)
        except TimeoutError:
            await self._retry(job, kind, f"it took longer than {kind.timeout_s:g} s", None)
        except Exception as error:  # noqa: BLE001 - boundary, logged
            # A supervisor: whatever a handler does wrong, its job is tried again and then kept with the reason.
            _log.exception("job failed", queue=job.queue, job=job.id, attempt=job.attempts)
            await self._retry(job, kind, repr(error), None)
        else:
            if run.committed:
                self.tally.runs.labels(job.queue, "done").inc()
            else:
                await self._done(job, "done")

    async def _done(self, job: JobRow, outcome: str) -> None:
        self.tally.runs.labels(job.queue, outcome).inc()
        due = self._due_again(job)
        if due is not None:
            await self._repository.put_back(job.id, job.token, due=due, error=None, again=True)
            self._on_news(due)
            return
        self._finished.append((job.id, job.token))
        self._anything_finished.set()

    def _due_again(self, job: JobRow) -> float | None:
        # After now: what was missed meanwhile is not made up for, one by one.
        return None if job.schedule is None else self._next_time(job.schedule, max(self._now(), job.due))

    async def _commit(self, job: JobRow, work: WriterWork[Any]) -> Any:
        due = self._due_again(job)
        body, earliest = with_writer(work, self._now)
        held, result = await self._repository.commit(job.id, job.token, body, due)
        if not held:
            raise LeaseLost(f"job {job.id} is held by somebody else")
        if due is not None:
            self._on_news(due)
        new = earliest()
        if new is not None:
            self._bus.publish(jobs_topic, new)
        return result

    async def _retry(self, job: JobRow, kind: JobKind, reason: str, after_s: float | None) -> None:
        if job.attempts >= kind.retries.attempts:
            await self._bury(job, f"{reason} (attempt {job.attempts} of {kind.retries.attempts})")
            return
        due = self._now() + retry_delay(kind.retries, job.attempts, after_s)
        self.tally.runs.labels(job.queue, "retried").inc()
        await self._repository.put_back(job.id, job.token, due=due, error=reason, again=False)
        self._on_news(due)

    async def _bury(self, job: JobRow, reason: str) -> None:
        self.tally.runs.labels(job.queue, "dead").inc()
        _log.error("job given up", queue=job.queue, job=job.id, title=job.title, reason=reason)
        again = self._due_again(job)
        if again is not None:
            # What repeats is given up for this time only; the reason stays with it until it succeeds.
            await self._repository.put_back(job.id, job.token, due=again, error=reason, again=True)
            self._on_news(again)
            return
        await self._repository.put_back(job.id, job.token, due=job.due, error=reason, again=False, dead=True)

    # -- housekeeping ----------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """Delete what is done, many at once."""
        while True:
            await self._anything_finished.wait()
            await asyncio.sleep(_GATHER_S)
            try:
                await self._flush_finished()
            except StorageError as error:
                _log.error("jobs cannot be finished yet", error=str(error), jobs=len(self._finished))
                await asyncio.sleep(_AFTER_FAILURE_S)

    async def _flush_finished(self) -> None:
        batch = list(self._finished)
        if batch:
            await self._repository.finish(batch)
        for id_, _ in batch:
            self._leases.drop(id_)
        del self._finished[: len(batch)]
        if not self._finished:
            self._anything_finished.clear()

    async def _count(self) -> None:
        while True:
            try:
                self.tally.pending = await self._repository.counts()
            except StorageError as error:
                _log.warning("jobs cannot be counted", error=str(error))
            await asyncio.sleep(_COUNT_EVERY_S)
