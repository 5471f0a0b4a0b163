"""The whole bot on a real PostgreSQL server that goes away and comes back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from skynetbot.storage.errors import StorageError
from support.demo_town import Town, bot_in, eventually
from support.servers import PostgresServer, postgres_problem


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    problem = postgres_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=True) as started:
        yield started


async def test_messages_are_counted_while_the_database_is_away(
    town: Town, tmp_path: Path, server: PostgresServer
) -> None:
    url = server.create_database()
    ada, guild = town.demo.people["ada"].id, town.guild.id
    changes = {"database_url": url, "database_timeout_s": 2, "writes_flush_s": 0.1}
    async with bot_in(town, tmp_path, **changes) as app:
        for _ in range(50):
            town.say("ada", "hello")
        await eventually(lambda: app.pipeline.messages >= 50)
        assert await app.activity.messages_of(guild, ada) == 50
        await eventually(lambda: not app.writes.waiting_keys)
        await asyncio.to_thread(server.kill)
        for _ in range(70):
            town.say("ada", "is anybody there?")
        await eventually(lambda: app.pipeline.messages >= 120)
        await eventually(lambda: app.writes.tally.errors > 0)
        with pytest.raises(StorageError, match="failed"):
            await app.activity.messages_of(guild, ada)
        checks = {name: ok for name, ok, _ in await app.readiness()}
        assert checks["database"] is False
        await asyncio.to_thread(server.restart)
        await eventually(lambda: not app.writes.waiting_keys, 20)
        assert await app.activity.messages_of(guild, ada) == 120
        checks = {name: ok for name, ok, _ in await app.readiness()}
        assert checks["database"] is True
    async with bot_in(town, tmp_path, **changes) as app:
        assert await app.activity.messages_of(guild, ada) == 120


async def test_the_bot_stops_while_the_database_is_away_and_the_next_start_takes_it_up(
    town: Town, tmp_path: Path, server: PostgresServer
) -> None:
    url = server.create_database()
    ada, guild = town.demo.people["ada"].id, town.guild.id
    changes = {"database_url": url, "database_timeout_s": 1, "writes_flush_s": 60}
    async with bot_in(town, tmp_path, **changes) as app:
        for _ in range(30):
            town.say("ada", "hello")
        await eventually(lambda: app.pipeline.messages >= 30)
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.restart)
    async with bot_in(town, tmp_path, **changes) as app:
        assert await app.activity.messages_of(guild, ada) == 30
