"""The table of jobs on both engines: many at once, by key without a look at the others, and only what is held."""

import time

from structlog.testing import capture_logs

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.leases import LeaseWatch
from skynetbot.jobs.service import Jobs
from skynetbot.storage import job_work
from skynetbot.storage.jobs import WAITING, JobRepository, NewJob
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store


async def test_many_are_inserted_together_and_each_has_its_own_id(store: Store) -> None:
    jobs = Jobs(store, LocalBus())
    # 300 leave a rest in all sizes of statements; those with keys lie between them, and one of them comes twice.
    new = [
        NewJob(
            queue="q",
            due=1e9 + number,
            key=f"k{number % 60}" if number % 7 == 0 else None,
            guild_id=number,
            user_id=number + 1,
            title=f"title {number}",
            priority=-number,
            payload=f'"{number}"',
            schedule="s" if number % 2 else None,
        )
        for number in range(300)
    ]
    ids = await jobs.schedule(*new)
    stored = {job.id: job for job in await jobs.repository.pending(limit=1_000)}
    last_of_key = {job.key: job for job in new if job.key is not None}
    for id_, given in zip(ids, new, strict=True):
        assert id_ is not None
        wanted = given if given.key is None else last_of_key[given.key]
        assert {name: getattr(stored[id_], name) for name in NewJob.__struct_fields__} == {
            name: getattr(wanted, name) for name in NewJob.__struct_fields__
        }
    plain = [id_ for id_, job in zip(ids, new, strict=True) if job.key is None]
    assert len(set(plain)) == len(plain)
    assert len(stored) == len(plain) + len(last_of_key)
    assert await jobs.schedule() == []


async def test_only_what_is_held_is_finished(store: Store) -> None:
    jobs = Jobs(store, LocalBus())
    await jobs.schedule(*(NewJob(queue="q", due=1.0) for _ in range(3)))
    first, second, third = await jobs.repository.claim("q", time.time(), 3, "w")
    await jobs.repository.take_back([(second.id, second.token, second.beat)])
    await jobs.repository.finish([(first.id, first.token), (second.id, second.token), (third.id, third.token - 1)])
    left = {job.id: job.state for job in await jobs.repository.pending()}
    assert set(left) == {second.id, third.id}
    assert left[second.id] == WAITING
    await jobs.repository.finish([])


async def test_next_dues_of_many_queues_in_one_look(store: Store) -> None:
    jobs = Jobs(store, LocalBus())
    await jobs.schedule(*(NewJob(queue=f"q{number % 12}", due=100.0 + number) for number in range(24)))
    dues = await jobs.repository.next_dues([*(f"q{number}" for number in range(12)), "empty"])
    assert dues == {f"q{number}": 100.0 + number for number in range(12)}
    assert await jobs.repository.next_dues([]) == {}


async def test_a_key_is_found_by_its_index(database: SqliteStore) -> None:
    """With a million pending, a look at all of the queue would take a second."""

    def plan(sql: str, *args: object) -> Work[list[Row]]:
        return (yield from fetch(f"EXPLAIN QUERY PLAN {sql}", *args))

    for work in (job_work.job_cancel("q", "k"), job_work.job_move("q", "k", 1.0)):
        statement = next(work)
        work.close()
        sql, args = statement.sql, statement.args  # type: ignore[union-attr]
        steps = await database.read("jobs", "plan", lambda sql=sql, args=args: plan(sql, *args))  # type: ignore[misc]
        assert "jobs_key" in str(steps)


async def test_a_job_that_is_being_deleted_is_not_said_to_be_taken(store: Store) -> None:
    jobs = Jobs(store, LocalBus())
    await jobs.schedule(NewJob(queue="q", due=1.0))
    (job,) = await jobs.repository.claim("q", time.time(), 1, "w")
    watch = LeaseWatch(JobRepository(store), "w", 15.0)
    watch.hold(job.id, job.token)
    await jobs.repository.finish([(job.id, job.token)])
    with capture_logs() as logs:
        await watch.round()
        assert logs == []
        await watch.round()
    assert [line["event"] for line in logs] == ["a job was taken by another worker"], "it is held still, and gone"
