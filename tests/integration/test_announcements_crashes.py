"""Somebody announces, the bot is killed with -9 and started again: it still happens once, at its time."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.dispatch import Dispatch
from skynetbot.bus.local import LocalBus
from skynetbot.features.announcements.announcement import POST_QUEUE
from skynetbot.jobs.service import Jobs
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.documents import DocumentRepository
from skynetbot.storage.sqlite import SqliteStore
from support.demo_town import Town, eventually, free_port
from tests.integration.test_announcements import (
    Hands,
    option,
    posted,
    scheduled,
    to,
)
from tests.integration.test_processes import process, read_until


@pytest.fixture
def ada(town: Town) -> Hands:
    return Hands(town)


def environment(town: Town, data_dir: Path) -> dict[str, str]:
    return {
        "SKYNETBOT_DATA_DIR": str(data_dir),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }


async def connected(child: Any) -> None:
    await asyncio.to_thread(read_until, child, r"(is connected)")


def kill(child: Any) -> None:
    child.kill()
    child.wait()


async def test_a_scheduled_one_survives_kill_9_and_comes_once_at_its_second(
    town: Town, tmp_path: Path, ada: Hands
) -> None:
    started = time.monotonic()
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        # Time enough for a second start, however busy the machine is.
        done = await scheduled(ada, f"in {int(2 * (time.monotonic() - started)) + 5}s")
        due = int(done.content.partition("<t:")[2].partition(":")[0])
        kill(child)
    assert not posted(town)
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        assert time.time() < due, "the restart took longer than the test allows for"
        await eventually(lambda: posted(town), 60)
        assert 0 <= posted(town)[0].created_at.timestamp() - due < 1
        await asyncio.sleep(2)
        assert len(posted(town)) == 1


async def test_a_preview_still_works_after_kill_9(town: Town, tmp_path: Path, ada: Hands) -> None:
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        preview = await ada.submit(await ada.open("now", to(town)), text="Tea")
        kill(child)
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        await ada.press(preview, "Post now")
        await eventually(lambda: posted(town))
        await asyncio.sleep(0.5)
        assert len(posted(town)) == 1


async def test_kill_9_at_the_instant_of_posting_makes_no_second_message(town: Town, tmp_path: Path, ada: Hands) -> None:
    """The message is in the channel, and the bot died before it could know."""
    news = town.world.create_channel(town.guild, "news", type=5)
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        form = await ada.open("now", option("channel", str(news.id), 7), option("crosspost", True, 5))
        preview = await ada.submit(form, text="Tea")

        def on_event(event: Dispatch) -> None:
            if event.name == "MESSAGE_CREATE" and event.channel_id == news.id:
                os.kill(child.pid, signal.SIGKILL)

        stop = town.world.hub.subscribe(on_event)
        await ada._send(3, ada._button(preview, "Post now"), message_id=str(preview.id))
        await eventually(lambda: child.poll() is not None)
        stop()
    assert len(posted(town, "news")) == 1
    assert not posted(town, "news")[0].flags & 1
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        await eventually(lambda: posted(town, "news")[0].flags & 1)
        async with asyncio.timeout(10):
            while "fields" not in (listed := await ada.ask("list")).embeds[0]:
                await asyncio.sleep(0.1)
        assert "Tea" in listed.embeds[0]["fields"][0]["value"]
        assert len(posted(town, "news")) == 1


async def test_what_fell_into_a_downtime_is_posted_late_and_once(town: Town, tmp_path: Path, ada: Hands) -> None:
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        await scheduled(ada, "in 1 hour", text="Once")
        form = await ada.open("repeat", option("every", "daily"), option("at", "18:00"), to(town))
        await ada.press(await ada.submit(form, text="Daily"), "Schedule")
        kill(child)
    # As if it was away for three days.
    async with stored(tmp_path) as (jobs, documents):
        rows = await documents.list("announcements", guild_id=town.guild.id, state="waiting")
        assert len(rows) == 2
        for row in rows:
            assert await jobs.move(POST_QUEUE, str(row.id), time.time() - 3 * 86_400)
    with process(["run"], environment(town, tmp_path)) as child:
        await connected(child)
        await eventually(lambda: len(posted(town)) == 2)
        await asyncio.sleep(1)
        assert sorted(message.embeds[0]["description"] for message in posted(town)) == ["Daily", "Once"]
        kill(child)
    async with stored(tmp_path) as (jobs, documents):
        (daily,) = await documents.list("announcements", guild_id=town.guild.id, state="waiting")
        job = await jobs.find(POST_QUEUE, str(daily.id))
        assert job is not None
        assert 0 < job.due - time.time() <= 86_400
        assert len(await jobs.repository.pending(queue=POST_QUEUE)) == 1


@asynccontextmanager
async def stored(data_dir: Path) -> AsyncIterator[tuple[Jobs, DocumentRepository]]:
    """The database of a bot that is not running."""
    store = SqliteStore(data_dir / "skynetbot.sqlite3", Metrics())
    await store.open()
    yield Jobs(store, LocalBus()), DocumentRepository(store)
    await store.close()
