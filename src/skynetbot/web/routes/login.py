"""Logging in through Discord and out again."""

import asyncio
import re
import secrets
from hmac import compare_digest
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import Parameter
from litestar.response import Redirect

from skynetbot.observability.logs import get_logger
from skynetbot.web.limits import peer_address
from skynetbot.web.oauth import OAuthRefused, OAuthUnavailable
from skynetbot.web.routes.parameters import AnyRequest, TheSite
from skynetbot.web.sessions import PendingLogin, Session

__all__ = ["LoginFailed", "callback", "login", "logout"]

_log = get_logger(__name__)
# Where a login may lead: our own pages, never an address that somebody else wrote into the link.
_NEXT: Final = re.compile(r"/servers(/[a-z0-9_/-]*)?")
_HOME: Final = "/servers"
_REVOKE_WAIT_S: Final = 3.0

Text = Annotated[str, Parameter(max_length=2048)]


class LoginFailed(HTTPException):
    """The login did not work; the detail says why and the page offers to start again."""

    status_code = 400


@get("/login")
async def login(
    request: AnyRequest, site: TheSite, next_path: str = Parameter(query="next", default=_HOME)
) -> Redirect:
    """Send the browser to Discord with a fresh state and PKCE challenge."""
    site.login_limit.take(peer_address(request, trust_proxy=site.config.trust_proxy))
    if not _NEXT.fullmatch(next_path):
        next_path = _HOME
    if await site.sessions.load(request) is not None:
        return Redirect(next_path, status_code=303)
    pending = PendingLogin(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), next_path=next_path)
    response = Redirect(site.oauth.authorize_url(pending.state, pending.verifier), status_code=303)
    await site.sessions.start_login(pending, response)
    return response


@get("/oauth/callback")
async def callback(
    request: AnyRequest,
    site: TheSite,
    code: Text = "",
    oauth_state: Annotated[str, Parameter(query="state", max_length=2048)] = "",
    oauth_error: Annotated[str, Parameter(query="error", max_length=2048)] = "",
) -> Redirect:
    """Finish a login that this browser started; a code or state from elsewhere is refused."""
    site.login_limit.take(peer_address(request, trust_proxy=site.config.trust_proxy))
    pending = await site.sessions.take_login(request)
    if pending is None:
        raise LoginFailed("This login has expired or was used already. Start again; it takes a few seconds.")
    if not compare_digest(oauth_state.encode(), pending.state.encode()):
        raise LoginFailed("This login was not started in this browser, so it was stopped. Start again from here.")
    if oauth_error:
        _log.info("login not granted", error=oauth_error[:64])
        raise LoginFailed(
            "You did not grant access, so nothing was read and nobody is logged in."
            if oauth_error == "access_denied"
            else "Discord ended the login. Start again; if it keeps happening, tell the bot's operator."
        )
    if not code:
        raise LoginFailed("Discord sent no code. Start again.")
    session = await _open_session(site, code, pending.verifier)
    await site.sessions.discard(request)
    response = Redirect(pending.next_path, status_code=303)
    await site.sessions.start(session, response)
    _log.info("logged in", user_id=session.user_id)
    return response


async def _open_session(site: TheSite, code: str, verifier: str) -> Session:
    now = site.now()
    try:
        grant = await site.oauth.exchange(code, verifier)
        user = await site.oauth.me(grant.access_token)
        guilds = await site.oauth.guilds(grant.access_token)
    except OAuthRefused as error:
        _log.info("login refused by Discord", reason=str(error))
        raise LoginFailed(
            "Discord did not accept this login. Start again; codes work once and not for long."
        ) from error
    except OAuthUnavailable as error:
        _log.warning("login not finished", reason=str(error))
        raise HTTPException(
            status_code=503, detail="Discord does not answer right now. Try to log in again in a minute."
        ) from error
    return Session(
        user_id=user.id,
        user_name=user.global_name or user.username,
        avatar=user.avatar,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        token_expires_at=now + grant.expires_in,
        guilds=guilds,
        guilds_fetched_at=now,
    )


@post("/logout", status_code=303)
async def logout(request: AnyRequest, site: TheSite) -> Response[None]:
    """End the session here at once, and tell Discord to forget the token."""
    session = await site.door.signed_in(request)
    response: Response[None] = Redirect("/", status_code=303)
    await site.sessions.end(session, response)
    site.streams.end(session.key)
    try:
        async with asyncio.timeout(_REVOKE_WAIT_S):
            await site.oauth.revoke(session.access_token)
    except (OAuthRefused, OAuthUnavailable, TimeoutError) as error:
        # The session is gone here either way; the token runs out by itself.
        _log.info("token not revoked", user_id=session.user_id, reason=type(error).__name__)
    return response
