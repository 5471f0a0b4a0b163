"""The dashboard as the cache bench asks it: the whole web application over some way to read, without a socket."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from litestar import Response

from bench.writes_stores import user_of
from skynetbot.dashboard import ActionFeed, ActivityFeed, DatabaseSessions, GuildSettingsPort
from skynetbot.web.app import create_app
from skynetbot.web.config import WebConfig
from skynetbot.web.ports import GuildSummary, NamedRef, WebPorts
from skynetbot.web.sessions import Session, Sessions, UserGuild

__all__ = ["Dashboard"]

_CONFIG: Final = WebConfig(public_url="http://127.0.0.1:8080", client_id="1", client_secret="s")


class Dashboard:
    """Each server has an owner, who is signed in once and stays so."""

    def __init__(self, reads: Any, guild_ids: Sequence[int], now: Callable[[], float]) -> None:
        """``reads`` is one of `cache_ways`: it stands for the settings service and for the pages' cache."""
        self._sessions = DatabaseSessions(reads.sessions, now)
        unused: Any = None
        ports = WebPorts(
            guilds=_Guilds(guild_ids),
            activity=ActivityFeed(reads, reads),
            actions=ActionFeed(reads),
            live=unused,
            settings=GuildSettingsPort(reads),
            timers=unused,
            health=unused,
            sessions=self._sessions,
        )
        self._app = create_app(ports, _CONFIG)
        self._cookies: dict[int, bytes] = {}

    async def sign_in(self, guild_id: int) -> None:
        """As a login ends: a session in the database, a cookie in the browser."""
        session = Session(
            user_id=user_of(0),
            user_name="Ada",
            access_token="a",
            refresh_token="r",
            token_expires_at=time.time() + 3_600,
            guilds=[UserGuild(id=guild_id, name="mine", owner=True, permissions=8)],
            guilds_fetched_at=time.time() + 3_600,
        )
        response: Response[str] = Response("")
        await Sessions(self._sessions, _CONFIG).start(session, response)
        self._cookies[guild_id] = "; ".join(f"{cookie.key}={cookie.value}" for cookie in response.cookies).encode()

    async def get(self, guild_id: int) -> tuple[int, bytes]:
        """The server's page as JSON, asked for by its owner: (status, body)."""
        path = f"/api/servers/{guild_id}"
        headers = [(b"host", b"127.0.0.1:8080"), (b"accept", b"application/json")]
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [*headers, (b"cookie", self._cookies[guild_id])],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        status, body = 0, b""

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        await self._app(scope, receive, send)
        return status, body


class _Guilds:
    """ports.GuildDirectory: each server belongs to somebody who may manage it."""

    def __init__(self, guild_ids: Sequence[int]) -> None:
        self._guilds = {g: GuildSummary(g, f"Server {g}", None, 1_000, user_of(0)) for g in guild_ids}

    def get(self, guild_id: int) -> GuildSummary | None:
        return self._guilds.get(guild_id)

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        return ()

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        return ()

    def member_roles(self, guild_id: int, user_id: int) -> tuple[int, ...] | None:
        return ()
