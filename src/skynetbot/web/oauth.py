"""Discord's OAuth2 as a client: authorization code with PKCE, refresh, revoke and the two user routes we read.

Rules: https://discord.com/developers/docs/topics/oauth2 and RFC 7636 (PKCE, S256).
"""

import base64
import hashlib
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.web.config import WebConfig
from skynetbot.web.sessions import UserGuild

__all__ = ["DiscordOAuth", "OAuthRefused", "OAuthUnavailable", "TokenGrant", "UserInfo"]

T = TypeVar("T")

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=5)
_MAX_ANSWER_BYTES: Final = 1_000_000
# Discord lists at most 200 servers a page, and users can be in at most 200.
_GUILDS_LIMIT: Final = 200


class OAuthRefused(SkynetBotError):
    """Discord does not accept the code or the token; the user has to log in again."""


class OAuthUnavailable(SkynetBotError):
    """Discord did not answer as it should; trying later may help. ``retry_after_s`` is its wish, if it told one."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TokenGrant(msgspec.Struct, frozen=True):
    """Tokens for one user; ``expires_in`` is in seconds."""

    access_token: str
    expires_in: float
    refresh_token: str = ""
    scope: str = ""


class UserInfo(msgspec.Struct, frozen=True):
    """The user as ``/users/@me`` tells."""

    id: int
    username: str
    global_name: str | None = None
    avatar: str | None = None


class DiscordOAuth:
    """Speaks to the token and user routes; owns its connection pool."""

    def __init__(self, config: WebConfig) -> None:
        self._config = config
        self._base = config.oauth_api_base.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    def authorize_url(self, state: str, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "scope": "identify guilds",
            "state": state,
            "redirect_uri": self._config.redirect_uri,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._config.oauth_authorize_url}?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> TokenGrant:
        """Raises OAuthRefused for a bad or used code, OAuthUnavailable otherwise."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._config.redirect_uri,
            "code_verifier": verifier,
        }
        return _decode(await self._token_call("/oauth2/token", form), TokenGrant)

    async def refresh(self, refresh_token: str) -> TokenGrant:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _decode(await self._token_call("/oauth2/token", form), TokenGrant)

    async def revoke(self, token: str) -> None:
        await self._token_call("/oauth2/token/revoke", {"token": token})

    async def me(self, access_token: str) -> UserInfo:
        return _decode(await self._user_call("/users/@me", access_token), UserInfo)

    async def guilds(self, access_token: str) -> list[UserGuild]:
        body = await self._user_call(f"/users/@me/guilds?limit={_GUILDS_LIMIT}", access_token)
        return _decode(body, list[UserGuild])

    async def _token_call(self, path: str, form: dict[str, str]) -> bytes:
        auth = aiohttp.encode_basic_auth(self._config.client_id, self._config.client_secret)
        return await self._call("POST", path, data=form, headers={"Authorization": auth})

    async def _user_call(self, path: str, access_token: str) -> bytes:
        return await self._call("GET", path, headers={"Authorization": f"Bearer {access_token}"})

    async def _call(self, method: str, path: str, **options: Any) -> bytes:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._http.request(method, f"{self._base}{path}", allow_redirects=False, **options) as response:
                body = await response.content.read(_MAX_ANSWER_BYTES)
                status = response.status
                retry_after = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OAuthUnavailable(f"Discord cannot be reached ({type(error).__name__})") from error
        if status == 429:
            raise OAuthUnavailable("Discord asked us to wait", _seconds(retry_after))
        if status in (400, 401, 403):
            # The body may name the reason (invalid_grant); it never holds a secret of ours, but is not shown either.
            raise OAuthRefused(f"Discord answered {status} to {path.partition('?')[0]}")
        if not 200 <= status < 300:
            raise OAuthUnavailable(f"Discord answered {status} to {path.partition('?')[0]}")
        return body


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 1.0), 600.0)
    except ValueError:
        return 5.0


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        # Not strict: Discord sends ids and permissions as text.
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OAuthUnavailable("Discord's answer could not be read") from error
