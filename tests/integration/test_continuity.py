"""Restarts that miss nothing: what was written while the bot was away is counted when it is back, once."""

import asyncio
from pathlib import Path

import pytest

from support.demo_town import Town, bot_in, eventually


async def test_a_clean_restart_resumes_and_counts_what_was_written_meanwhile(town: Town, tmp_path: Path) -> None:
    ada, guild = town.demo.people["ada"].id, town.guild.id
    async with bot_in(town, tmp_path) as app:
        for _ in range(10):
            town.say("ada", "before")
        await eventually(lambda: app.pipeline.messages >= 10)
    identified = town.emulator.gateway.counters["identifies"]
    for _ in range(7):
        town.say("ada", "is the bot away?")
    async with bot_in(town, tmp_path) as app:
        await eventually(lambda: app.pipeline.messages >= 7)
        assert town.emulator.gateway.counters["identifies"] == identified, "resumed, not identified anew"
        assert await app.activity.messages_of(guild, ada) == 17
        # Nothing was sent again, and all servers are known all the same.
        assert len(app.guilds.all()) == 3
        assert [ref.name for ref in app.guilds.channels(guild)]
        town.say("ada", "after")
        await eventually(lambda: app.pipeline.messages >= 8)
        assert await app.activity.messages_of(guild, ada) == 18


async def test_a_session_that_discord_forgot_is_replaced(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path):
        pass
    town.emulator.gateway.sessions.clear()
    async with bot_in(town, tmp_path) as app:
        town.say("ada", "hello")
        await eventually(lambda: app.pipeline.messages >= 1)
        assert len(app.guilds.all()) == 3


@pytest.mark.parametrize("damage", ["missing", "torn"])
async def test_without_the_guild_state_it_connects_anew(town: Town, tmp_path: Path, damage: str) -> None:
    async with bot_in(town, tmp_path):
        pass
    path = tmp_path / "guild-state.bin"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    async with bot_in(town, tmp_path) as app:
        await eventually(lambda: len(app.guilds.all()) == 3)
        town.say("ada", "hello")
        await eventually(lambda: app.pipeline.messages >= 1)
    await asyncio.sleep(0)
