"""The consent page and the token endpoints."""

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from discord_emulator import payloads
from discord_emulator.context import EmulatorContext
from discord_emulator.entities import Application, Guild, User
from discord_emulator.oauth2.grants import TOKEN_LIFE_S, Grant, Grants, OAuthError
from discord_emulator.oauth2.pages import PAGE_HEADERS, consent_page, problem_page
from discord_emulator.permissions import Permission, base_permissions
from discord_emulator.worlds import BOT_PERMISSIONS, install_bot

__all__ = ["add_routes"]

_SCOPES: Final = frozenset(
    {
        "identify",
        "email",
        "connections",
        "guilds",
        "guilds.members.read",
        "bot",
        "applications.commands",
        "applications.commands.permissions.update",
    }
)
_COOKIE: Final = "local_discord_user"
_PREFIXES: Final = ("/api/v10", "/api/v9", "/api")


def add_routes(app: web.Application, context: EmulatorContext) -> None:
    pages = _Pages(context)
    app.router.add_get("/oauth2/authorize", pages.show)
    app.router.add_post("/oauth2/authorize", pages.decide)
    for prefix in _PREFIXES:
        app.router.add_get(prefix + "/oauth2/authorize", pages.show)
        app.router.add_post(prefix + "/oauth2/token", pages.token)
        app.router.add_post(prefix + "/oauth2/token/revoke", pages.revoke)
        app.router.add_get(prefix + "/oauth2/@me", pages.me)


class _Asked:
    """The checked parameters of an authorize request.

    Raises:
        ValueError: the message is for the person: nobody is sent to an address that was not registered.
    """

    def __init__(self, context: EmulatorContext, parameters: Any) -> None:
        world = context.world
        client_id = parameters.get("client_id", "")
        application = world.applications.get(_number(client_id))
        if application is None:
            raise ValueError(f"No application has the client_id {client_id[:40]!r}.")
        self.application: Application = application
        self.scopes = frozenset(parameters.get("scope", "").split())
        self.redirect_uri = parameters.get("redirect_uri", "")
        self.state = parameters.get("state", "")
        self.prompt = parameters.get("prompt") or "consent"
        if self.prompt not in ("none", "consent"):
            raise ValueError("prompt must be none or consent.")
        self.challenge = parameters.get("code_challenge") or None
        permissions = parameters.get("permissions") or str(BOT_PERMISSIONS)
        if not permissions.isascii() or not permissions.isdigit():
            raise ValueError(f"permissions must be a whole number, not {permissions[:40]!r}.")
        self.permissions = int(permissions[:19])
        guild_id = parameters.get("guild_id", "")
        self.guild_id = _number(guild_id) or None
        self.wants_code = parameters.get("response_type") == "code"
        if not self.scopes or self.scopes - _SCOPES:
            unknown = ", ".join(sorted(self.scopes - _SCOPES)) or "nothing"
            raise ValueError(f"The scope asks for {unknown}; known are {', '.join(sorted(_SCOPES))}.")
        if self.wants_code:
            if self.redirect_uri not in application.redirect_uris:
                raise ValueError(
                    f"The redirect_uri {self.redirect_uri[:120]!r} is not registered for {application.name}. "
                    f"Registered: {', '.join(application.redirect_uris) or 'none'}."
                )
        elif "bot" not in self.scopes:
            raise ValueError("response_type must be 'code'.")
        if self.challenge is not None and parameters.get("code_challenge_method") != "S256":
            raise ValueError("code_challenge_method must be S256.")

    def back(self, **answer: str) -> web.HTTPFound:
        if self.state:
            answer["state"] = self.state
        joint = "&" if "?" in self.redirect_uri else "?"
        return web.HTTPFound(f"{self.redirect_uri}{joint}{urlencode(answer)}")


class _Pages:
    def __init__(self, context: EmulatorContext) -> None:
        self._context = context

    @property
    def _grants(self) -> Grants:
        grants: Grants = self._context.rooms["grants"]
        return grants

    async def show(self, request: web.Request) -> web.Response:
        """The page on which one of the local people chooses who they are and consents."""
        try:
            asked = _Asked(self._context, request.query)
        except ValueError as error:
            return _page(problem_page(str(error)), status=400)
        remembered = self._context.world.users.get(_number(request.cookies.get(_COOKIE, "")))
        if remembered is not None and self._may_skip(asked, remembered):
            raise asked.back(code=self._code(asked, remembered))
        people = [user for user in self._context.world.users.values() if not user.bot]
        guilds = self._guilds_for_bot(asked)
        if remembered in people:
            people.sort(key=lambda user: user is not remembered)
        query = request.query_string
        return _page(consent_page(asked.application, sorted(asked.scopes), people, guilds, query, asked.guild_id))

    async def decide(self, request: web.Request) -> web.Response:
        try:
            asked = _Asked(self._context, request.query)
        except ValueError as error:
            return _page(problem_page(str(error)), status=400)
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return _page(problem_page("Open this page yourself: another site may not consent for you."), status=403)
        form = await request.post()
        if form.get("decision") != "authorize":
            if asked.wants_code:
                raise asked.back(error="access_denied", error_description="The resource owner denied the request")
            return _page(problem_page("You said no; nothing was added."), status=200)
        user = self._context.world.users.get(_number(str(form.get("user_id") or "")))
        if user is None or user.bot:
            return _page(problem_page("Choose who you are."), status=400)
        if "bot" in asked.scopes:
            asked.guild_id = _number(str(form.get("guild_id") or "")) or asked.guild_id
            problem = self._add_bot(asked, user)
            if problem is not None:
                return _page(problem_page(problem), status=403)
        if not asked.wants_code:
            return _page(problem_page(f"{asked.application.name} has been added. You can close this page."), status=200)
        more = {"guild_id": str(asked.guild_id), "permissions": str(asked.permissions)}
        answer = asked.back(code=self._code(asked, user), **(more if "bot" in asked.scopes else {}))
        answer.set_cookie(_COOKIE, str(user.id), path="/oauth2", httponly=True, samesite="Lax")
        raise answer

    def _code(self, asked: _Asked, user: User) -> str:
        guild_id = asked.guild_id if "bot" in asked.scopes else None
        return self._grants.issue_code(
            asked.application.id, user.id, asked.scopes, asked.redirect_uri, asked.challenge, guild_id
        )

    def _may_skip(self, asked: _Asked, user: User) -> bool:
        """With ``prompt=none``, people who agreed before are not asked again; a bot is never added unasked."""
        if asked.prompt != "none" or not asked.wants_code or "bot" in asked.scopes:
            return False
        return self._grants.consented(asked.application.id, user.id, asked.scopes)

    def _guilds_for_bot(self, asked: _Asked) -> list[Guild]:
        if "bot" not in asked.scopes:
            return []
        bot_id = asked.application.bot_user_id
        return [guild for guild in self._context.world.guilds.values() if bot_id not in guild.members]

    def _add_bot(self, asked: _Asked, user: User) -> str | None:
        guild = self._context.world.guilds.get(asked.guild_id or 0)
        if guild is None:
            return "Choose a server."
        if not base_permissions(guild, user.id) & Permission.MANAGE_GUILD:
            return f"{user.global_name} may not add bots to {guild.name}: that needs Manage Server."
        install_bot(self._context.world, guild, asked.application, asked.permissions)
        return None

    async def token(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(await self._token(request))
        except OAuthError as error:
            body = {"error": error.error, "error_description": str(error)}
            return web.json_response(body, status=error.status)

    async def _token(self, request: web.Request) -> dict[str, Any]:
        if request.content_type != "application/x-www-form-urlencoded":
            raise OAuthError("invalid_request", "Send a form (application/x-www-form-urlencoded).")
        form = {key: str(value) for key, value in (await request.post()).items()}
        application = self._client(request, form)
        match form.get("grant_type"):
            case "authorization_code":
                grant = self._grants.redeem(
                    application.id, form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier")
                )
                return self._with_guild(grant)
            case "refresh_token":
                grant = self._grants.refresh(application.id, form.get("refresh_token", ""))
            case "client_credentials":
                scopes = frozenset(form.get("scope", "identify").split())
                if not scopes or scopes - _SCOPES:
                    raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
                grant = self._grants.issue(application.id, application.owner_id, scopes)
                # RFC 6749 section 4.4.3: whoever has the secret needs no refresh token.
                return {key: value for key, value in _token_body(grant).items() if key != "refresh_token"}
            case _:
                raise OAuthError("unsupported_grant_type", "Invalid grant_type in request.")
        return _token_body(grant)

    def _with_guild(self, grant: Grant) -> dict[str, Any]:
        """The answer also tells the server to which the bot was added, if that was part of it."""
        guild = self._context.world.guilds.get(grant.guild_id or 0)
        return {**_token_body(grant), **({"guild": payloads.guild_payload(guild)} if guild is not None else {})}

    async def revoke(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        try:
            application = self._client(request, form)
        except OAuthError as error:
            return web.json_response({"error": error.error, "error_description": str(error)}, status=error.status)
        self._grants.revoke(application.id, form.get("token", ""))
        return web.json_response({})

    async def me(self, request: web.Request) -> web.Response:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self._grants.by_access_token(token) if kind == "Bearer" else None
        if grant is None:
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        world = self._context.world
        application = world.applications[grant.application_id]
        body = {
            "application": {
                "id": str(application.id),
                "name": application.name,
                "icon": None,
                "description": application.description,
                "type": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": 0,
            },
            "expires": payloads.timestamp(datetime.fromtimestamp(grant.expires_at, UTC)),
            "scopes": sorted(grant.scopes),
            **({"user": payloads.user_payload(world.users[grant.user_id])} if "identify" in grant.scopes else {}),
        }
        return web.json_response(body)

    def _client(self, request: web.Request, form: dict[str, str]) -> Application:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            try:
                client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise OAuthError("invalid_client", "Invalid Authorization header.", 401) from None
        application = self._context.world.applications.get(_number(client_id))
        if application is None or not hmac.compare_digest(application.client_secret.encode(), secret.encode()):
            raise OAuthError("invalid_client", "Invalid client credentials.", 401)
        return application


def _number(text: str) -> int:
    """The id in the text; 0, which nobody has, when there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _token_body(grant: Grant) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": grant.access_token,
        "expires_in": TOKEN_LIFE_S,
        "refresh_token": grant.refresh_token,
        "scope": " ".join(sorted(grant.scopes)),
    }


def _page(html: str, *, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html", headers=PAGE_HEADERS)
