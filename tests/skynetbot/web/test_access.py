"""Rights follow Discord: a minute at most behind, ten while Discord does not answer, then nothing."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from litestar import Request
from litestar.testing import RequestFactory

from skynetbot.web.access import AccessUnavailable, GuildDoor, GuildHidden, NotSignedIn
from skynetbot.web.memory import MemoryPorts
from skynetbot.web.oauth import DiscordOAuth
from skynetbot.web.sessions import Session, Sessions, UserGuild, _key

from .conftest import MINE, FakeDiscord, make_config


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A logged-in user at a door with a clock that we turn."""

    def __init__(self, ports: MemoryPorts, discord: FakeDiscord) -> None:
        config = make_config(discord)
        self.clock = Clock()
        self.discord = discord
        self.sessions = Sessions(ports.sessions, config)
        self.oauth = DiscordOAuth(config)
        self.door = GuildDoor(self.sessions, self.oauth, ports.guilds, ports.settings, config, self.clock)
        self.cookie = config.session_cookie

    async def log_in(self) -> None:
        self.discord.tokens.add("access-0")
        session = Session(
            user_id=42,
            user_name="Mira",
            access_token="access-0",
            refresh_token="refresh-0",
            token_expires_at=self.clock.now + 604_800,
            guilds=[UserGuild(id=MINE, name="Pixel", permissions=0x20)],
            guilds_fetched_at=self.clock.now,
            key=_key("session", "browser-token"),
        )
        await self.sessions.save(session)

    @property
    def request(self) -> Request[object, object, object]:
        return RequestFactory().get("/", headers={"cookie": f"{self.cookie}=browser-token"})

    async def enter(self) -> None:
        await self.door.access_guild(self.request, MINE)


@pytest.fixture
async def scene(ports: MemoryPorts, discord: FakeDiscord) -> AsyncIterator[Scene]:
    scene = Scene(ports, discord)
    await scene.log_in()
    yield scene
    await scene.oauth.close()


async def test_a_fresh_list_is_not_fetched_again(scene: Scene) -> None:
    scene.clock.now += 59
    await scene.enter()
    assert scene.discord.calls == []
    scene.clock.now += 2
    await scene.enter()
    await scene.enter()
    assert scene.discord.calls == ["guilds"]


async def test_a_right_that_is_gone_closes_the_door_within_a_minute(scene: Scene) -> None:
    scene.discord.guilds = []
    await scene.enter()
    scene.clock.now += 61
    with pytest.raises(GuildHidden):
        await scene.enter()


@pytest.mark.parametrize("status", [429, 500])
async def test_the_last_list_holds_for_ten_minutes(scene: Scene, status: int) -> None:
    scene.discord.guilds_status = status
    scene.clock.now += 599
    await scene.enter()
    scene.clock.now += 2
    with pytest.raises(AccessUnavailable):
        await scene.enter()
    scene.discord.guilds_status = 200
    scene.clock.now += 2
    await scene.enter()


async def test_while_discord_asks_to_wait_it_is_not_asked(scene: Scene) -> None:
    scene.discord.guilds_status = 429
    scene.clock.now += 61
    await scene.enter()
    await scene.enter()
    assert scene.discord.calls == ["guilds"]
    scene.clock.now += 1.5
    await scene.enter()
    assert scene.discord.calls == ["guilds", "guilds"]


async def test_an_old_token_is_refreshed_and_kept(scene: Scene) -> None:
    scene.clock.now += 604_800
    await scene.enter()
    assert scene.discord.calls == ["refresh_token", "guilds"]
    session = await scene.sessions.load(scene.request)
    assert session is not None
    assert session.refresh_token == "refresh-1"
    assert session.token_expires_at == scene.clock.now + 604_800


async def test_a_token_that_discord_revoked_asks_for_a_login(scene: Scene) -> None:
    scene.discord.tokens.clear()
    scene.clock.now += 61
    with pytest.raises(NotSignedIn):
        await scene.enter()
    # Gone for good: the next login starts anew, and Discord is not asked again with a dead token.
    assert await scene.sessions.load(scene.request) is None
    assert scene.discord.calls == ["guilds"]


async def test_a_session_that_ended_meanwhile_is_not_brought_back(scene: Scene, ports: MemoryPorts) -> None:
    request = scene.request
    session = await scene.sessions.load(request)
    assert session is not None
    await ports.sessions.delete(session.key)
    scene.clock.now += 61
    with pytest.raises(NotSignedIn):
        await scene.door.user_guilds(session)
    assert ports.sessions._store == {}


@pytest.mark.parametrize(
    ("owner", "permissions", "manageable"),
    [(True, "0", True), (False, "32", True), (False, "8", True), (False, "2147483647", True), (False, "1024", False)],
)
def test_who_manages_a_server(owner: bool, permissions: str, manageable: bool) -> None:
    told = {"id": "1", "name": "x", "owner": owner, "permissions": permissions, "features": []}
    guild = msgspec.convert(told, UserGuild, strict=False)
    assert guild.manageable is manageable
