"""A warm server page and its API ask the database nothing; what is written shows at once all the same."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from litestar import Response

from skynetbot.app import App
from skynetbot.web.config import WebConfig
from skynetbot.web.sessions import Session, Sessions, UserGuild
from support.demo_town import Town, bot_in, eventually
from support.servers import PostgresServer, postgres_problem

_BACKGROUND = {("health", "ping"), ("settings", "changed_since")}
"""What the bot asks by itself every few seconds, whoever looks at pages."""


async def signed_in(app: App, town: Town) -> dict[str, str]:
    """The cookie of somebody who may manage the town's server, as after a login."""
    guild = UserGuild(id=town.guild.id, name=town.guild.name, owner=True, permissions=8)
    session = Session(
        user_id=town.demo.people["ada"].id,
        user_name="Ada",
        access_token="a",
        refresh_token="r",
        token_expires_at=time.time() + 3_600,
        guilds=[guild],
        guilds_fetched_at=time.time() + 3_600,
    )
    config = WebConfig(
        public_url=app.public_url,
        client_id="1",
        client_secret="s",
        oauth_authorize_url=app.public_url,
        oauth_api_base=app.public_url,
        chat_url="",
    )
    response: Response[str] = Response("")
    await Sessions(app.web_sessions, config).start(session, response)
    return {cookie.key: cookie.value or "" for cookie in response.cookies}


def asked(app: App) -> Counter[tuple[str, str]]:
    queries = Counter(app.database.queries_by_verb())
    for background in _BACKGROUND:
        del queries[background]
    return queries


async def look(app: App, town: Town, cookies: dict[str, str], times: int = 1) -> str:
    text = ""
    paths = ("", "/settings/wordfilter")
    async with aiohttp.ClientSession(cookies=cookies) as client:
        for _ in range(times):
            for path in paths:
                async with client.get(f"{app.public_url}/servers/{town.guild.id}{path}") as response:
                    assert response.status == 200, await response.text()
                    text += await response.text()
            for path in ("", "/settings/wordfilter"):
                async with client.get(f"{app.public_url}/api/servers/{town.guild.id}{path}") as response:
                    assert response.status == 200, f"{path}: {await response.text()}"
    return text


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_warm_pages_ask_nothing(town: Town, tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    changes: dict[str, str | float] = {}
    if engine == "postgres":
        problem = postgres_problem()
        if problem is not None:
            pytest.skip(problem)
        server = PostgresServer(durable=False)
        server.start()
        request.addfinalizer(server.stop)
        changes["database_url"] = server.create_database()
    async with bot_in(town, tmp_path, **changes) as app:
        for _ in range(3):
            town.say("emre", "hello")
        await eventually(lambda: app.pipeline.messages >= 3)
        await eventually(lambda: not app.writes.waiting_keys)
        await asyncio.sleep(0.4)  # the news of those messages are out
        cookies = await signed_in(app, town)
        await look(app, town, cookies)
        before = asked(app)
        for _ in range(5):
            assert "Emre" in await look(app, town, cookies)
        assert asked(app) - before == Counter(), "a warm page asked the database"
        ratios = {cache.name: cache.tally.hit_ratio() for cache in app.caches}
        assert ratios["sessions"] > 0.8
        # News arrive: the next look shows them, at the price of one question.
        town.say("emre", "one more")
        await eventually(lambda: app.pipeline.messages >= 4)
        before = asked(app)
        async with aiohttp.ClientSession(cookies=cookies) as client:

            async def total() -> int:
                url = f"{app.public_url}/api/servers/{town.guild.id}"
                async with client.get(url) as response:
                    return int((await response.json())["totals"]["messages_total"])

            async def shows(wanted: int) -> bool:
                return await total() == wanted

            until = time.monotonic() + 2
            while not await shows(4):
                assert time.monotonic() < until
        assert (asked(app) - before)["activity", "page"] == 1
