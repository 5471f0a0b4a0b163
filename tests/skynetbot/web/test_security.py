"""Properties that hold for every page and every route, whoever adds one."""

import hashlib
import inspect
import json
import re
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

import skynetbot.web
from skynetbot.web.app import create_app
from skynetbot.web.config import WebConfig
from skynetbot.web.memory import MemoryPorts

from .conftest import (
    ABSENT,
    FOREIGN,
    MEMBER_ONLY,
    MINE,
    Client,
    FakeDiscord,
    csrf_token,
    log_in,
    make_config,
    open_client,
)

PUBLIC = ["/", "/nowhere", "/healthz", "/readyz", "/metrics", "/static/app.css", "/oauth/callback?code=x&state=y"]
PRIVATE = [
    "/servers",
    f"/servers/{MINE}",
    f"/servers/{ABSENT}",
    f"/servers/{MEMBER_ONLY}",
    f"/servers/{FOREIGN}",
    f"/servers/{MINE}/settings/wordfilter",
    f"/servers/{MINE}/settings/nothing",
    f"/servers/{MINE}/history",
    f"/servers/{MINE}/history/0/restore",
    f"/servers/{MINE}/history/7/restore",
    f"/servers/{MINE}/transfer",
    f"/servers/{MINE}/transfer/export",
    f"/servers/{MINE}/timers",
    "/api/me",
    f"/api/servers/{MINE}",
    f"/api/servers/{MINE}/settings/wordfilter",
    f"/api/servers/{MINE}/settings/history",
    f"/api/servers/{MINE}/settings/export",
    f"/api/servers/{MINE}/timers",
    f"/api/servers/{FOREIGN}",
]


def routes(app: Litestar) -> list[tuple[str, str, HTTPRouteHandler]]:
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            found += [(method, route.path_format, handler) for method in handler.http_methods if method != "OPTIONS"]
    return found


def guild_routes(app: Litestar) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in routes(app) if "{guild_id" in path]


def filled(path: str, guild_id: int) -> str:
    return path.replace("{guild_id}", str(guild_id)).replace("{feature}", "wordfilter").replace("{number}", "1")


def body_of(method: str, path: str) -> object:
    """JSON that the route takes, where it takes JSON."""
    if path.startswith("/api/") and method == "POST":
        return {"number": 1}
    return {"changes": {}} if method == "PATCH" else None


@pytest.mark.parametrize("path", PUBLIC + PRIVATE)
async def test_every_answer_has_the_security_headers(client: Client, discord: FakeDiscord, path: str) -> None:
    if path in PRIVATE:
        await log_in(client, discord)
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    if not path.startswith("/static/"):
        assert answer.headers["cache-control"] == "no-store"
    assert answer.status_code < 500


@pytest.mark.parametrize("path", ["/", "/nowhere", *[p for p in PRIVATE if "/api" not in p and "/export" not in p]])
async def test_no_page_has_inline_script_style_or_foreign_addresses(logged_in: Client, path: str) -> None:
    html = (await logged_in.get(path)).text
    assert html.startswith("<!doctype html>")
    assert not re.search(r"<[^>]+\son\w+=", html)
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert "<style" not in html
    assert "javascript:" not in html
    for tag in re.findall(r"<script[^>]*>", html):
        assert ' src="/static/' in tag
    for address in re.findall(r'(?:src|href)="(https?:[^"]+)"', html):
        assert "oauth2/authorize" in address


async def test_names_and_texts_are_escaped(logged_in: Client) -> None:
    html = (await logged_in.get(f"/servers/{MINE}")).text
    assert "Pixel &lt;b&gt;Garden&lt;/b&gt;" in html
    assert "<script>alert" not in html


def test_every_route_under_a_server_goes_through_the_door(ports: MemoryPorts, config: WebConfig) -> None:
    app = create_app(ports.as_web_ports(), config)
    under = [(path, handler) for _, path, handler in routes(app) if "{guild_id" in path]
    assert len(under) == 24
    for path, handler in under:
        assert "access" in inspect.signature(handler.fn).parameters, path


@pytest.mark.parametrize(("guild_id", "status"), [(FOREIGN, 404), (ABSENT, 404), (MEMBER_ONLY, 403), (1, 404)])
async def test_a_server_that_is_not_yours_is_closed_on_every_route(
    logged_in: Client, ports: MemoryPorts, config: WebConfig, guild_id: int, status: int
) -> None:
    token = await csrf_token(logged_in)
    for method, path in guild_routes(create_app(ports.as_web_ports(), config)):
        answer = await logged_in.request(
            method,
            filled(path, guild_id),
            headers={"x-csrf-token": token},
            json=body_of(method, path),
        )
        assert answer.status_code == status, (method, path)
        assert "Secret Society" not in answer.text
    assert ports.settings.authors == []


async def test_without_login_every_route_under_a_server_is_closed(
    client: Client, ports: MemoryPorts, config: WebConfig
) -> None:
    for method, path in guild_routes(create_app(ports.as_web_ports(), config)):
        answer = await client.request(method, filled(path, MINE))
        if answer.status_code == 302:
            assert answer.headers["location"].startswith("/login?next=/servers/")
        else:
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
async def test_every_unsafe_request_needs_the_token(
    logged_in: Client, ports: MemoryPorts, config: WebConfig, token: str | None
) -> None:
    unsafe = [
        (method, path)
        for method, path, _ in routes(create_app(ports.as_web_ports(), config))
        if method not in ("GET", "HEAD")
    ]
    assert len(unsafe) == 12
    for method, path in unsafe:
        form = {} if token is None else {"_csrf": token}
        answer = await logged_in.request(method, filled(path, MINE), data=form)
        assert answer.status_code == 403, (method, path)
        # A form with a file is a form, too.
        answer = await logged_in.request(method, filled(path, MINE), data=form, files={"file": b"{}"})
        assert answer.status_code == 403, (method, path)
    assert (await logged_in.get("/api/me")).status_code == 200
    assert ports.settings.authors == []


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
async def test_a_request_from_another_site_is_refused_even_with_the_token(
    logged_in: Client, headers: dict[str, str]
) -> None:
    token = await csrf_token(logged_in)
    answer = await logged_in.post("/logout", data={"_csrf": token}, headers=headers)
    assert answer.status_code == 403


async def test_another_sessions_token_does_not_do(ports: MemoryPorts, config: WebConfig, discord: FakeDiscord) -> None:
    async with open_client(ports, config) as first, open_client(ports, config) as second:
        await log_in(first, discord)
        await log_in(second, discord)
        stolen = await csrf_token(first)
        assert (await second.post("/logout", data={"_csrf": stolen})).status_code == 403


async def test_cookies_are_closed_to_script_and_other_sites(client: Client, discord: FakeDiscord) -> None:
    started = await client.get("/login")
    done = await client.get(discord.grant(started.headers["location"]))
    for answer in (started, done):
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie


async def test_https_makes_host_cookies_and_strict_transport(ports: MemoryPorts, discord: FakeDiscord) -> None:
    config = make_config(discord, public_url="https://bot.example.org")
    async with open_client(ports, config) as client:
        answer = await client.get("/login")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_body_that_is_too_large_is_refused(logged_in: Client) -> None:
    token = await csrf_token(logged_in)
    form = {"_csrf": token, "_version": "0", "words": "x" * 70_000}
    answer = await logged_in.post(f"/servers/{MINE}/settings/wordfilter", data=form)
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "/etc/passwd", "vendor/../../app.py", "%2e%2e/config.py"])
async def test_static_serves_its_folder_only(client: Client, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_static_files_are_tagged_and_kept(client: Client) -> None:
    html = (await client.get("/")).text
    address = re.findall(r'href="(/static/app\.css[^"]*)"', html)[0]
    answer = await client.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    again = await client.get("/static/app.css", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


async def test_no_secret_is_logged(
    client: Client, discord: FakeDiscord, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    await log_in(client, discord)
    discord.token_status = 500
    started = await client.get("/login", headers={"cookie": ""})
    await client.get(started.headers["location"] if "code" in started.headers["location"] else "/")
    await client.post("/logout", data={"_csrf": await csrf_token(client)})
    out, err = capfd.readouterr()
    said = out + err + caplog.text
    for secret in ["very-secret", "refresh-1", *discord.revoked, *client.cookies.values()]:
        assert secret not in said
    assert "very-secret" not in repr(make_config(discord))


async def test_the_cookie_is_not_the_stores_key(logged_in: Client, ports: MemoryPorts) -> None:
    stored = " ".join(ports.sessions._store)
    for value in logged_in.cookies.values():
        assert value
        assert value not in stored


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 403),
        ("10.0.0.9", {"authorization": "Bearer wrong"}, 403),
        ("10.0.0.9", {"authorization": "Bearer scrape-me"}, 200),
        ("127.0.0.1", {"x-forwarded-for": "8.8.8.8"}, 403),
    ],
)
async def test_metrics_are_not_for_visitors(
    ports: MemoryPorts, discord: FakeDiscord, peer: str, headers: dict[str, str], status: int
) -> None:
    async with open_client(ports, make_config(discord, metrics_token="scrape-me"), peer) as client:
        answer = await client.get("/metrics", headers=headers)
        assert answer.status_code == status


async def test_an_unexpected_error_tells_nothing(
    logged_in: Client, ports: MemoryPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_guild_id: int) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(ports.activity, "totals", broken)
    for path in (f"/servers/{MINE}", f"/api/servers/{MINE}"):
        answer = await logged_in.get(path)
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert "content-security-policy" in answer.headers


def test_vendored_files_are_the_ones_in_the_manifest() -> None:
    folder = Path(skynetbot.web.__file__).parent / "static" / "vendor"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest) | {"manifest.json"} == {path.name for path in folder.iterdir()}
    for name, entry in manifest.items():
        body = (folder / name).read_bytes()
        assert len(body) == entry["bytes"]
        assert hashlib.sha256(body).hexdigest() == entry["sha256"]
