"""The message of the day: one job for each server that wants it, one message a day, through changes and kill -9."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Guild, Message, Overwrite
from skynetbot.app import App
from skynetbot.bus.local import LocalBus
from skynetbot.features.motd.keeper import QUEUE, _is_gone
from skynetbot.guildconfig.service import Author
from skynetbot.jobs.service import Jobs
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.documents import DocumentRepository
from skynetbot.storage.jobs import JobRow, NewJob
from skynetbot.storage.sqlite import SqliteStore
from support.demo_town import Town, bot_in, eventually, free_port
from tests.integration.test_processes import process, read_until

DAY = 86_400.0
ADMIN = Author(1, "Test")


def clock(ago_s: float = 0) -> tuple[str, float]:
    """The minute that so many seconds ago lies in, as a setting, and when it was."""
    at = (time.time() - ago_s) // 60 * 60
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}", at


async def switch_on(app: App, town: Town, guild: Guild | None = None, **changes: Any) -> None:
    guild = guild or town.guild
    channel = next(c for c in guild.channels.values() if c.type == 0)
    values = {"enabled": True, "channel": str(channel.id), "messages": ["one", "two"], **changes}
    await app.guild_settings.update(guild.id, "motd", values, author=ADMIN)


def posted(town: Town) -> list[Message]:
    """The oldest first; the first text channel is #welcome."""
    return town.bot_messages("welcome")[::-1]


def texts(town: Town) -> list[str]:
    return [message.embeds[0]["description"] for message in posted(town)]


async def job_of(app: App, town: Town) -> JobRow | None:
    return await app.jobs.find(QUEUE, str(town.guild.id))


async def until_job(app: App, town: Town, wanted: Any) -> JobRow | None:
    async with asyncio.timeout(8):
        while not wanted(job := await job_of(app, town)):
            await asyncio.sleep(0.01)
    return job


async def fire(app: App, town: Town, due: float) -> None:
    """As if that time came just now; returns when the job waits for its next day."""
    assert await app.jobs.move(QUEUE, str(town.guild.id), due)
    await until_job(app, town, lambda job: job is None or job.due > time.time())


async def test_one_job_for_each_server_that_wants_it(town: Town, app: App) -> None:
    assert await app.jobs.repository.pending(queue=QUEUE) == []
    await switch_on(app, town, time="09:00", zone="Europe/Berlin")
    await switch_on(app, town, town.demo.guilds["Night Owls Reading"])
    first = await until_job(app, town, lambda job: job is not None)
    assert first is not None
    assert 0 < first.due - time.time() <= DAY
    await switch_on(app, town, time="10:30", zone="Europe/Berlin")
    moved = await until_job(app, town, lambda job: job is not None and job.due != first.due)
    assert moved is not None
    assert (moved.due - first.due) % DAY == 5_400
    assert "10:30" in moved.title
    assert len(await app.jobs.repository.pending(queue=QUEUE)) == 2
    await app.guild_settings.update(town.guild.id, "motd", {"enabled": False}, author=ADMIN)
    await until_job(app, town, lambda job: job is None)
    assert [job.guild_id for job in await app.jobs.repository.pending(queue=QUEUE)] == [
        town.demo.guilds["Night Owls Reading"].id
    ]


async def test_once_a_day_in_turn_whatever_fires(town: Town, app: App) -> None:
    regular = next(role for role in town.guild.roles.values() if role.name == "Regular")
    now, due = clock()
    await switch_on(app, town, time=now, ping_role=[str(regular.id)])
    await until_job(app, town, lambda job: job is not None)
    await fire(app, town, due)
    assert texts(town) == ["one"]
    assert posted(town)[0].mention_roles == [regular.id]
    # Days later Discord knows the nonce no more; it must be our memory that says no.
    posted(town)[0].nonce = None
    await fire(app, town, due)
    assert texts(town) == ["one"], "never twice a day"
    await switch_on(app, town, time=clock(-7_200)[0], zone="UTC")
    job = await until_job(app, town, lambda job: job is not None and job.due != due + DAY)
    assert job is not None
    assert datetime.fromtimestamp(job.due, UTC).date() > datetime.fromtimestamp(due, UTC).date()


async def test_the_next_day_has_the_next_message(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path) as app:
        now, due = clock()
        await switch_on(app, town, time=now)
        await until_job(app, town, lambda job: job is not None)
        await fire(app, town, due)
    async with stored(tmp_path) as (_, store):
        # As if that was yesterday.
        documents = DocumentRepository(store)
        (row,) = await documents.list("motd", guild_id=town.guild.id)
        await documents.update(row, body=row.body.replace(str(due), str(due - DAY)))
        for message in list(posted(town)):
            message.nonce = "another day"
    async with bot_in(town, tmp_path) as app:
        await fire(app, town, due)
        assert texts(town) == ["one", "two"]


async def test_late_within_two_hours_and_not_after(town: Town, app: App) -> None:
    missed, due = clock(3 * 3_600)
    await switch_on(app, town, time=missed)
    await until_job(app, town, lambda job: job is not None)
    await fire(app, town, due)
    await asyncio.sleep(0.2)
    assert posted(town) == []
    late, due = clock(3_600)
    await switch_on(app, town, time=late)
    await until_job(app, town, lambda job: job is not None and late in job.title)
    await fire(app, town, due)
    assert texts(town) == ["one"]


async def test_a_refusal_is_kept_for_moderators_and_the_next_day_is_tried(town: Town, app: App) -> None:
    role = next(role for role in town.guild.roles.values() if role.bot_id == town.demo.bot.id)
    town.world.set_overwrite(town.channel("welcome"), Overwrite(id=role.id, type=0, deny=1 << 11), role.id)
    now, due = clock()
    await switch_on(app, town, time=now)
    await until_job(app, town, lambda job: job is not None)
    await fire(app, town, due)
    shown = (await town.ask("ada", "motd")).embeds[0]["description"]
    assert "Send Messages" in shown
    assert f"Next: <t:{int(due + DAY)}:F>" in shown
    assert "you have level 0" in (await town.ask("emre", "motd")).content


async def test_leaving_a_server_ends_it(town: Town, app: App) -> None:
    await switch_on(app, town)
    await until_job(app, town, lambda job: job is not None)
    town.world.remove_member(town.guild, town.demo.bot.id)
    await until_job(app, town, lambda job: job is None)


def test_a_server_is_gone_when_its_shard_does_not_name_it() -> None:
    ready = {"shard": [1, 2], "guilds": [{"id": str(1 << 22), "unavailable": True}]}
    assert not _is_gone(1 << 22, ready)
    assert _is_gone(3 << 22, ready)
    assert not _is_gone(2 << 22, ready), "of another shard"


@pytest.mark.parametrize("resumes", [True, False])
async def test_a_start_puts_the_jobs_right(town: Town, tmp_path: Path, resumes: bool) -> None:
    async with bot_in(town, tmp_path) as app:
        await switch_on(app, town)
        await until_job(app, town, lambda job: job is not None)
    other = town.demo.guilds["Night Owls Reading"].id
    async with stored(tmp_path) as (jobs, _):
        assert await jobs.cancel(QUEUE, str(town.guild.id))
        for guild_id in (other, 99 << 22):
            await jobs.schedule(NewJob(queue=QUEUE, key=str(guild_id), guild_id=guild_id, due=time.time() + DAY))
    if not resumes:
        town.emulator.gateway.sessions.clear()
    before = town.emulator.gateway.counters["resumes"]
    async with bot_in(town, tmp_path) as app:
        await until_job(app, town, lambda job: job is not None)
        async with asyncio.timeout(8):
            while len(await app.jobs.repository.pending(queue=QUEUE)) != 1:
                await asyncio.sleep(0.01)
        assert (town.emulator.gateway.counters["resumes"] > before) is resumes


async def test_a_start_leaves_an_overdue_job_its_time(town: Town, tmp_path: Path) -> None:
    late, due = clock(3_600)
    async with bot_in(town, tmp_path) as app:
        await switch_on(app, town, time=late)
        await until_job(app, town, lambda job: job is not None)
    async with stored(tmp_path) as (jobs, _):
        assert await jobs.move(QUEUE, str(town.guild.id), due)
    async with bot_in(town, tmp_path) as app:
        await eventually(lambda: posted(town))
        job = await until_job(app, town, lambda job: job is not None and job.due > time.time())
        assert job is not None
        assert job.due == due + DAY
        await asyncio.sleep(0.3)
        assert texts(town) == ["one"]


async def test_it_survives_kill_9_before_and_while_posting(town: Town, tmp_path: Path) -> None:
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }

    def setting(name: str, value: str) -> list[dict[str, Any]]:
        given = (("feature", "motd"), ("setting", name), ("value", value))
        options = [{"name": key, "type": 3, "value": text} for key, text in given]
        return [{"name": "set", "type": 1, "options": options}]

    # The next minute, so that it comes at its own time; not so near that the restart could miss it.
    wanted = (time.time() // 60 + 1) * 60
    if wanted - time.time() < 15:
        wanted += 60
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        for name, value in (
            ("channel", str(town.channel("welcome").id)),
            ("messages", "one, two"),
            ("time", f"{datetime.fromtimestamp(wanted, UTC):%H:%M}"),
            ("enabled", "on"),
        ):
            assert "Saved" in (await town.ask("ada", "settings", setting(name, value))).content
        # The settings are committed, the job perhaps not yet.
        child.send_signal(signal.SIGKILL)
        child.wait()
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        welcome = town.channel("welcome").id

        def on_event(event: Dispatch) -> None:
            if event.name == "MESSAGE_CREATE" and event.channel_id == welcome:
                os.kill(child.pid, signal.SIGKILL)

        stop = town.world.hub.subscribe(on_event)
        await eventually(lambda: child.poll() is not None, 90)
        stop()
    assert 0 <= posted(town)[0].created_at.timestamp() - wanted < 1
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        async with asyncio.timeout(10):
            while "Last:" not in (await town.ask("ada", "motd")).embeds[0]["description"]:
                await asyncio.sleep(0.1)
        shown = (await town.ask("ada", "motd")).embeds[0]["description"]
        assert f"Next: <t:{int(wanted + DAY)}:F>" in shown
        assert texts(town) == ["one"]


@asynccontextmanager
async def stored(data_dir: Path) -> AsyncIterator[tuple[Jobs, SqliteStore]]:
    """The database of a bot that is not running."""
    store = SqliteStore(data_dir / "skynetbot.sqlite3", Metrics())
    await store.open()
    yield Jobs(store, LocalBus()), store
    await store.close()
