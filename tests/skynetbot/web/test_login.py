"""Login and logout: what may go wrong at each step, and who may not get in."""

from urllib.parse import parse_qs, urlsplit

import pytest

from skynetbot.web.limits import AttemptLimit, TooManyAttempts
from skynetbot.web.memory import MemoryPorts

from .conftest import MINE, Client, FakeDiscord, csrf_token, log_in, make_config, open_client


async def test_the_whole_way(client: Client, discord: FakeDiscord) -> None:
    started = await client.get(f"/login?next=/servers/{MINE}/settings/wordfilter")
    query = parse_qs(urlsplit(started.headers["location"]).query)
    assert query["scope"] == ["identify guilds"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 32
    done = await client.get(discord.grant(started.headers["location"]))
    assert done.headers["location"] == f"/servers/{MINE}/settings/wordfilter"
    page = await client.get("/servers")
    assert "Mira Lindgren" in page.text
    assert "Quiet Library" in page.text
    assert "Big Town Square" not in page.text


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/servers/../logout", "/servers\n", "/"]
)
async def test_a_login_leads_to_our_own_pages_only(client: Client, discord: FakeDiscord, wanted: str) -> None:
    started = await client.get("/login", params={"next": wanted})
    done = await client.get(discord.grant(started.headers["location"]))
    assert done.headers["location"] == "/servers"


async def test_a_state_from_elsewhere_is_refused(client: Client, discord: FakeDiscord) -> None:
    started = await client.get("/login")
    back = discord.grant(started.headers["location"])
    code = parse_qs(urlsplit(back).query)["code"][0]
    answer = await client.get("/oauth/callback", params={"code": code, "state": "mine"})
    assert answer.status_code == 400
    assert "not started in this browser" in answer.text
    assert code in discord.codes
    # The attempt used the login up: not even the right state works now.
    assert (await client.get(back)).status_code == 400


async def test_a_callback_without_its_cookie_is_refused(client: Client, discord: FakeDiscord) -> None:
    started = await client.get("/login")
    client.cookies.clear()
    answer = await client.get(discord.grant(started.headers["location"]))
    assert answer.status_code == 400
    assert discord.calls == []


async def test_a_callback_works_once(client: Client, discord: FakeDiscord) -> None:
    started = await client.get("/login")
    back = discord.grant(started.headers["location"])
    assert (await client.get(back)).status_code == 303
    again = await client.get(back)
    assert again.status_code == 400
    assert "used already" in again.text


async def test_a_code_of_another_login_fails_its_pkce_check(client: Client, discord: FakeDiscord) -> None:
    other = await client.get("/login")
    stolen = parse_qs(urlsplit(discord.grant(other.headers["location"])).query)["code"][0]
    client.cookies.clear()
    mine = await client.get("/login")
    state = parse_qs(urlsplit(mine.headers["location"]).query)["state"][0]
    answer = await client.get("/oauth/callback", params={"code": stolen, "state": state})
    assert answer.status_code == 400
    assert "did not accept" in answer.text


async def test_a_denied_login_says_so(client: Client, discord: FakeDiscord) -> None:
    discord.deny = True
    started = await client.get("/login")
    answer = await client.get(discord.grant(started.headers["location"]))
    assert answer.status_code == 400
    assert "You did not grant access" in answer.text


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_discord_down_is_a_plain_page(client: Client, discord: FakeDiscord, status: int) -> None:
    discord.token_status = status
    started = await client.get("/login")
    answer = await client.get(discord.grant(started.headers["location"]))
    assert answer.status_code == 503
    assert "Discord does not answer" in answer.text


async def test_discord_unreachable_is_a_plain_page(ports: MemoryPorts, discord: FakeDiscord) -> None:
    config = make_config(discord, oauth_api_base="http://127.0.0.1:1/api/v10")
    async with open_client(ports, config) as client:
        started = await client.get("/login")
        assert (await client.get(discord.grant(started.headers["location"]))).status_code == 503


async def test_each_login_gets_a_new_session_and_ends_the_old(
    client: Client, discord: FakeDiscord, ports: MemoryPorts
) -> None:
    started = await client.get("/login")
    client.cookies.set("skynetbot_session", "planted-by-somebody", domain="testserver.local")
    done = await client.get(discord.grant(started.headers["location"]))
    assert "planted-by-somebody" not in done.headers["set-cookie"]
    assert len([key for key in ports.sessions._store if key.startswith("session:")]) == 1


async def test_logout_ends_the_session_here_and_at_discord(logged_in: Client, discord: FakeDiscord) -> None:
    kept = dict(logged_in.cookies)
    answer = await logged_in.post("/logout", data={"_csrf": await csrf_token(logged_in)})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert len(discord.revoked) == 1
    logged_in.cookies.update(kept)
    assert (await logged_in.get("/api/me")).status_code == 401


async def test_logout_works_while_discord_is_down(ports: MemoryPorts, discord: FakeDiscord) -> None:
    config = make_config(discord)
    async with open_client(ports, config) as client:
        await log_in(client, discord)
        token = await csrf_token(client)
    async with open_client(ports, make_config(discord, oauth_api_base="http://127.0.0.1:1")) as offline:
        offline.cookies.update(client.cookies)
        assert (await offline.post("/logout", data={"_csrf": token})).status_code == 303
        assert ports.sessions._store == {}


async def test_logging_in_twice_goes_straight_on(logged_in: Client) -> None:
    answer = await logged_in.get(f"/login?next=/servers/{MINE}")
    assert answer.headers["location"] == f"/servers/{MINE}"


async def test_login_attempts_are_limited(ports: MemoryPorts, discord: FakeDiscord) -> None:
    async with open_client(ports, make_config(discord, login_limit_per_minute=3)) as client:
        answers = [await client.get("/login") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 61


def test_the_limit_slides_and_is_bounded() -> None:
    now = 0.0
    limit = AttemptLimit(2, lambda: now)
    limit.take("a")
    now = 30.0
    limit.take("a")
    with pytest.raises(TooManyAttempts):
        limit.take("a")
    limit.take("b")
    now = 60.0
    limit.take("a")
    for n in range(10_050):
        limit.take(str(n))
    assert limit.stats()["peers"] == 10_000


async def test_behind_a_proxy_the_last_forwarded_address_counts(ports: MemoryPorts, discord: FakeDiscord) -> None:
    config = make_config(discord, login_limit_per_minute=1, trust_proxy=True)
    async with open_client(ports, config) as client:
        for last, status in (("1.1.1.1", 303), ("2.2.2.2", 303), ("2.2.2.2", 429)):
            answer = await client.get("/login", headers={"x-forwarded-for": f"9.9.9.9, {last}"})
            assert answer.status_code == status
