"""What people have consented to: codes, access tokens, refresh tokens. Each code is used once.

Source: https://discord.com/developers/docs/topics/oauth2, RFC 6749, RFC 7636 (PKCE)
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

import msgspec

from discord_emulator.world import World

__all__ = ["TOKEN_LIFE_S", "Grant", "Grants", "OAuthError"]

TOKEN_LIFE_S: Final = 604_800
_CODE_LIFE_S: Final = 60
_MOST: Final = 10_000


class OAuthError(Exception):
    """Becomes ``{"error", "error_description"}`` of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class Grant(msgspec.Struct, kw_only=True):
    application_id: int
    user_id: int
    scopes: frozenset[str]
    access_token: str
    refresh_token: str
    expires_at: float
    guild_id: int | None = None
    """Where the bot was added on the way, for the first answer only."""


class _Code(msgspec.Struct, kw_only=True):
    application_id: int
    user_id: int
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str | None
    guild_id: int | None
    expires_at: float


class Grants:
    """The state of OAuth2, by token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, _Code] = {}
        self._by_access: dict[str, Grant] = {}
        self._by_refresh: dict[str, Grant] = {}

    def issue_code(
        self,
        application_id: int,
        user_id: int,
        scopes: frozenset[str],
        redirect_uri: str,
        challenge: str | None,
        guild_id: int | None = None,
    ) -> str:
        now = self._world.now()
        self._codes = {code: issued for code, issued in self._codes.items() if issued.expires_at > now}
        code = secrets.token_urlsafe(22)
        self._codes[code] = _Code(
            application_id=application_id,
            user_id=user_id,
            scopes=scopes,
            redirect_uri=redirect_uri,
            challenge=challenge,
            guild_id=guild_id,
            expires_at=now + _CODE_LIFE_S,
        )
        return code

    def redeem(self, application_id: int, code: str, redirect_uri: str, verifier: str | None) -> Grant:
        """Raises OAuthError ``invalid_grant``: unknown, used, expired, other client, other redirect, bad verifier."""
        found = self._codes.pop(code, None)
        if found is None or found.application_id != application_id or found.expires_at < self._world.now():
            raise OAuthError("invalid_grant", 'Invalid "code" in request.')
        if found.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", 'Invalid "redirect_uri" in request.')
        if found.challenge is None and verifier:
            raise OAuthError("invalid_grant", "There was no code_challenge, so there can be no code_verifier.")
        if found.challenge is not None:
            digest = hashlib.sha256((verifier or "").encode()).digest()
            if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), found.challenge.encode()):
                raise OAuthError("invalid_grant", 'Invalid "code_verifier" in request.')
        return self.issue(application_id, found.user_id, found.scopes, found.guild_id)

    def issue(self, application_id: int, user_id: int, scopes: frozenset[str], guild_id: int | None = None) -> Grant:
        grant = Grant(
            application_id=application_id,
            user_id=user_id,
            scopes=scopes,
            access_token=secrets.token_urlsafe(24),
            refresh_token=secrets.token_urlsafe(24),
            expires_at=self._world.now() + TOKEN_LIFE_S,
            guild_id=guild_id,
        )
        while len(self._by_access) >= _MOST:
            self._end(next(iter(self._by_access.values())))
        self._by_access[grant.access_token] = grant
        self._by_refresh[grant.refresh_token] = grant
        return grant

    def refresh(self, application_id: int, refresh_token: str) -> Grant:
        """Raises OAuthError ``invalid_grant``. The old pair of tokens ends."""
        grant = self._by_refresh.get(refresh_token)
        if grant is None or grant.application_id != application_id:
            raise OAuthError("invalid_grant", 'Invalid "refresh_token" in request.')
        self._end(grant)
        return self.issue(application_id, grant.user_id, grant.scopes)

    def revoke(self, application_id: int, token: str) -> None:
        """An unknown token is already revoked (RFC 7009)."""
        grant = self._by_access.get(token) or self._by_refresh.get(token)
        if grant is not None and grant.application_id == application_id:
            self._end(grant)

    def consented(self, application_id: int, user_id: int, scopes: frozenset[str]) -> bool:
        """Whether the person has agreed to all of this before, and not taken it back."""
        return any(
            grant.application_id == application_id and grant.user_id == user_id and scopes <= grant.scopes
            for grant in self._by_refresh.values()
        )

    def by_access_token(self, token: str) -> Grant | None:
        """The grant, unless it is unknown or has expired."""
        grant = self._by_access.get(token)
        return grant if grant is not None and grant.expires_at > self._world.now() else None

    def expire_all(self) -> None:
        """Let every access token run out now, for tests of refreshing."""
        for grant in self._by_access.values():
            grant.expires_at = self._world.now()

    def _end(self, grant: Grant) -> None:
        self._by_access.pop(grant.access_token, None)
        self._by_refresh.pop(grant.refresh_token, None)
