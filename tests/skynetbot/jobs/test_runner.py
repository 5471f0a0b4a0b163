"""Jobs on both engines: on time, once, in turn, and never lost."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.kinds import GiveUp, JobKind, JobRun, LeaseLost, RetryLater
from skynetbot.jobs.leases import LeaseWatch
from skynetbot.jobs.retries import RetryPolicy
from skynetbot.jobs.runner import JobRunner
from skynetbot.jobs.service import Jobs, JobWriter
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import RowRefused
from skynetbot.storage.jobs import DEAD, LEASED, WAITING, NewJob
from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store

Handler = Callable[[JobRun], Awaitable[None]]
QUICK = RetryPolicy(attempts=3, first_s=0.01, longest_s=0.02)


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def jobs(store: Store, bus: LocalBus) -> Jobs:
    return Jobs(store, bus)


def never(_: str, __: float) -> float | None:
    return None


@asynccontextmanager
async def working(
    jobs: Jobs,
    bus: LocalBus,
    *kinds: JobKind,
    worker: str = "w",
    next_time: Callable[[str, float], float | None] = never,
    lease_s: float = 15,
) -> AsyncIterator[JobRunner]:
    runner = JobRunner(jobs.repository, kinds, bus, Metrics(), worker=worker, next_time=next_time, lease_s=lease_s)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.close(0.1)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_job_runs_at_its_time_and_is_gone(jobs: Jobs, bus: LocalBus) -> None:
    ran: list[float] = []

    async def handler(run: JobRun) -> None:
        ran.append(time.time() - run.job.due)
        assert run.payload(dict[str, int]) == {"n": 1}

    async with working(jobs, bus, JobKind(queue="q", handler=handler)):
        await asyncio.sleep(0.05)  # it sleeps; only news of the job can wake it in time
        await jobs.schedule(NewJob(queue="q", due=time.time() + 0.3, payload='{"n":1}'))
        await asyncio.sleep(0.2)
        assert ran == [], "not before its time"
        await until(lambda: bool(ran))
        assert 0 <= ran[0] < 0.1
        async with asyncio.timeout(5):
            while await jobs.repository.counts():
                await asyncio.sleep(0.01)


async def test_what_was_due_while_nobody_worked_runs_late_once(jobs: Jobs, bus: LocalBus) -> None:
    ran: Counter[int] = Counter()

    async def handler(run: JobRun) -> None:
        ran[run.job.id] += 1

    await jobs.schedule(*(NewJob(queue="q", due=time.time() - 3_600) for _ in range(50)))
    async with working(jobs, bus, JobKind(queue="q", handler=handler)):
        await until(lambda: len(ran) == 50)
    assert set(ran.values()) == {1}


async def test_skip_leaves_out_what_is_too_late(jobs: Jobs, bus: LocalBus) -> None:
    ran: list[str] = []

    async def handler(run: JobRun) -> None:
        ran.append(run.job.title)

    now = time.time()
    await jobs.schedule(
        NewJob(queue="q", due=now - 600, title="too late"), NewJob(queue="q", due=now - 100, title="in grace")
    )
    kind = JobKind(queue="q", handler=handler, catch_up="skip", grace_s=300)
    async with working(jobs, bus, kind) as runner:
        await until(lambda: runner.tally.runs.labels("q", "skipped")._value.get() == 1 and bool(ran))
    assert ran == ["in grace"]


async def test_a_key_is_there_once_and_can_be_moved_and_cancelled(jobs: Jobs, bus: LocalBus) -> None:
    ran: list[str] = []

    async def handler(run: JobRun) -> None:
        ran.append(run.job.title)

    far = time.time() + 3_600
    await jobs.schedule(NewJob(queue="q", key="k", due=far, title="first"))
    await jobs.schedule(NewJob(queue="q", key="k", due=far, title="second"))
    await jobs.schedule(NewJob(queue="q", key="other", due=time.time() + 0.3, title="cancelled"))
    found = await jobs.find("q", "k")
    assert found is not None
    assert found.title == "second"
    assert await jobs.repository.counts() == {("q", WAITING): 2}
    async with working(jobs, bus, JobKind(queue="q", handler=handler)):
        assert await jobs.cancel("q", "other")
        assert not await jobs.cancel("q", "other")
        assert await jobs.move("q", "k", time.time() + 0.1)
        await until(lambda: bool(ran))
        await asyncio.sleep(0.4)
    assert ran == ["second"]
    assert not await jobs.move("q", "k", far)


async def test_a_change_and_its_job_are_committed_together_or_not_at_all(jobs: Jobs, store: Store) -> None:
    def good(writer: JobWriter) -> Work[None]:
        yield from fetch("INSERT INTO users (user_id, name) VALUES (1, 'Ada')")
        yield from writer.add(NewJob(queue="q", due=5.0))

    def bad(writer: JobWriter) -> Work[None]:
        yield from writer.add(NewJob(queue="q", due=6.0))
        yield from fetch("INSERT INTO users (user_id, name) VALUES (1, 'Ada')")

    await jobs.transaction("users", "good", good)
    with pytest.raises(RowRefused):
        await jobs.transaction("users", "bad", bad)
    assert [job.due for job in await jobs.repository.pending()] == [5.0]


async def test_failures_are_tried_again_and_then_kept_with_their_reason(jobs: Jobs, bus: LocalBus) -> None:
    attempts: list[int] = []

    async def handler(run: JobRun) -> None:
        attempts.append(run.job.attempts)
        raise ValueError("broken pipe" if run.job.attempts < 3 else "still broken")

    await jobs.schedule(NewJob(queue="q", key="k", due=time.time(), guild_id=7))
    async with working(jobs, bus, JobKind(queue="q", handler=handler, retries=QUICK)) as runner:
        await until(lambda: runner.tally.runs.labels("q", "dead")._value.get() == 1)
        await asyncio.sleep(0.02)
        (dead,) = await jobs.repository.dead(guild_id=7)
        assert attempts == [1, 2, 3]
        assert "still broken" in (dead.error or "")
        assert "attempt 3 of 3" in (dead.error or "")
        # The key is free again, and the dead may be called back.
        await jobs.schedule(NewJob(queue="q", key="k", due=time.time() + 3_600))
        assert not await jobs.revive(dead.id), "another one has its key"
        await jobs.cancel("q", "k")
        assert await jobs.revive(dead.id)
        await until(lambda: len(attempts) == 6)


async def test_retry_after_is_honoured_and_giving_up_is_final(jobs: Jobs, bus: LocalBus) -> None:
    times: list[float] = []

    async def handler(run: JobRun) -> None:
        times.append(time.time())
        if len(times) == 1:
            raise RetryLater("slow down", after_s=0.3)
        raise GiveUp("unknown channel")

    await jobs.schedule(NewJob(queue="q", due=time.time()))
    kind = JobKind(queue="q", handler=handler, retries=RetryPolicy(first_s=0.01))
    async with working(jobs, bus, kind) as runner:
        await until(lambda: runner.tally.runs.labels("q", "dead")._value.get() == 1)
    assert times[1] - times[0] >= 0.3
    assert len(times) == 2


async def test_a_run_that_hangs_is_cut_off(jobs: Jobs, bus: LocalBus) -> None:
    async def handler(run: JobRun) -> None:
        if run.job.attempts == 1:
            await asyncio.sleep(60)

    await jobs.schedule(NewJob(queue="q", due=time.time()))
    kind = JobKind(queue="q", handler=handler, retries=QUICK, timeout_s=0.05)
    async with working(jobs, bus, kind) as runner:
        await until(lambda: runner.tally.runs.labels("q", "done")._value.get() == 1)
        assert runner.tally.runs.labels("q", "retried")._value.get() == 1


async def test_a_schedule_goes_on_and_missed_times_are_not_made_up_for(jobs: Jobs, bus: LocalBus) -> None:
    ran: list[float] = []

    async def handler(run: JobRun) -> None:
        ran.append(run.job.due)

    start = time.time() - 10.05

    def every_tenth(schedule: str, after: float) -> float:
        step = float(schedule)
        return start + step * (int((after - start) / step) + 1)

    await jobs.schedule(NewJob(queue="q", key="k", due=start, schedule="0.1"))
    async with working(jobs, bus, JobKind(queue="q", handler=handler), next_time=every_tenth):
        await until(lambda: len(ran) >= 5)
        await jobs.cancel("q", "k")
    assert len(ran) < 12, "a hundred times were missed"
    assert all(later > earlier for earlier, later in itertools.pairwise(ran))


async def test_a_server_with_ten_thousand_jobs_does_not_keep_the_others_waiting(jobs: Jobs, bus: LocalBus) -> None:
    order: list[int] = []

    async def handler(run: JobRun) -> None:
        order.append(run.job.guild_id)
        await asyncio.sleep(0.001)

    now = time.time()
    flood = [NewJob(queue="q", due=now - 100, guild_id=1) for _ in range(1_500)]
    others = [NewJob(queue="q", due=now - 1, guild_id=guild) for guild in range(2, 12)]
    await jobs.schedule(*flood, *others)
    async with working(jobs, bus, JobKind(queue="q", handler=handler, concurrency=20)):
        await until(lambda: len(set(order)) == 11)
    assert len(order) < 200


async def test_urgent_jobs_go_first(jobs: Jobs, bus: LocalBus) -> None:
    order: list[int] = []

    async def handler(run: JobRun) -> None:
        order.append(run.job.priority)

    now = time.time()
    await jobs.schedule(*(NewJob(queue="q", due=now - 5, priority=priority) for priority in (5, 1, 9, 3)))
    async with working(jobs, bus, JobKind(queue="q", handler=handler, concurrency=1)):
        await until(lambda: len(order) == 4)
    assert order == [1, 3, 5, 9]


async def test_concurrency_is_bounded(jobs: Jobs, bus: LocalBus) -> None:
    running = most = done = 0

    async def handler(run: JobRun) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        done += 1

    await jobs.schedule(*(NewJob(queue="q", due=0.0) for _ in range(40)))
    async with working(jobs, bus, JobKind(queue="q", handler=handler, concurrency=5)):
        await until(lambda: done == 40)
    assert most == 5


async def test_an_effect_in_the_database_happens_once_even_if_two_hold_the_job(
    jobs: Jobs, bus: LocalBus, store: Store
) -> None:
    def effect() -> Work[None]:
        yield from fetch("INSERT INTO guild_days (guild_id, day, messages) VALUES (1, 1, 1)")

    await jobs.schedule(NewJob(queue="q", due=0.0))
    (first,) = await jobs.repository.claim("q", time.time(), 1, "slow")
    watch = LeaseWatch(jobs.repository, "other", 1.0, clock=iter([0.0, 2.0]).__next__)
    assert await watch.round() == 0
    assert await watch.round() == 1, "it gave no sign of life for the length of a lease"
    (second,) = await jobs.repository.claim("q", time.time(), 1, "other")
    assert (second.id, second.token) == (first.id, first.token + 1)
    held, _ = await jobs.repository.commit(first.id, first.token, effect, None)
    assert not held, "the fencing token is old"
    held, _ = await jobs.repository.commit(second.id, second.token, effect, None)
    assert held
    assert await jobs.repository.counts() == {}
    assert not await jobs.repository.note(first.id, first.token, "x")


async def test_a_worker_that_beats_keeps_its_jobs_whatever_the_wall_clock_says(jobs: Jobs) -> None:
    await jobs.schedule(NewJob(queue="q", due=0.0))
    (job,) = await jobs.repository.claim("q", time.time() + 3_600, 1, "busy")
    clock = iter([0.0, 10.0, 20.0, 30.0]).__next__
    watch = LeaseWatch(jobs.repository, "other", 15.0, clock=clock)
    for _ in range(4):
        assert await watch.round() == 0
        assert await jobs.repository.beat([(job.id, job.token)]) == []
    assert await jobs.repository.counts() == {("q", LEASED): 1}


async def test_the_next_life_of_a_worker_takes_up_its_jobs_at_once(jobs: Jobs, bus: LocalBus) -> None:
    ran: list[int] = []

    async def handler(run: JobRun) -> None:
        ran.append(run.job.attempts)

    await jobs.schedule(NewJob(queue="q", due=0.0))
    await jobs.repository.claim("q", time.time(), 1, "w")
    async with working(jobs, bus, JobKind(queue="q", handler=handler), worker="w"):
        await until(lambda: bool(ran), 2)
    assert ran == [2]


async def test_progress_is_there_for_the_next_attempt(jobs: Jobs, bus: LocalBus) -> None:
    seen: list[tuple[str | None, str]] = []

    async def handler(run: JobRun) -> None:
        seen.append((run.progress, run.nonce))
        if run.progress is None:
            await run.note("message 17")
            raise ConnectionError("the connection died after sending")

    await jobs.schedule(NewJob(queue="q", due=time.time()))
    async with working(jobs, bus, JobKind(queue="q", handler=handler, retries=QUICK)):
        await until(lambda: len(seen) == 2)
    assert [progress for progress, _ in seen] == [None, "message 17"]
    assert seen[0][1] == seen[1][1], "the other side can tell that it is the same"


async def test_stopping_gives_back_what_was_running(jobs: Jobs, bus: LocalBus) -> None:
    started = asyncio.Event()

    async def handler(run: JobRun) -> None:
        started.set()
        await asyncio.sleep(60)

    await jobs.schedule(NewJob(queue="q", due=0.0))
    async with working(jobs, bus, JobKind(queue="q", handler=handler)):
        await started.wait()
    assert await jobs.repository.counts() == {("q", WAITING): 1}
    assert DEAD not in {state for _, state in await jobs.repository.counts()}


async def test_a_lost_lease_ends_the_attempt(jobs: Jobs, bus: LocalBus) -> None:
    outcome: list[str] = []

    async def handler(run: JobRun) -> None:
        await jobs.repository.take_back([(run.job.id, run.job.token, run.job.beat)])
        try:
            await run.note("x")
        except LeaseLost:
            outcome.append("lost")
            raise

    await jobs.schedule(NewJob(queue="q", due=time.time()))
    async with working(jobs, bus, JobKind(queue="q", handler=handler, concurrency=1)) as runner:
        await until(lambda: len(outcome) >= 1)
        assert runner.tally.runs.labels("q", "lost")._value.get() >= 1


async def test_what_repeats_is_given_up_for_one_time_only(jobs: Jobs, bus: LocalBus) -> None:
    runs: list[str | None] = []

    async def handler(run: JobRun) -> None:
        runs.append(run.job.error)
        if len(runs) == 1:
            raise GiveUp("the channel is gone")

    await jobs.schedule(NewJob(queue="q", key="k", due=time.time(), schedule="0.1"))
    async with working(
        jobs, bus, JobKind(queue="q", handler=handler), next_time=lambda _, after: after + 0.1
    ) as runner:
        await until(lambda: len(runs) >= 2)
        assert runner.tally.runs.labels("q", "dead")._value.get() == 1
    assert runs[1] == "the channel is gone"


async def test_a_number_never_comes_again(jobs: Jobs) -> None:
    (first,) = await jobs.schedule(NewJob(queue="q", key="k", due=5.0))
    await jobs.cancel("q", "k")
    (second,) = await jobs.schedule(NewJob(queue="q", key="k", due=5.0))
    assert first != second, "whoever still names the first would mean the second"
