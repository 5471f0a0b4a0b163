"""Who is logged in: server-side sessions behind an opaque cookie.

The browser holds a random token; the store holds the session under the token's hash, so a copy of the database
opens nobody's session. Only the browser's token that we made is ever a session id (no fixation), and a session
is written by those who change it, never as a side effect of a request.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.stores.base import Store

from skynetbot.web.config import WebConfig

__all__ = ["PendingLogin", "Session", "Sessions", "UserGuild", "known_session", "session_of"]

_LOGIN_MAX_AGE_S: Final = 600
_TOKEN_BYTES: Final = 32
_STATE_KEY: Final = "skynetbot_session"


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser that started a login must bring back; lives ten minutes and is used once."""

    state: str
    verifier: str
    next_path: str


class UserGuild(msgspec.Struct, frozen=True, kw_only=True):
    """A server of the user as Discord lists it (``/users/@me/guilds``)."""

    id: int
    name: str
    icon: str | None = None
    owner: bool = False
    permissions: int = 0

    @property
    def manageable(self) -> bool:
        """Owner, Administrator (0x8) or Manage Server (0x20)."""
        return self.owner or bool(self.permissions & 0x28)


class Session(msgspec.Struct, kw_only=True):
    """One browser's login. Times are seconds since 1970."""

    user_id: int
    user_name: str
    avatar: str | None = None
    csrf_token: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(32))
    access_token: str
    refresh_token: str
    token_expires_at: float
    guilds: list[UserGuild] = []
    guilds_fetched_at: float = 0.0
    guilds_retry_at: float = 0.0
    """Discord asked us not to fetch the list before this."""
    key: str = ""
    """The store's key; not secret, never the cookie."""


class Sessions:
    """Reads, writes and ends sessions, and the short-lived record of a login under way."""

    def __init__(self, store: Store, config: WebConfig) -> None:
        self._store = store
        self._config = config
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._login_cookie = config.session_cookie + "_login"

    async def load(self, request: Request[Any, Any, Any]) -> Session | None:
        """The request's session; kept with the request, so that an error page can show it."""
        if not known_session(request):
            token = request.cookies.get(self._config.session_cookie)
            request.state[_STATE_KEY] = await self.load_key(_key("session", token)) if token else None
        return session_of(request)

    async def load_key(self, key: str) -> Session | None:
        body = await self._store.get(key)
        return msgspec.json.decode(body, type=Session) if body else None

    async def start(self, session: Session, response: Response[Any]) -> None:
        """Keep the session under a fresh id and hand the browser its cookie."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session.key = _key("session", token)
        await self.save(session)
        self._set_cookie(response, self._config.session_cookie, token, self._config.session_max_age_s)

    async def save(self, session: Session) -> None:
        await self._store.set(session.key, msgspec.json.encode(session), self._config.session_max_age_s)

    async def drop(self, session: Session) -> None:
        """Forget the session; for whoever holds its lock."""
        await self._store.delete(session.key)

    async def end(self, session: Session, response: Response[Any]) -> None:
        async with self.lock(session.key):
            await self.drop(session)
        self._set_cookie(response, self._config.session_cookie, "", 0)

    async def discard(self, request: Request[Any, Any, Any]) -> None:
        """Drop whatever session the browser came with (a new login replaces it)."""
        if token := request.cookies.get(self._config.session_cookie):
            await self._store.delete(_key("session", token))

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """One writer a session; whoever waits must read the session again."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    async def start_login(self, pending: PendingLogin, response: Response[Any]) -> None:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self._store.set(_key("login", token), msgspec.json.encode(pending), _LOGIN_MAX_AGE_S)
        self._set_cookie(response, self._login_cookie, token, _LOGIN_MAX_AGE_S)

    async def take_login(self, request: Request[Any, Any, Any]) -> PendingLogin | None:
        """The login that this browser started; taken once, so a replayed callback finds nothing."""
        token = request.cookies.get(self._login_cookie)
        if not token:
            return None
        key = _key("login", token)
        async with self.lock(key):
            body = await self._store.get(key)
            await self._store.delete(key)
        return msgspec.json.decode(body, type=PendingLogin) if body else None

    def _set_cookie(self, response: Response[Any], name: str, value: str, max_age_s: int) -> None:
        response.set_cookie(
            Cookie(
                key=name,
                value=value,
                max_age=max_age_s,
                path="/",
                secure=self._config.cookies_secure,
                httponly=True,
                samesite="lax",
            )
        )


def known_session(request: Request[Any, Any, Any]) -> bool:
    """Whether somebody has looked for the request's session."""
    return _STATE_KEY in request.state


def session_of(request: Request[Any, Any, Any]) -> Session | None:
    """The session, if somebody has looked for it and there is one."""
    session: Session | None = request.state.get(_STATE_KEY)
    return session


def _key(kind: str, token: str) -> str:
    return f"{kind}:{hashlib.sha256(token.encode()).hexdigest()}"
