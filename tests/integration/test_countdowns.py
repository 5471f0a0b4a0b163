"""Countdowns as people use them in the local Discord, through kills of the process too."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.entities import Message
from integration.test_bot import configure, option, sub
from integration.test_giveaways import EPHEMERAL, bot_environment, silence
from integration.test_processes import process, read_until
from skynetbot.app import App
from support.demo_town import Town, bot_in, eventually


async def ask(town: Town, person: str, options: list[dict[str, Any]]) -> Message:
    """Use /countdown; the answer, which only the person sees."""
    before = {message.id for message in town.bot_messages("general")}
    await town.command(person, "countdown", options)

    def answer() -> Message | None:
        return next((m for m in town.bot_messages("general") if m.id not in before and m.flags & EPHEMERAL), None)

    found: Message = await eventually(answer)
    return found


def wanted(name: str, when: str, **more: str) -> list[dict[str, Any]]:
    options = [option(key, value, 7 if key == "channel" else 3) for key, value in more.items()]
    return sub("set", option("name", name), option("when", when), *options)


def rings(town: Town, channel: str = "general") -> list[Message]:
    return [m for m in town.bot_messages(channel) if m.content.startswith("⏰")]


def boards(town: Town, channel: str = "general") -> list[Message]:
    return [m for m in town.bot_messages(channel) if m.embeds and str(m.embeds[0].get("title"))[:1] in "⏳⌛"]


async def test_it_is_shown_announced_on_time_once_and_marked_as_over(town: Town, app: App) -> None:
    began = time.time()
    answer = await ask(town, "bao", wanted("New Year", "in 3 seconds", message="Happy @everyone!"))
    assert "is set for" in answer.content, answer.content
    (board,) = boards(town)
    assert board.embeds[0]["title"] == "⏳ New Year"
    (ring,) = await eventually(lambda: rings(town))
    assert 1.9 < time.time() - began < 5
    assert ring.content == "⏰ **New Year**: the time has come!\nHappy @everyone!"
    assert not ring.mention_everyone
    await eventually(lambda: board.embeds[0]["title"] == "⌛ New Year")
    await asyncio.sleep(1)
    assert len(rings(town)) == 1
    assert "There is none" in (await ask(town, "bao", sub("list"))).embeds[0]["description"]


async def test_the_channel_the_default_and_the_ping_are_taken_from_what_is_set(town: Town, app: App) -> None:
    role = next(role for role in town.guild.roles.values() if role.name == "Regular")
    await configure(
        app, town, "countdowns", channel=str(town.channel("welcome").id), ping_roles=[str(role.id)], notices="hour"
    )
    await ask(town, "ada", wanted("One", "in 2 seconds"))
    await ask(town, "bao", wanted("Two", "in 2 seconds", channel=str(town.channel("showcase").id)))
    (one,) = await eventually(lambda: rings(town, "welcome"))
    (two,) = await eventually(lambda: rings(town, "showcase"))
    assert one.mention_roles == [role.id]
    assert two.mention_roles == [], "members who are no moderators ping nobody"


async def test_notices_are_said_ahead(town: Town, app: App) -> None:
    await ask(town, "bao", wanted("The fair", "in 3 days", notices="day_and_hour"))
    waiting = await app.jobs.repository.pending(guild_id=town.guild.id)
    ahead = {job.title: round((job.due - time.time()) / 3_600) for job in waiting}
    assert ahead == {
        "Countdown “The fair”: 1 day left": 48,
        "Countdown “The fair”: 1 hour left": 71,
        "Countdown “The fair” ends": 72,
    }
    for job in waiting[:2]:
        assert job.key is not None
        assert await app.jobs.move(job.queue, job.key, time.time())
    said = await eventually(
        lambda: (
            (found := [m for m in town.bot_messages("general") if "left" in m.content]) and len(found) == 2 and found
        )
    )
    assert {message.content.split(" (")[0] for message in said} == {
        "⏳ **The fair**: 1 day left",
        "⏳ **The fair**: 1 hour left",
    }


@pytest.mark.parametrize(
    ("name", "when", "said"),
    [
        ("x", "whenever", "found no time"),
        ("x", "yesterday at 5pm", "in the past"),
        ("x", "every day at 9", "ends once"),
        ("x", "in 2 hours please bring cake", "Give only the time"),
        ("x", "in 20 years", "10 years"),
        (" ", "in 2 hours", "a name"),
        ("x" * 101, "in 2 hours", "a name"),
    ],
)
async def test_what_cannot_be_is_explained(town: Town, app: App, name: str, when: str, said: str) -> None:
    assert said in (await ask(town, "bao", wanted(name, when))).content
    assert not boards(town)


async def test_times_are_of_the_servers_zone(town: Town, app: App) -> None:
    await configure(app, town, "countdowns", time_zone="Asia/Tokyo")
    await ask(town, "bao", wanted("Noon", "1 january 2030 at 12:00"))
    (job,) = await app.jobs.repository.pending(guild_id=town.guild.id)
    assert job.due == 1_893_466_800  # 2030-01-01T03:00:00Z


async def test_a_cancelled_countdown_is_gone_with_all_its_jobs_and_its_name_is_free(town: Town, app: App) -> None:
    await ask(town, "bao", wanted("Party", "in 2 seconds", notices="day_and_hour"))
    await ask(town, "bao", wanted("Fair", "in 3 days", notices="day_and_hour"))
    twice = await ask(town, "bao", wanted("PARTY", "in 9 days"))
    assert "already" in twice.content
    stranger = await ask(town, "emre", sub("cancel", option("name", "Fair")))
    assert "who set it, and moderators" in stranger.content
    for person, name in (("bao", "party"), ("ada", "Fair")):
        assert "is cancelled" in (await ask(town, person, sub("cancel", option("name", name)))).content
    assert boards(town) == []
    assert await app.jobs.repository.pending(guild_id=town.guild.id) == []
    await asyncio.sleep(2)
    assert not rings(town)
    assert "is set for" in (await ask(town, "bao", wanted("Party", "in 9 days"))).content
    assert len(boards(town)) == 1
    assert "no countdown" in (await ask(town, "bao", sub("cancel", option("name", "nothing")))).content


async def test_the_limits_are_said(town: Town, app: App) -> None:
    for number in range(5):
        assert "is set" in (await ask(town, "bao", wanted(f"bao {number}", "in 9 days"))).content
    assert "You have 5 countdowns, which is the limit" in (await ask(town, "bao", wanted("more", "in 9 days"))).content
    for number in range(20):
        assert "is set" in (await ask(town, "ada", wanted(f"ada {number}", "in 9 days"))).content
    refused = await ask(town, "ada", wanted("more", "in 9 days"))
    assert "This server has 25 countdowns, which is the limit" in refused.content
    assert "25 of 25" in (await ask(town, "bao", sub("list"))).embeds[0]["footer"]["text"]


async def test_a_server_may_keep_them_to_moderators(town: Town, app: App) -> None:
    await configure(app, town, "countdowns", everyone_may_set=False)
    assert "needs level 2" in (await ask(town, "bao", wanted("x", "in 9 days"))).content
    assert "is set" in (await ask(town, "ada", wanted("x", "in 9 days"))).content


async def test_members_cannot_use_the_bot_to_write_where_they_may_not(town: Town, app: App) -> None:
    silence(town, "showcase", town.guild.roles[town.guild.id])
    answer = await ask(town, "bao", wanted("x", "in 9 days", channel=str(town.channel("showcase").id)))
    assert "may not write" in answer.content


async def test_a_channel_that_is_closed_to_the_bot_is_told_at_once(town: Town, app: App) -> None:
    silence(town, "showcase")
    answer = await ask(town, "bao", wanted("x", "in 9 days", channel=str(town.channel("showcase").id)))
    assert "nothing is set" in answer.content
    assert "Send Messages" in answer.content
    assert await app.jobs.repository.pending(guild_id=town.guild.id) == []


async def test_a_channel_that_was_closed_meanwhile_is_told_to_the_author_and_kept(town: Town, app: App) -> None:
    direct: list[str] = []
    town.world.hub.subscribe(
        lambda event: (
            direct.append(event.data["content"])
            if event.name == "MESSAGE_CREATE" and "guild_id" not in event.data
            else None
        )
    )
    await ask(town, "bao", wanted("Party", "in 2 seconds", channel=str(town.channel("showcase").id)))
    silence(town, "showcase")
    await eventually(lambda: any("the time has come" in text and "Send Messages" in text for text in direct))
    listed = await ask(town, "bao", sub("list"))
    assert "Send Messages" in listed.embeds[0]["fields"][0]["value"]
    async with asyncio.timeout(5):
        while not (dead := await app.jobs.repository.dead(guild_id=town.guild.id)):
            await asyncio.sleep(0.02)
    assert "Send Messages" in (dead[0].error or "")


async def test_those_that_may_be_cancelled_are_offered(town: Town, app: App) -> None:
    offered: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            offered.append(event.data["choices"]) if event.name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" else None
        )
    )
    await ask(town, "bao", wanted("Party", "in 9 days"))
    await ask(town, "emre", wanted("Parade", "in 9 days"))
    focused = sub("cancel", {**option("name", "par"), "focused": True})
    await town.command("bao", "countdown", focused, kind=4)
    await eventually(lambda: len(offered) == 1)
    await town.command("ada", "countdown", focused, kind=4)
    await eventually(lambda: len(offered) == 2)
    assert [[choice["name"] for choice in choices] for choices in offered] == [["Party"], ["Parade", "Party"]]


async def test_a_restart_without_haste_keeps_it(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path):
        await ask(town, "bao", wanted("Party", "in 2 seconds"))
    async with bot_in(town, tmp_path):
        await eventually(lambda: rings(town))


@pytest.mark.slow
@pytest.mark.parametrize("away_s", [0.2, 4.0])
async def test_kill_9_before_the_end_loses_and_doubles_nothing(town: Town, tmp_path: Path, away_s: float) -> None:
    environment = bot_environment(town, tmp_path)
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        began = time.time()
        await ask(town, "bao", wanted("Party", "in 4 seconds"))
        child.kill()
        child.wait()
    await asyncio.sleep(away_s)
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await eventually(lambda: rings(town), 15)
        assert time.time() - began >= 2.9, "phrases have whole seconds"
        await eventually(lambda: boards(town)[0].embeds[0]["title"] == "⌛ Party")
        await asyncio.sleep(1)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 0
    assert len(rings(town)) == 1


@pytest.mark.slow
async def test_kill_9_at_the_moment_of_the_end_announces_once(town: Town, tmp_path: Path) -> None:
    environment = bot_environment(town, tmp_path)
    seen = asyncio.Event()
    town.world.hub.subscribe(
        lambda event: (
            seen.set() if event.name == "MESSAGE_CREATE" and "time has come" in event.data["content"] else None
        )
    )
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await ask(town, "bao", wanted("Party", "in 2 seconds"))
        async with asyncio.timeout(10):
            await seen.wait()
        child.kill()
        child.wait()
    for _ in range(2):
        with process(["run"], environment) as child:
            await asyncio.to_thread(read_until, child, r"(is connected)")
            await asyncio.sleep(1.5)
            child.kill()
            child.wait()
    assert len(rings(town)) == 1
