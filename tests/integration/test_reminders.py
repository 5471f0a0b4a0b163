"""Reminders through the local Discord: understood, on time, once, also when the bot is killed meanwhile."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.faults import Fault
from skynetbot.app import App
from support.demo_town import Town, bot_in, eventually, free_port
from support.processes_of_bot import process, read_until


def what(text: str, **more: Any) -> list[dict[str, Any]]:
    options = [{"name": "what", "type": 3, "value": text}]
    return options + [{"name": name, "type": 5, "value": value} for name, value in more.items()]


def sub(name: str, **options: str) -> list[dict[str, Any]]:
    return [{"name": name, "type": 1, "options": [{"name": n, "type": 3, "value": v} for n, v in options.items()]}]


def reminders_in(town: Town, channel: str = "general") -> list[str]:
    return [message.content for message in town.bot_messages(channel) if message.content.startswith("⏰")]


async def test_it_says_what_it_understood_and_reminds_once(town: Town, app: App) -> None:
    answer = await town.ask("bao", "remindme", what("in 2 seconds to water the plants", here=True))
    assert "water the plants" in answer.content
    assert "today" in answer.content
    assert "/timezone" in answer.content, "nobody chose a zone yet"
    await eventually(lambda: len(reminders_in(town)) == 1, 6)
    bao = town.demo.people["bao"].id
    assert reminders_in(town) == [f"⏰ <@{bao}> water the plants"]
    await asyncio.sleep(1)
    assert len(reminders_in(town)) == 1
    assert (await town.ask("bao", "reminders", sub("list"))).content.startswith("You have no reminders")


async def test_what_is_not_a_time_is_refused_with_examples(town: Town, app: App) -> None:
    for text in ("water the plants", "yesterday feed the cat", ""):
        answer = await town.ask("bao", "remindme", what(text))
        assert "Try “" in answer.content
    assert await app.jobs.repository.counts() == {}


async def test_a_time_zone_changes_what_is_understood(town: Town, app: App) -> None:
    zone = [{"name": "zone", "type": 3, "value": "Asia/Tokyo"}]
    assert "Asia/Tokyo" in (await town.ask("bao", "timezone", zone)).content
    answer = await town.ask("bao", "remindme", what("tomorrow at 9 standup"))
    assert "(Asia/Tokyo)" in answer.content
    refused = await town.ask("bao", "timezone", [{"name": "zone", "type": 3, "value": "Atlantis/Center"}])
    assert "no time zone" in refused.content


async def test_listing_editing_and_cancelling(town: Town, app: App) -> None:
    await town.ask("bao", "remindme", what("tomorrow at 17:00 call mum"))
    await town.ask("bao", "remindme", what("every monday at 9 standup"))
    listed = await town.ask("bao", "reminders", sub("list"))
    names = [field["name"] for field in listed.embeds[0]["fields"]]
    assert [name.split(". ")[1] for name in names] == ["call mum", "standup"]
    id_ = names[0].split(".")[0]
    edited = await town.ask("bao", "reminders", sub("edit", reminder=id_, what="in 3 days at 8:00"))
    assert "call mum" in edited.content, "the text stays when only the time is said"
    assert "You have no such reminder" in (await town.ask("chidi", "reminders", sub("cancel", reminder=id_))).content
    assert "Forgotten" in (await town.ask("bao", "reminders", sub("cancel", reminder=id_))).content
    assert len(await app.jobs.repository.pending()) == 1


async def test_a_reminder_that_repeats_goes_on(town: Town, app: App) -> None:
    await town.ask("bao", "remindme", what("every day at 9:00 stretch", here=True))
    (job,) = await app.jobs.repository.pending()
    await app.jobs.move("reminders.fire", job.key or "", 0.0)
    await eventually(lambda: len(reminders_in(town)) == 1)
    async with asyncio.timeout(5):
        while True:
            (again,) = await app.jobs.repository.pending()
            if again.due > 0 and again.state == 0:
                break
            await asyncio.sleep(0.02)
    assert again.due == job.due, "the next nine o'clock is the one that it was moved from"


async def test_snoozing_reminds_again(town: Town, app: App) -> None:
    await town.ask("bao", "remindme", what("in 1 second tea", here=True))
    await eventually(lambda: len(reminders_in(town)) == 1)
    (message,) = [m for m in town.bot_messages("general") if m.content.startswith("⏰")]
    snooze = message.components[0]["components"][0]["custom_id"]
    await town.press("chidi", message, snooze)
    await asyncio.sleep(0.3)
    assert await app.jobs.repository.pending() == [], "it is not Chidi's"
    await town.press("bao", message, snooze)
    async with asyncio.timeout(5):
        while not await app.jobs.repository.pending():
            await asyncio.sleep(0.02)
    (job,) = await app.jobs.repository.pending()
    assert 590 < job.due - job.created_at <= 601


async def test_closed_direct_messages_fall_back_to_the_channel(town: Town, app: App) -> None:
    town.emulator.faults.add(Fault(route=r"POST .*/users/@me/channels", status=403, times=None))
    await town.ask("bao", "remindme", what("in 1 second stretch"))
    await eventually(lambda: len(reminders_in(town)) == 1, 6)


@pytest.mark.timeout(90)
async def test_a_reminder_survives_kill_9(town: Town, tmp_path: Path) -> None:
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await town.ask("bao", "remindme", what("in 4 seconds the oven", here=True))
        child.kill()
        child.wait()
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await eventually(lambda: len(reminders_in(town)) == 1, 15)
        await asyncio.sleep(1)
        assert len(reminders_in(town)) == 1
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=20)
    async with bot_in(town, tmp_path) as app:
        assert await app.jobs.repository.counts() == {}
