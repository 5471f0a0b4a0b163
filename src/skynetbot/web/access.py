"""Who may see which server: the one door through which every handler gets a guild.

The rights come from Discord's list of the user's own servers, and from the levels that the server's roles give. The
list is kept with the session and fetched again when it is a minute old. While Discord does not answer, the last list
holds for ten minutes, then access is refused.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.exceptions import HTTPException

from skynetbot.observability.logs import get_logger
from skynetbot.web.config import WebConfig
from skynetbot.web.oauth import DiscordOAuth, OAuthRefused, OAuthUnavailable
from skynetbot.web.ports import GuildDirectory, GuildSummary
from skynetbot.web.sessions import Session, Sessions, UserGuild
from skynetbot.web.settings_port import Actor, SettingsPort, Standing

__all__ = [
    "AccessUnavailable",
    "BotAbsent",
    "GuildAccess",
    "GuildDoor",
    "GuildHidden",
    "NoPermission",
    "NotSignedIn",
]

_log = get_logger(__name__)
_LOOK_LEVEL: Final = 2
"""Moderators and above; what may be changed there is checked at each change."""


class NotSignedIn(HTTPException):
    """Nobody is logged in; pages lead to the login, JSON answers 401."""

    status_code = 401
    detail = "Log in first."


class GuildHidden(HTTPException):
    """No such server, or none that this user may know of: the same answer, so that nothing can be probed."""

    status_code = 404
    detail = "There is no such server, or you are not in it."


class NoPermission(HTTPException):
    """The user is in the server but has no level in it."""

    status_code = 403
    detail = (
        "You need the Manage Server permission in this server, or a role to which its administrators gave a level in "
        "the Access settings."
    )

    def __init__(self, guild: UserGuild) -> None:
        super().__init__()
        self.guild = guild


class BotAbsent(HTTPException):
    """The user may manage the server, but the bot is not in it."""

    status_code = 404
    detail = "Add it to the server; it appears among your servers within a minute."

    def __init__(self, guild: UserGuild) -> None:
        super().__init__()
        self.guild = guild


class AccessUnavailable(HTTPException):
    """The user's rights cannot be checked now, so nothing is shown."""

    status_code = 503
    detail = "Discord does not answer, so we cannot check which servers you manage. Try again in a minute."


@dataclass(frozen=True, slots=True)
class GuildAccess:
    """Proof that ``session``'s user may look at ``guild`` now, and change there what ``level`` reaches."""

    session: Session
    guild: GuildSummary
    level: int

    def actor(self, source: str = "dashboard") -> Actor:
        return Actor(self.session.user_id, self.session.user_name, self.level, source)


class GuildDoor:
    """Checks rights on every request; no handler reads a server any other way."""

    def __init__(
        self,
        sessions: Sessions,
        oauth: DiscordOAuth,
        guilds: GuildDirectory,
        settings: SettingsPort,
        config: WebConfig,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._oauth = oauth
        self._guilds = guilds
        self._settings = settings
        self._config = config
        self._now = now

    async def signed_in(self, request: Request[Any, Any, Any]) -> Session:
        """Raises NotSignedIn."""
        session = await self._sessions.load(request)
        if session is None:
            raise NotSignedIn
        return session

    async def access_guild(self, request: Request[Any, Any, Any], guild_id: int) -> GuildAccess:
        """The server, if the request's user has a level in it and the bot is in it.

        Raises:
            NotSignedIn, GuildHidden, NoPermission, BotAbsent, AccessUnavailable: see each.
        """
        return await self._check(await self.signed_in(request), guild_id)

    async def still_allowed(self, access: GuildAccess) -> bool:
        """Whether a long stream may go on: the session is there and the right still holds."""
        session = await self._sessions.load_key(access.session.key)
        if session is None:
            return False
        try:
            await self._check(session, access.guild.id)
        except HTTPException:
            return False
        return True

    async def user_guilds(self, session: Session) -> list[UserGuild]:
        """The user's servers, at most a minute old while Discord answers.

        Raises:
            NotSignedIn: Discord no longer accepts the user's tokens.
            AccessUnavailable: Discord does not answer and the last list is too old.
        """
        if self._now() - session.guilds_fetched_at < self._config.guilds_fresh_s:
            return session.guilds
        async with self._sessions.lock(session.key):
            current = await self._sessions.load_key(session.key)
            if current is None:
                raise NotSignedIn
            if self._now() - current.guilds_fetched_at >= self._config.guilds_fresh_s:
                await self._renew(current)
        session.guilds = current.guilds
        session.guilds_fetched_at = current.guilds_fetched_at
        return current.guilds

    async def level(self, session: Session, guild: UserGuild) -> int:
        """What the user may do in a server where the bot is; 0 is nothing."""
        roles = self._guilds.member_roles(guild.id, session.user_id)
        return await self._settings.level(guild.id, Standing(guild.owner, guild.permissions, roles or ()))

    async def _check(self, session: Session, guild_id: int) -> GuildAccess:
        mine = next((guild for guild in await self.user_guilds(session) if guild.id == guild_id), None)
        if mine is None:
            raise GuildHidden
        guild = self._guilds.get(guild_id)
        if guild is None:
            raise BotAbsent(mine) if mine.manageable else NoPermission(mine)
        level = await self.level(session, mine)
        if level < _LOOK_LEVEL:
            raise NoPermission(mine)
        return GuildAccess(session, guild, level)

    async def _renew(self, session: Session) -> None:
        """Fetch the list (holding the session's lock) or keep the last one while that is allowed."""
        now = self._now()
        try:
            if now < session.guilds_retry_at:
                raise OAuthUnavailable("waiting as Discord asked", session.guilds_retry_at - now)
            if now >= session.token_expires_at - 60:
                grant = await self._oauth.refresh(session.refresh_token)
                session.access_token = grant.access_token
                session.refresh_token = grant.refresh_token or session.refresh_token
                session.token_expires_at = now + grant.expires_in
                # Saved at once: the old refresh token is spent, whatever happens to the next call.
                await self._sessions.save(session)
            session.guilds = await self._oauth.guilds(session.access_token)
            session.guilds_fetched_at = now
            await self._sessions.save(session)
        except OAuthRefused as error:
            _log.info("login no longer accepted by Discord", user_id=session.user_id, reason=str(error))
            # Kept, it would ask Discord again at every request, and send a new login straight back here.
            await self._sessions.drop(session)
            raise NotSignedIn from error
        except OAuthUnavailable as error:
            if error.retry_after_s and now >= session.guilds_retry_at:
                session.guilds_retry_at = now + error.retry_after_s
                await self._sessions.save(session)
            age_s = now - session.guilds_fetched_at
            _log.warning("server list not renewed", user_id=session.user_id, reason=str(error), age_s=round(age_s))
            if age_s >= self._config.guilds_stale_s:
                raise AccessUnavailable from error
