"""What becomes of announcements that stand: repeating, edited, cancelled, refused, found by their servers alone."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from discord_emulator.faults import Fault
from skynetbot.app import App
from skynetbot.features.announcements.announcement import POST_QUEUE
from skynetbot.jobs.schedules import unpacked
from skynetbot.timephrases import next_occurrence
from support.demo_town import Town, eventually
from tests.integration.test_announcements import (
    Hands,
    deny,
    direct_messages,
    make_dara_a_manager,
    option,
    posted,
    scheduled,
    state_of,
    to,
    until_state,
    waits,
)


@pytest.fixture
def ada(town: Town) -> Hands:
    return Hands(town)


async def test_who_may_not_ping_may_not_rewrite_what_pings(town: Town, app: App, ada: Hands) -> None:
    make_dara_a_manager(town)
    await scheduled(ada, "in 1 hour", option("ping", "everyone"))
    row = await waits(app, town)
    assert "Mention Everyone" in (await Hands(town, "dara").ask("edit", option("id", str(row.id)))).content


async def test_repeating_is_posted_each_time_and_scheduled_again(town: Town, app: App, ada: Hands) -> None:
    form = await ada.open(
        "repeat",
        option("every", "weekly"),
        option("at", "18:00"),
        option("day", "mon, thu"),
        option("zone", "Europe/Berlin"),
        to(town),
    )
    done = await ada.press(await ada.submit(form, text="Tea!"), "Schedule")
    assert "every Monday and Thursday at 18:00 (Europe/Berlin)" in done.content
    row = await waits(app, town)
    key = str(row.id)
    for turn in (1, 2):
        job = await app.jobs.find(POST_QUEUE, key)
        assert job is not None
        assert job.schedule is not None
        rule = unpacked(job.schedule).recurrence
        after = datetime.fromtimestamp(time.time(), UTC)
        assert job.due == next_occurrence(rule, after, ZoneInfo("Europe/Berlin")).timestamp()  # type: ignore[union-attr]
        assert await app.jobs.move(POST_QUEUE, key, time.time())
        await eventually(lambda turn=turn: len(posted(town)) == turn)
        async with asyncio.timeout(5):
            while (await state_of(app, row))[1].message_id != posted(town)[-1].id:
                await asyncio.sleep(0.01)
    assert (await state_of(app, row))[0] == "waiting"
    assert "Cancelled" in (await ada.ask("cancel", option("id", key))).content
    assert await app.jobs.find(POST_QUEUE, key) is None
    assert "Nothing waits" in (await ada.ask("list")).embeds[0]["description"]


async def test_edit_changes_what_waits_and_what_was_posted(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 2s")
    row = await waits(app, town)
    form = await ada.open("edit", option("id", str(row.id)))
    assert "Saved" in (await ada.submit(form, text="Coffee!")).content
    await until_state(app, row, "posted")
    assert posted(town)[0].embeds[0]["description"] == "Coffee!"
    form = await ada.open("edit", option("id", str(row.id)))
    assert "changing the message" in (await ada.submit(form, title="New", text="Water!")).content
    await eventually(lambda: posted(town)[0].embeds[0]["description"] == "Water!")
    assert len(posted(town)) == 1
    assert posted(town)[0].embeds[0]["title"] == "New"


async def test_an_edit_while_it_is_being_posted_reaches_the_message(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 1 hour")
    row = await waits(app, town)
    form = await ada.open("edit", option("id", str(row.id)))
    route = rf"POST .*/channels/{town.channel('welcome').id}/messages"
    town.emulator.faults.add(Fault(route=route, delay_s=1.0))
    assert await app.jobs.move(POST_QUEUE, str(row.id), time.time())
    await eventually(lambda: town.emulator.faults.applied == 1)
    await ada.submit(form, text="Coffee!")
    assert not posted(town)
    await eventually(lambda: posted(town))
    await eventually(lambda: posted(town)[0].embeds[0]["description"] == "Coffee!")
    assert (await until_state(app, row, "posted")).text == "Coffee!"


async def test_edit_moves_the_time(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 1 hour")
    row = await waits(app, town)
    answer = await ada.ask("edit", option("id", str(row.id)), option("when", "in 1s"))
    assert "<t:" in answer.content
    await eventually(lambda: posted(town))
    await until_state(app, row, "posted")
    assert "cannot be changed" in (await ada.ask("edit", option("id", str(row.id)), option("when", "in 1h"))).content


async def test_nobody_overwrites_an_edit_that_they_have_not_seen(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 1 hour")
    row = await waits(app, town)
    mine = await ada.open("edit", option("id", str(row.id)))
    make_dara_a_manager(town)
    dara = Hands(town, "dara")
    theirs = await dara.open("edit", option("id", str(row.id)))
    await dara.submit(theirs, text="Coffee!")
    refused = await ada.submit(mine, text="Water!")
    assert "Nothing was saved" in refused.content
    assert "Water!" in refused.content
    assert (await state_of(app, row))[1].text == "Coffee!"


async def test_cancelled_is_not_posted(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 2s")
    row = await waits(app, town)
    assert "Cancelled" in (await ada.ask("cancel", option("id", str(row.id)))).content
    await asyncio.sleep(2.5)
    assert not posted(town)
    assert "cancelled already" in (await ada.ask("cancel", option("id", str(row.id)))).content
    assert "no announcement" in (await ada.ask("cancel", option("id", "999"))).content


async def test_something_that_repeats_outlives_a_refusal_and_ends_after_five(town: Town, app: App, ada: Hands) -> None:
    deny(town, "welcome")
    form = await ada.open("repeat", option("every", "daily"), option("at", "18:00"), to(town))
    await ada.press(await ada.submit(form, text="Tea!"), "Schedule")
    row = await waits(app, town)
    for turn in range(1, 6):
        assert await app.jobs.move(POST_QUEUE, str(row.id), time.time())
        async with asyncio.timeout(5):
            while (await state_of(app, row))[1].refusals < turn:
                await asyncio.sleep(0.01)
    assert (await state_of(app, row))[0] == "refused"
    assert await app.jobs.find(POST_QUEUE, str(row.id)) is None
    await eventually(lambda: len(direct_messages(town, "ada")) == 2)
    await asyncio.sleep(0.2)
    assert len(direct_messages(town, "ada")) == 2, "told at the first refusal and at the end"


async def test_announcements_of_other_servers_are_not_found(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 1 hour")
    row = await waits(app, town)
    town.guild = town.demo.guilds["Night Owls Reading"]
    assert "no announcement" in (await Hands(town, "bao").ask("cancel", option("id", str(row.id)))).content
    assert "no announcement" in (await Hands(town, "bao").ask("preview", option("id", str(row.id)))).content


async def test_ids_and_zones_are_offered(town: Town, app: App, ada: Hands) -> None:
    await scheduled(ada, "in 1 hour", text="Tea for all")
    row = await waits(app, town)
    offered: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            offered.append(event.data["choices"]) if event.name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" else None
        )
    )
    for sub, typed in (("cancel", option("id", "tea")), ("schedule", option("zone", "tokyo"))):
        options = [{"name": sub, "type": 1, "options": [{**typed, "focused": True}]}]
        await town.command("ada", "announce", options, kind=4)
        await eventually(lambda sub=sub: len(offered) == (1 if sub == "cancel" else 2))
    assert offered[0] == [{"name": f"{row.id} · Tea for all", "value": str(row.id)}]
    assert offered[1][0]["value"] == "Asia/Tokyo"
