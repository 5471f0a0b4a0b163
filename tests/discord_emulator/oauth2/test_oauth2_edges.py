"""The corners of OAuth2: odd bytes, codes that outlive their minute, and what the answer says about an added bot."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from discord_emulator.entities import User
from support.town import REDIRECT, Town


async def code_for(town: Town, user: User, **more: str) -> str:
    asked = {
        "client_id": str(town.application.id),
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "identify",
        **more,
    }
    url = f"{town.emulator.url}/oauth2/authorize?{urlencode(asked)}"
    form = {"user_id": str(user.id), "decision": "authorize"}
    async with town.http.post(url, data=form, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


async def token(town: Town, *, secret: str | None = None, basic: bool = False, **form: str) -> tuple[int, Any]:
    client = {"client_id": str(town.application.id), "client_secret": secret or town.application.client_secret}
    headers = {}
    if basic:
        headers["Authorization"] = aiohttp.encode_basic_auth(client["client_id"], client["client_secret"])
        client = {}
    url = f"{town.emulator.rest_url}/oauth2/token"
    async with town.http.post(url, data={**client, **form}, headers=headers) as response:
        return response.status, await response.json()


async def redeem(town: Town, code: str, **more: Any) -> tuple[int, Any]:
    return await token(town, grant_type="authorization_code", code=code, redirect_uri=REDIRECT, **more)


async def test_a_refused_client_does_not_use_the_code_up(town: Town) -> None:
    code = await code_for(town, town.ada)
    for basic, secret in ((False, "wrong"), (True, "wrong"), (False, "wröng")):
        status, body = await redeem(town, code, basic=basic, secret=secret)
        assert (status, body["error"]) == (401, "invalid_client")
    assert (await redeem(town, code, basic=True))[0] == 200


async def test_a_code_lives_for_a_minute(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await code_for(town, town.ada)
    later = town.world.now() + 61
    monkeypatch.setattr(town.world, "now", lambda: later)
    assert (await redeem(town, code))[1]["error"] == "invalid_grant"


async def test_a_challenge_that_is_no_digest_matches_nothing(town: Town) -> None:
    code = await code_for(town, town.ada, code_challenge="é", code_challenge_method="S256")
    status, body = await redeem(town, code, code_verifier="x" * 43)
    assert (status, body["error"]) == (400, "invalid_grant")


async def test_the_answer_names_the_server_of_the_added_bot(town: Town) -> None:
    second = town.world.create_guild("Second", town.owner)
    code = await code_for(town, town.owner, scope="bot identify", guild_id=str(second.id))
    assert town.bot.id in second.members
    status, body = await redeem(town, code)
    assert (status, body["guild"]["id"]) == (200, str(second.id))
    _, refreshed = await token(town, grant_type="refresh_token", refresh_token=body["refresh_token"])
    assert "guild" not in refreshed


async def test_client_credentials_are_the_owners_and_have_no_refresh_token(town: Town) -> None:
    status, body = await token(town, grant_type="client_credentials", scope="identify")
    assert status == 200
    assert "refresh_token" not in body
    assert (await town.call("GET", "/users/@me", bearer=body["access_token"]))["id"] == str(town.owner.id)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_both(town: Town, which: str) -> None:
    _, body = await redeem(town, await code_for(town, town.ada))
    client = {"client_id": str(town.application.id), "client_secret": town.application.client_secret}
    url = f"{town.emulator.rest_url}/oauth2/token/revoke"
    async with town.http.post(url, data={**client, "token": body[which]}) as response:
        assert response.status == 200
    await town.call("GET", "/users/@me", bearer=body["access_token"], expect=401)
    assert (await token(town, grant_type="refresh_token", refresh_token=body["refresh_token"]))[0] == 400


async def test_a_bearer_is_no_bot_and_no_person(town: Town) -> None:
    _, body = await redeem(town, await code_for(town, town.ada, scope="identify guilds"))
    bearer = body["access_token"]
    await town.call("GET", f"/guilds/{town.guild.id}", bearer=bearer, expect=401)
    path = f"/channels/{town.general.id}/messages"
    await town.call("POST", path, {"content": "x"}, bearer=bearer, expect=401)
    await town.call("GET", "/users/@me", bearer=town.bot.token, expect=401)
