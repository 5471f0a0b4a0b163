"""What is pending, seen and called back from outside while the bot runs."""

import asyncio
import time

from skynetbot.app import App
from skynetbot.dashboard_timers import JobTimers
from skynetbot.storage.jobs import NewJob
from skynetbot.timers import list_timers, revive_timer
from support.demo_town import eventually


async def test_operators_see_and_revive_while_the_bot_runs(app: App) -> None:
    # The reminder of a message that nobody can read: it is given up at once.
    await app.jobs.schedule(
        NewJob(queue="reminders.fire", due=time.time(), guild_id=5, payload="[]", title="broken"),
        NewJob(queue="reminders.fire", due=time.time() + 3_600, guild_id=5, title="later"),
    )
    timers = JobTimers(app.jobs)
    async with asyncio.timeout(8):
        while not (dead := await timers.dead(5, limit=5)):
            await asyncio.sleep(0.01)
    assert [view.title for view in dead] == ["broken"]
    table = await list_timers(app.settings, guild_id=5, queue=None, dead=False, limit=10)
    assert "later" in table
    assert "broken" not in table
    table = await list_timers(app.settings, guild_id=None, queue=None, dead=True, limit=10)
    assert "broken" in table
    # Nothing tells the bot: it looks by itself, tries, and gives up again.
    done = app.metrics.registry.get_sample_value
    before = done("skynetbot_job_runs_total", {"queue": "reminders.fire", "outcome": "dead"}) or 0
    assert await revive_timer(app.settings, dead[0].id)
    await eventually(
        lambda: done("skynetbot_job_runs_total", {"queue": "reminders.fire", "outcome": "dead"}) == before + 1
    )


async def test_the_running_bot_shows_its_short_waits(app: App) -> None:
    assert app.metrics.registry.get_sample_value("skynetbot_active_timers", {"owner": "activity news"}) is not None
    assert "activity news" in app.timers.by_owner()
