"""The dashboard over in-memory ports, and a small stand-in for Discord's OAuth2."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiohttp import web

from skynetbot.web.app import create_app
from skynetbot.web.config import WebConfig
from skynetbot.web.memory import MemoryPorts
from skynetbot.web.ports import (
    ActionRecord,
    ActivityTotals,
    GuildSummary,
    MemberActivity,
    NamedRef,
)
from skynetbot.web.settings_port import Actor, FieldView, SectionView

MINE, ABSENT, MEMBER_ONLY, FOREIGN = (700 + n << 22 for n in range(4))
RUI = Actor(1, "Rui", 4)
ORIGIN = "http://testserver.local"
Client = httpx.AsyncClient


class FakeDiscord:
    """Authorize, token, revoke, user routes; codes work once and check the PKCE verifier."""

    def __init__(self) -> None:
        self.base = ""
        self.codes: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.revoked: list[str] = []
        self.calls: list[str] = []
        self.guilds_status = 200
        self.token_status = 200
        self.expires_in = 604800
        self.deny = False
        self.guilds = [
            {"id": str(MINE), "name": "Pixel <b>Garden</b>", "icon": None, "owner": False, "permissions": "32"},
            {"id": str(ABSENT), "name": "Quiet Library", "icon": None, "owner": True, "permissions": "0"},
            {"id": str(MEMBER_ONLY), "name": "Big Town Square", "icon": None, "owner": False, "permissions": "1024"},
        ]

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/oauth2/authorize", self.authorize)
        app.router.add_post("/api/v10/oauth2/token", self.token)
        app.router.add_post("/api/v10/oauth2/token/revoke", self.revoke)
        app.router.add_get("/api/v10/users/@me", self.me)
        app.router.add_get("/api/v10/users/@me/guilds", self.my_guilds)
        return app

    async def authorize(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther(self.grant(str(request.url)))

    def grant(self, authorize_url: str) -> str:
        """What the authorize page sends the browser back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        assert query["code_challenge_method"] == "S256"
        if self.deny:
            return f"{query['redirect_uri']}?error=access_denied&state={query['state']}"
        code = secrets.token_hex(8)
        self.codes[code] = query["code_challenge"]
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.calls.append(str(form["grant_type"]))
        if self.token_status != 200:
            return web.json_response({"error": "broken"}, status=self.token_status)
        if form["grant_type"] == "authorization_code":
            challenge = self.codes.pop(str(form["code"]), None)
            digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
            if challenge != base64.urlsafe_b64encode(digest).rstrip(b"=").decode():
                return web.json_response({"error": "invalid_grant"}, status=400)
        token = "access-" + secrets.token_hex(8)
        self.tokens.add(token)
        body = {"access_token": token, "refresh_token": "refresh-1", "expires_in": self.expires_in}
        return web.json_response({**body, "token_type": "Bearer", "scope": "identify guilds"})

    async def revoke(self, request: web.Request) -> web.Response:
        token = str((await request.post())["token"])
        self.revoked.append(token)
        self.tokens.discard(token)
        return web.json_response({})

    async def me(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return web.json_response({}, status=401)
        return web.json_response({"id": "42", "username": "mira", "global_name": "Mira Lindgren", "avatar": None})

    async def my_guilds(self, request: web.Request) -> web.Response:
        self.calls.append("guilds")
        if self.guilds_status == 429:
            return web.json_response({"retry_after": 1}, status=429, headers={"Retry-After": "1"})
        if self.guilds_status != 200 or not self._known(request):
            return web.json_response({}, status=self.guilds_status if self.guilds_status != 200 else 401)
        return web.json_response(self.guilds)

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    fake = FakeDiscord()
    runner = web.AppRunner(fake.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.base = f"http://{host}:{port}"
    yield fake
    await runner.cleanup()


def sections() -> tuple[SectionView, ...]:
    word_filter = (
        FieldView("enabled", "Filter messages", "Look at every message of members.", "bool", False, False),
        FieldView("words", "Words", "Found in any case, as whole words.", "lines", ("badword",), ()),
        FieldView(
            "action",
            "What to do",
            "",
            "choice",
            "delete",
            "delete",
            choices=(("delete", "Delete the message"), ("warn", "Delete and warn"), ("log", "Only log")),
        ),
        FieldView("strikes", "Warnings before a mute", "", "int", 3, 3, minimum=1, maximum=20),
        FieldView("notice", "Notice to the member", "Sent in the channel.", "text", "", "", max_length=100),
        FieldView("log_channel", "Log channel", "Where to report.", "channel", None, None),
        FieldView("ignored_channels", "Ignored channels", "", "channels", (), ()),
        FieldView("exempt_roles", "Exempt roles", "Never filtered.", "roles", (), ()),
    )
    ranks = (FieldView("announce", "Announce ranks", "", "bool", True, True),)
    return (
        SectionView("wordfilter", "Word filter", "Keeps words out that you do not want to read.", 0, word_filter),
        SectionView("activity", "Activity and ranks", "Counts messages and turns them into ranks.", 0, ranks),
    )


@pytest.fixture
def ports() -> MemoryPorts:
    ports = MemoryPorts(sections())
    ports.guilds.guilds = {
        MINE: GuildSummary(MINE, "Pixel <b>Garden</b>", None, 1284, 1),
        MEMBER_ONLY: GuildSummary(MEMBER_ONLY, "Big Town Square", None, 90_000, 1),
        FOREIGN: GuildSummary(FOREIGN, "Secret Society", None, 3, 1),
    }
    ports.guilds.channel_list = [NamedRef(11, "general"), NamedRef(12, "pixel-art"), NamedRef(13, "bot-log")]
    ports.guilds.role_list = [NamedRef(21, "Moderator"), NamedRef(22, "Regular")]
    ports.activity.by_guild = {MINE: ActivityTotals(48_210, 312, 97)}
    names = ("Mira", "Jonas", "クロエ", "a-name-that-is-really-rather-long-for-a-row", "Tove", "Rui")
    ports.activity.members = {
        MINE: [
            MemberActivity(5000 + n, name, 9000 // (n + 1), n % 3 or None, ["Regular", "Veteran", None][n % 3])
            for n, name in enumerate(names)
        ]
    }
    kinds = ("message_deleted", "member_warned", "rank_reached", "logged")
    ports.actions.records = [
        ActionRecord(
            n,
            1_790_000_000.0 + n * 60,
            MINE,
            kinds[n % 4],
            "Jonas in #general",
            ("Message deleted", "Member warned", "Rank reached", "Message logged")[n % 4],
            "Word filter: “badword” is on the list <script>alert(1)</script>.",
            11,
            5001,
        )
        for n in range(1, 9)
    ]
    return ports


def make_config(discord: FakeDiscord, **changes: object) -> WebConfig:
    settings: dict[str, object] = {
        "public_url": ORIGIN,
        "client_id": "1001",
        "client_secret": "very-secret",
        "oauth_authorize_url": f"{discord.base}/oauth2/authorize",
        "oauth_api_base": f"{discord.base}/api/v10",
        "cdn_url": "",
        **changes,
    }
    return WebConfig(**settings)  # type: ignore[arg-type]


@pytest.fixture
def config(discord: FakeDiscord) -> WebConfig:
    return make_config(discord)


@asynccontextmanager
async def open_client(ports: MemoryPorts, config: WebConfig, peer: str = "127.0.0.1") -> AsyncIterator[Client]:
    """A browser without scripts, in the application's own event loop (Litestar's test client uses another)."""
    app = create_app(ports.as_web_ports(), config)
    transport = httpx.ASGITransport(app=app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=config.origin) as client:
        yield client
    await app.state.site.close()


@pytest.fixture
async def client(ports: MemoryPorts, config: WebConfig) -> AsyncIterator[Client]:
    async with open_client(ports, config) as client:
        yield client


async def log_in(client: Client, discord: FakeDiscord) -> None:
    """Walk the whole way: /login, authorize, callback."""
    started = await client.get("/login", follow_redirects=False)
    assert started.status_code == 303
    back = discord.grant(started.headers["location"])
    done = await client.get(back, follow_redirects=False)
    assert done.status_code == 303, done.text


async def csrf_token(client: Client) -> str:
    token = (await client.get("/api/me")).json()["csrf_token"]
    assert isinstance(token, str)
    return token


@pytest.fixture
async def logged_in(client: Client, discord: FakeDiscord) -> Client:
    await log_in(client, discord)
    return client
