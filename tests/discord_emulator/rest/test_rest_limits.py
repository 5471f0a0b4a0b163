"""Rate limits told and enforced, injected faults, and logins that fail."""

from typing import Any

import aiohttp
import pytest

from discord_emulator.faults import Fault
from discord_emulator.rest.ratelimits import RateLimits
from support.town import Town, open_town


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def raw(town: Town, method: str, path: str, body: Any = None, **headers: str) -> aiohttp.ClientResponse:
    """The whole answer, body read."""
    headers = {"Authorization": f"Bot {town.bot.token}", **headers}
    async with town.http.request(method, town.emulator.rest_url + path, json=body, headers=headers) as response:
        await response.read()
        return response


async def test_every_answer_tells_its_limits(town: Town) -> None:
    path = f"/channels/{town.general.id}/messages"
    first, second = await raw(town, "GET", path), await raw(town, "GET", path)
    for name in ("Limit", "Remaining", "Reset", "Reset-After", "Bucket"):
        assert f"X-RateLimit-{name}" in first.headers
    assert int(first.headers["X-RateLimit-Remaining"]) == int(second.headers["X-RateLimit-Remaining"]) + 1
    assert first.headers["X-RateLimit-Bucket"] == second.headers["X-RateLimit-Bucket"]
    other = await raw(town, "GET", f"/guilds/{town.guild.id}")
    assert other.headers["X-RateLimit-Bucket"] != first.headers["X-RateLimit-Bucket"]
    failed = await raw(town, "GET", path + "/1")
    assert failed.status == 404
    assert "X-RateLimit-Bucket" in failed.headers


async def test_strict_answers_429_as_discord_does() -> None:
    async with open_town(strict_rate_limits=True) as town:
        path = f"/channels/{town.general.id}/messages"
        statuses = [(await raw(town, "POST", path, {"content": str(n)})).status for n in range(5)]
        assert statuses == [200] * 5
        refused = await raw(town, "POST", path, {"content": "one too many"})
        assert refused.status == 429
        body = await refused.json()
        assert not body["global"]
        assert 0 < body["retry_after"] <= 5
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert refused.headers["X-RateLimit-Scope"] == "user"
        assert float(refused.headers["Retry-After"]) == pytest.approx(body["retry_after"], abs=0.01)
        # Another channel is another bucket, another route too.
        side = town.world.create_channel(town.guild, "side")
        assert (await raw(town, "POST", f"/channels/{side.id}/messages", {"content": "x"})).status == 200
        assert (await raw(town, "GET", path)).status == 200
        assert len(town.heard("MESSAGE_CREATE")) == 6


async def test_strict_has_a_global_limit() -> None:
    async with open_town(strict_rate_limits=True) as town:
        limits: RateLimits = town.emulator.context.rooms["limits"]
        clock = Clock()
        limits._now = clock
        channels = [town.world.create_channel(town.guild, f"c{n}") for n in range(26)]
        paths = [f"/channels/{channel.id}" for channel in channels for _ in range(2)]
        statuses = [(await raw(town, "GET", path)).status for path in paths[:50]]
        assert statuses == [200] * 50
        refused = await raw(town, "GET", paths[50])
        assert refused.status == 429
        assert (await refused.json())["global"]
        assert refused.headers["X-RateLimit-Global"] == "true"
        assert refused.headers["X-RateLimit-Scope"] == "global"
        clock.at += 1.1
        assert (await raw(town, "GET", paths[50])).status == 200


async def test_answers_to_interactions_have_no_limits() -> None:
    async with open_town(strict_rate_limits=True) as town:
        path = f"/interactions/1/{'t' * 20}/callback"
        for _ in range(60):
            response = await raw(town, "POST", path, {"type": 4, "data": {"content": "x"}})
            assert response.status == 404
            assert "X-RateLimit-Limit" not in response.headers


async def test_ten_thousand_invalid_requests_and_discord_blocks_the_address() -> None:
    async with open_town(strict_rate_limits=True) as town:
        limits: RateLimits = town.emulator.context.rooms["limits"]
        for _ in range(10_000):
            limits.note_invalid()
        refused = await raw(town, "GET", "/gateway")
        assert refused.status == 429
        assert refused.content_type == "text/plain"


def test_buckets_refill_and_stay_bounded() -> None:
    clock = Clock()
    limits = RateLimits(strict=True, now=clock)
    route = "POST /channels/{channel_id}/messages"
    assert [limits.take(route, "1", 7)[0] is None for _ in range(6)] == [True] * 5 + [False]
    assert limits.take(route, "1", 8)[0] is None, "another bot"
    clock.at += 5.0
    refusal, headers = limits.take(route, "1", 7)
    assert refusal is None
    assert headers["X-RateLimit-Remaining"] == "4"
    for number in range(20_500):
        clock.at += 0.1
        limits.take(route, str(number), 7, shared=True)
    assert limits.stats()["buckets"] <= 10_000


async def test_faults_fail_and_slow_the_next_calls(town: Town) -> None:
    faults = town.emulator.faults
    faults.add(Fault(route=r"^POST .*/messages$", status=503, times=2))
    path = f"/channels/{town.general.id}/messages"
    statuses = [(await raw(town, "POST", path, {"content": "x"})).status for _ in range(3)]
    assert statuses == [503, 503, 200]
    faults.add(Fault(route="GET", delay_s=0.05))
    started = town.world.now()
    await town.call("GET", path)
    assert town.world.now() - started >= 0.045
    faults.add(Fault(status=500, times=None))
    assert {(await raw(town, "GET", path)).status for _ in range(5)} == {500}
    faults.clear()
    assert (await raw(town, "GET", path)).status == 200
    with pytest.raises(ValueError, match="regular expression"):
        faults.add(Fault(route="("))


@pytest.mark.parametrize("token", ["", "Bot", "Bot nonsense", "Bearer nonsense", "nonsense"])
async def test_bad_logins(town: Town, token: str) -> None:
    refused = await raw(town, "GET", "/users/@me", Authorization=token)
    assert refused.status == 401
    assert await refused.json() == {"message": "401: Unauthorized", "code": 0}


async def test_bots_say_bot_and_people_do_not(town: Town) -> None:
    assert (await raw(town, "GET", "/users/@me", Authorization=town.bot.token)).status == 401
    assert (await raw(town, "GET", "/users/@me", Authorization=f"Bot {town.ada.token}")).status == 401
    assert (await raw(town, "GET", "/users/@me", Authorization=town.ada.token)).status == 200
    await town.call("GET", "/gateway", anonymous=True)


async def test_versions_and_unknown_routes(town: Town) -> None:
    headers = {"Authorization": f"Bot {town.bot.token}"}
    for prefix in ("/api/v10", "/api/v9", "/api"):
        async with town.http.get(f"{town.emulator.url}{prefix}/users/@me", headers=headers) as response:
            assert (await response.json())["id"] == str(town.bot.id)
    await town.refused(0, "GET", "/nowhere", status=404)
