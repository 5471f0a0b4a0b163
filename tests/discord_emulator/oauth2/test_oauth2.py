"""OAuth2 as a dashboard uses it: consent page, code, tokens, the routes behind the scopes, and adding a bot."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from support.town import REDIRECT, Town

ALL = "identify guilds guilds.members.read email"


async def consent(
    town: Town, *, scope: str = ALL, decision: str = "authorize", user: int | None = None, form: Any = None, **more: str
) -> tuple[int, dict[str, str], str]:
    """(status, parameters of the redirect, page) of the answered consent page."""
    query = {
        "client_id": str(town.application.id),
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": scope,
        "state": "s t&ate",
        **more,
    }
    url = f"{town.emulator.url}/oauth2/authorize?{urlencode(query)}"
    data = {"user_id": str(user or town.ada.id), "decision": decision, **(form or {})}
    async with town.http.post(url, data=data, allow_redirects=False) as response:
        target = response.headers.get("Location", "")
        assert not target or target.startswith(REDIRECT)
        found = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        return response.status, found, await response.text()


async def token(town: Town, *, secret: str | None = None, path: str = "token", **form: str) -> tuple[int, Any]:
    data = {
        "client_id": str(town.application.id),
        "client_secret": secret or town.application.client_secret,
        **form,
    }
    async with town.http.post(f"{town.emulator.url}/api/oauth2/{path}", data=data) as response:
        return response.status, await response.json()


async def login(town: Town, scope: str = ALL) -> dict[str, Any]:
    _, answer, _ = await consent(town, scope=scope)
    status, tokens = await token(town, grant_type="authorization_code", code=answer["code"], redirect_uri=REDIRECT)
    assert status == 200
    found: dict[str, Any] = tokens
    return found


async def test_the_page_works_without_script(town: Town) -> None:
    query = {
        "client_id": str(town.application.id),
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "identify guilds",
    }
    async with town.http.get(f"{town.emulator.url}/oauth2/authorize?{urlencode(query)}") as response:
        page = await response.text()
        assert response.status == 200
        assert "script" not in page.lower().replace("without script", "")
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "Helper" in page
    assert str(town.ada.id) in page
    assert str(town.bot.id) not in re.sub(r"client_id=\d+", "", page)


async def test_code_token_and_the_user_routes(town: Town) -> None:
    status, answer, _ = await consent(town)
    assert status == 302
    assert answer["state"] == "s t&ate"
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT}
    status, tokens = await token(town, **form)
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 604_800)
    assert set(tokens["scope"].split()) == set(ALL.split())
    bearer = tokens["access_token"]
    me = await town.call("GET", "/users/@me", bearer=bearer)
    assert (me["id"], me["email"]) == (str(town.ada.id), "ada@example.com")
    guilds = await town.call("GET", "/users/@me/guilds?with_counts=true", bearer=bearer)
    assert guilds[0]["owner"] is False
    assert isinstance(guilds[0]["permissions"], str)
    assert guilds[0]["approximate_member_count"] == 3
    member = await town.call("GET", f"/users/@me/guilds/{town.guild.id}/member", bearer=bearer)
    assert member["user"]["id"] == str(town.ada.id)
    about = await town.call("GET", "/oauth2/@me", bearer=bearer)
    assert about["user"]["id"] == str(town.ada.id)
    again, error = await token(town, **form)
    assert (again, error["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "1"}, 401, "invalid_client"),
        ({"client_id": "x" * 30}, 401, "invalid_client"),
    ],
)
async def test_token_refusals(town: Town, change: dict[str, str], status: int, error: str) -> None:
    _, answer, _ = await consent(town)
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT, **change}
    got, body = await token(town, **form)
    assert got == status
    assert body["error"] == error


async def test_only_forms_and_basic_credentials(town: Town) -> None:
    url = town.emulator.url + "/api/v10/oauth2/token"
    async with town.http.post(url, json={"grant_type": "client_credentials"}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")
    credentials = base64.b64encode(f"{town.application.id}:{town.application.client_secret}".encode()).decode()
    form = {"grant_type": "client_credentials", "scope": "identify"}
    async with town.http.post(url, data=form, headers={"Authorization": f"Basic {credentials}"}) as response:
        bearer = (await response.json())["access_token"]
    assert (await town.call("GET", "/users/@me", bearer=bearer))["id"] == str(town.owner.id)
    async with town.http.post(url, data=form, headers={"Authorization": "Basic !!!"}) as response:
        assert response.status == 401
    status, error = await token(town, grant_type="client_credentials", scope="everything")
    assert (status, error["error"]) == (400, "invalid_scope")


async def test_pkce(town: Town) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    for given, status in ((verifier, 200), ("w" * 64, 400), (None, 400)):
        _, answer, _ = await consent(town, **asked)
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT}
        got, _ = await token(town, **form, **({"code_verifier": given} if given else {}))
        assert got == status
    assert (await consent(town, code_challenge="x", code_challenge_method="plain"))[0] == 400


async def test_refresh_expiry_and_revocation(town: Town) -> None:
    tokens = await login(town)
    status, fresh = await token(town, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200
    assert fresh["access_token"] != tokens["access_token"]
    await town.call("GET", "/users/@me", bearer=tokens["access_token"], expect=401)
    assert (await token(town, grant_type="refresh_token", refresh_token=tokens["refresh_token"]))[0] == 400
    town.emulator.context.rooms["grants"].expire_all()
    await town.call("GET", "/users/@me", bearer=fresh["access_token"], expect=401)
    _, last = await token(town, grant_type="refresh_token", refresh_token=fresh["refresh_token"])
    await town.call("GET", "/users/@me", bearer=last["access_token"])
    assert (await token(town, path="token/revoke", token=last["access_token"]))[0] == 200
    await town.call("GET", "/users/@me", bearer=last["access_token"], expect=401)
    assert (await token(town, path="token/revoke", token="unknown"))[0] == 200
    assert (await token(town, path="token/revoke", token="x", secret="wrong"))[0] == 401


async def test_scopes_open_only_their_routes(town: Town) -> None:
    bearer = (await login(town, "identify"))["access_token"]
    assert (await town.call("GET", "/users/@me", bearer=bearer))["email"] is None
    await town.call("GET", "/users/@me/guilds", bearer=bearer, expect=401)
    await town.call("GET", f"/users/@me/guilds/{town.guild.id}/member", bearer=bearer, expect=401)
    await town.call("GET", f"/channels/{town.general.id}", bearer=bearer, expect=401)
    await town.call("GET", "/users/@me", bearer="nonsense", expect=401)


async def test_denied(town: Town) -> None:
    status, answer, _ = await consent(town, decision="cancel")
    assert (status, answer["error"], answer["state"]) == (302, "access_denied", "s t&ate")


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "http://evil.example/callback"},
        {"redirect_uri": REDIRECT + "?x=1"},
        {"redirect_uri": ""},
        {"client_id": "1"},
        {"client_id": "no"},
        {"scope": "identify everything"},
        {"scope": ""},
        {"response_type": "token"},
        {"prompt": "sometimes"},
        {"permissions": "many", "scope": "bot"},
    ],
)
async def test_bad_requests_never_redirect(town: Town, change: dict[str, str]) -> None:
    status, answer, page = await consent(town, **change)
    assert (status, answer) == (400, {})
    assert "<h1>" in page


async def test_names_are_escaped(town: Town) -> None:
    town.application.name = "<img src=x>"
    query = {"client_id": str(town.application.id), "redirect_uri": REDIRECT, "response_type": "code"}
    url = f"{town.emulator.url}/oauth2/authorize?{urlencode({**query, 'scope': 'identify'})}"
    async with town.http.get(url) as response:
        assert "<img src=x>" not in await response.text()


async def test_another_site_cannot_consent(town: Town) -> None:
    query = {"client_id": str(town.application.id), "redirect_uri": REDIRECT, "response_type": "code"}
    url = f"{town.emulator.url}/oauth2/authorize?{urlencode({**query, 'scope': 'identify'})}"
    data = {"user_id": str(town.ada.id), "decision": "authorize"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with town.http.post(url, data=data, headers=headers, allow_redirects=False) as response:
        assert response.status == 403


async def test_no_second_question_with_prompt_none(town: Town) -> None:
    query = {
        "client_id": str(town.application.id),
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "identify",
        "prompt": "none",
    }
    page = f"{town.emulator.url}/oauth2/authorize"
    url = f"{page}?{urlencode(query)}"
    async with town.http.get(url, allow_redirects=False) as response:
        assert response.status == 200
    data = {"user_id": str(town.ada.id), "decision": "authorize"}
    async with town.http.post(url, data=data, allow_redirects=False) as response:
        code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
        cookie = {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}
    await token(town, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    async with town.http.get(url, headers=cookie, allow_redirects=False) as response:
        assert response.status == 302
    more = f"{page}?{urlencode({**query, 'scope': 'identify guilds'})}"
    async with town.http.get(more, headers=cookie, allow_redirects=False) as response:
        assert response.status == 200


async def test_adding_the_bot(town: Town) -> None:
    home = town.world.create_guild("Ada's", town.ada)
    asked = {"scope": "bot applications.commands", "permissions": "2048", "response_type": "", "redirect_uri": ""}
    status, _, page = await consent(town, **asked, form={"guild_id": str(town.world.create_guild("x", town.owner).id)})
    assert status == 403
    assert "Manage Server" in page
    status, _, page = await consent(town, **asked, form={"guild_id": str(home.id)})
    assert status == 200
    assert "has been added" in page
    assert town.bot.id in home.members
    role = next(role for role in home.roles.values() if role.managed)
    assert role.permissions == 2048
    joined = [event for event in town.events if event.name == "GUILD_CREATE" and event.guild_id == home.id]
    assert joined[-1].user_ids == frozenset({town.bot.id})
    status, _, _ = await consent(town, **asked, form={"guild_id": "nonsense"})
    assert status == 403


async def test_adding_the_bot_with_a_login(town: Town) -> None:
    home = town.world.create_guild("Ada's", town.ada)
    status, answer, _ = await consent(town, scope="bot identify", form={"guild_id": str(home.id)})
    assert (status, answer["guild_id"]) == (302, str(home.id))
    assert answer["code"]
    assert town.bot.id in home.members
