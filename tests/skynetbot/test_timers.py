"""What operators and dashboards are shown of the table of jobs, and the metric of short waits."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.cli import main
from skynetbot.dashboard_timers import JobTimers
from skynetbot.features.activity.news import ActivityNews, activity_topic
from skynetbot.jobs.far import far
from skynetbot.jobs.scopes import Timers
from skynetbot.jobs.service import Jobs
from skynetbot.jobs.tally import publish_timers
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import UpsertRows, Work
from skynetbot.storage.store import Store
from skynetbot.storage.tables import GUILDS, MEMBERS, USERS

GUILD, OTHER, ADA, BEN = 71, 72, 5, 6


def names() -> Work[None]:
    yield UpsertRows(GUILDS, (("name", "set"),), [(GUILD, "Pixel Garden")])
    yield UpsertRows(MEMBERS, (("name", "set"),), [(GUILD, ADA, "Ada"), (OTHER, ADA, "Countess")])
    yield UpsertRows(USERS, (("name", "set"),), [(BEN, "ben")])


async def fill(store: Store) -> tuple[int, int]:
    """Three that wait and two dead ones; the ids of the dead, of GUILD and of OTHER."""
    jobs = Jobs(store, LocalBus())
    now = time.time()
    await store.run("test", "names", names)
    await jobs.schedule(
        NewJob(queue="q", due=1.0, guild_id=GUILD, user_id=ADA, title="dead here"),
        NewJob(queue="q", due=2.0, guild_id=OTHER, user_id=ADA, title="dead there"),
    )
    dead = await jobs.repository.claim("q", now, 2, "w")
    for job in dead:
        await jobs.repository.put_back(job.id, job.token, due=job.due, error="no\nway", again=False, dead=True)
    await jobs.schedule(
        NewJob(queue="q", due=now + 7_201, guild_id=GUILD, user_id=ADA, title="soon\x1b[31m", schedule="{}"),
        NewJob(queue="other", due=now + 90_000, guild_id=GUILD, user_id=BEN, title="later " + "x" * 60),
        NewJob(queue="q", due=now + 9_000_000, user_id=99, title="of no server"),
    )
    here, there = (job.id for job in sorted(dead, key=lambda job: job.due))
    return here, there


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKYNETBOT_DATA_DIR", str(tmp_path))
    return tmp_path / "skynetbot.sqlite3"


def filled(place: Path) -> tuple[int, int]:
    async def work() -> tuple[int, int]:
        store = SqliteStore(place, Metrics())
        await store.open()
        try:
            return await fill(store)
        finally:
            await store.close()

    return asyncio.run(work())


def test_the_table_shows_when_where_for_whom_and_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["timers"]) == 0
    assert capsys.readouterr().out == "Nothing is pending.\n"
    assert main(["timers", "--dead"]) == 0
    assert capsys.readouterr().out == "Nothing was given up.\n"
    filled(place)
    assert main(["timers"]) == 0
    heading, soon, later, lone = capsys.readouterr().out.splitlines()
    assert heading.split() == ["ID", "DUE", "QUEUE", "SERVER", "PERSON", "TITLE", "TRIES", "LAST", "ERROR"]
    assert f"  {datetime.fromtimestamp(time.time() + 7_200).astimezone():%Y-%m-%d}" in soon
    assert "in 2 h " in soon + " "
    assert "Pixel Garden" in soon
    assert "Ada" in soon
    assert "soon [31m" in soon, "a terminal obeys nothing that members write"
    assert "in 1 d 1 h" in later
    assert "ben" in later
    assert "later xxxxx" in later
    assert "x…" in later
    assert "  –  " in lone
    assert "99" in lone


def test_the_table_can_be_narrowed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(place)

    def titles(*options: str) -> str:
        assert main(["timers", *options]) == 0
        return capsys.readouterr().out

    assert "of no server" not in titles("--guild", str(GUILD))
    assert len(titles("--guild", str(GUILD)).splitlines()) == 3
    assert len(titles("--queue", "other").splitlines()) == 2
    assert "There are more; --limit 4" in titles("--limit", "2")
    dead = titles("--dead")
    assert dead.index("dead there") < dead.index("dead here")
    assert "no way" in dead
    assert "dead there" not in titles("--dead", "--guild", str(GUILD))
    with pytest.raises(SystemExit):
        main(["timers", "--limit", "0"])


def test_the_dead_are_revived_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, _ = filled(place)
    assert main(["timers", "--revive", str(here)]) == 0
    assert main(["timers", "--revive", str(here)]) == 1
    assert "is not dead" in capsys.readouterr().err
    assert main(["timers", "--limit", "1"]) == 0
    assert "dead here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (0.4, "now"),
        (1, "in 1 s"),
        (59.6, "in 1 min"),
        (3_600, "in 1 h"),
        (3_659, "in 1 h"),
        (-125, "2 min 5 s ago"),
        (90_000, "in 1 d 1 h"),
        (-40_000_000, "1 y 97 d ago"),
        (1e12, "in more than 100 years"),
    ],
)
def test_how_far_away(left: float, words: str) -> None:
    assert far(1e9 + left, 1e9) == words


# -- the dashboard's port ----------------------------------------------------------------------------------------------


async def test_the_port_shows_one_servers_jobs_and_revives_only_those(store: Store) -> None:
    here, there = await fill(store)
    timers = JobTimers(Jobs(store, LocalBus()))
    first, second = await timers.pending(GUILD, limit=5)
    assert (first.title, first.user_id, first.user_name, first.repeats) == ("soon\x1b[31m", ADA, "Ada", True)
    assert (second.user_name, second.running, second.error) == ("ben", False, "")
    assert [view.id for view in await timers.pending(GUILD, after=(first.due, first.id), limit=5)] == [second.id]
    (dead,) = await timers.dead(GUILD, limit=5)
    assert (dead.id, dead.attempts, dead.error) == (here, 1, "no\nway")
    assert await timers.dead(GUILD, before=here, limit=5) == []
    assert not await timers.run_again(GUILD, there), "it is another server's"
    assert await timers.run_again(GUILD, here)
    assert not await timers.run_again(GUILD, here)
    assert (await timers.pending(GUILD, limit=1))[0].id == here


# -- short waits -------------------------------------------------------------------------------------------------------


async def test_short_waits_are_counted_by_owner_and_end_with_it() -> None:
    metrics, timers, bus = Metrics(), Timers(), LocalBus()
    publish_timers(metrics, timers)
    news = ActivityNews(bus, timers.scope("activity news"))
    heard: list[list[int]] = []
    bus.listen(activity_topic, heard.append)

    def shown() -> str:
        return metrics.exposition()[0].decode()

    assert 'skynetbot_active_timers{owner="activity news"} 0.0' in shown()
    for guild_id in (2, 1, 2):
        news.changed(guild_id)
    assert 'skynetbot_active_timers{owner="activity news"} 1.0' in shown(), "one wait gathers all"
    await asyncio.sleep(0.4)
    assert heard == [[1, 2]]
    news.changed(3)
    news.close()
    await asyncio.sleep(0.3)
    assert heard == [[1, 2]]
    assert "skynetbot_active_timers{" not in shown()
