"""Turns HTTP requests into calls: login, injected faults, rate limits, bodies, and errors in Discord's form."""

import asyncio
import logging
import os
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from aiohttp import web

from discord_emulator.context import EmulatorContext
from discord_emulator.entities import Application, User
from discord_emulator.oauth2.grants import Grants
from discord_emulator.rest import (
    answers,
    application_commands,
    channels,
    guilds,
    interactions,
    invites,
    members,
    messages,
    reactions,
    roles,
    startup,
    threads,
    users,
    webhooks,
)
from discord_emulator.rest.call import Call, Created, Route
from discord_emulator.rest.cdn import add_cdn_routes
from discord_emulator.rest.errors import ApiError
from discord_emulator.rest.openapi import Contract
from discord_emulator.rest.ratelimits import RateLimits
from discord_emulator.rest.waiting import Waiting

__all__ = ["ROUTES", "add_routes"]

_log = logging.getLogger(__name__)
_PREFIXES: Final = ("/api/v10", "/api/v9", "/api")
_MAJOR: Final = ("channel_id", "guild_id", "webhook_id", "token")
_MAX_REASON: Final = 512
_FILE: Final = re.compile(r"^files?\[?(\d{1,3})\]?$")
_encode: Final = msgspec.json.Encoder().encode

ROUTES: Final[tuple[Route, ...]] = (
    *startup.ROUTES,
    *users.ROUTES,
    *guilds.ROUTES,
    *members.ROUTES,
    *roles.ROUTES,
    *channels.ROUTES,
    *threads.ROUTES,
    *invites.ROUTES,
    *messages.ROUTES,
    *reactions.ROUTES,
    *application_commands.ROUTES,
    *interactions.ROUTES,
    *answers.ROUTES,
    *webhooks.ROUTES,
)


def add_routes(app: web.Application, context: EmulatorContext) -> None:
    """Add REST and the CDN.

    With ``DISCORD_OPENAPI`` in the environment (or a `Contract` in ``context.rooms["contract"]``) every call is held
    against Discord's document.

    Raises:
        OSError, ValueError: ``DISCORD_OPENAPI`` names no readable OpenAPI document.
    """
    path = os.environ.get("DISCORD_OPENAPI")
    if path and "contract" not in context.rooms:
        context.rooms["contract"] = Contract.load(Path(path))
    limits = RateLimits(strict=context.strict_rate_limits, now=context.world.now)
    grants = Grants(context.world)
    context.rooms["limits"] = limits
    context.rooms["grants"] = grants
    context.rooms["interactions"] = Waiting()
    app.on_cleanup.append(_close_interactions(context))
    for route in ROUTES:
        endpoint = _Endpoint(context, limits, grants, route)
        for prefix in _PREFIXES:
            app.router.add_route(route.method, prefix + route.path, endpoint.handle)

    add_cdn_routes(app, context)

    async def unknown(_: web.Request) -> web.Response:
        return _json(404, {"message": "404: Not Found", "code": 0})

    app.router.add_route("*", "/api/{rest:.*}", unknown)


def _close_interactions(context: EmulatorContext) -> Any:
    async def close(_: web.Application) -> None:
        await context.rooms["interactions"].close()

    return close


class _Endpoint:
    """One route, with everything around its handler."""

    def __init__(self, context: EmulatorContext, limits: RateLimits, grants: Grants, route: Route) -> None:
        self._context = context
        self._limits = limits
        self._grants = grants
        self._route = route
        self._contract: Contract | None = context.rooms.get("contract")

    async def handle(self, request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            response = await self._answer(request, headers)
        except ApiError as error:
            response = _json(error.status, error.body())
            self._check(None, error.status, error.body())
        except Exception:  # noqa: BLE001 - the request boundary
            # A defect of ours is a 500 with a trace, never a hanging client.
            _log.exception("%s %s failed", request.method, request.path)
            response = _json(500, {"message": "500: Internal Server Error", "code": 0})
        response.headers.update(headers)
        if response.status in (401, 403, 429):
            self._limits.note_invalid()
        return response

    async def _answer(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        delay_s, status = self._context.faults.before(request.method, request.path)
        if delay_s:
            await asyncio.sleep(delay_s)
        if status is not None:
            return _json(status, {"message": f"{status}: injected fault", "code": 0})
        if self._limits.blocked:
            return web.Response(status=429, text="You are being blocked from accessing our API temporarily.")
        user, application, scopes = self._login(request)
        refusal = self._take(request, user, headers)
        if refusal is not None:
            return refusal
        body, files = await _read_body(request)
        call = Call(
            context=self._context,
            parameters=request.match_info,
            query=request.query,
            body=body,
            files=files,
            user=user,
            application=application,
            scopes=scopes,
            reason=_reason(request),
        )
        result = await self._route.handler(call)
        status = 204 if result is None else self._route.created
        if isinstance(result, Created):
            status, result = 201, result.body
        self._check(body, status, result)
        return web.Response(status=204) if result is None else _json(status, result)

    def _take(self, request: web.Request, user: User | None, headers: dict[str, str]) -> web.Response | None:
        """Count the call against its limits; the refusal, if it is one too many."""
        route, parameters = self._route, request.match_info
        # Answers to interactions go by the interaction's token and have no limits; webhooks on the same paths have.
        if not route.limited or parameters.get("token") in self._context.world.interactions:
            return None
        major = "/".join(parameters[name] for name in _MAJOR if name in parameters)
        caller = user.id if user is not None else 0
        refusal, told = self._limits.take(f"{route.method} {route.path}", major, caller, shared=user is None)
        headers.update(told)
        if refusal is None:
            return None
        body = {
            "message": "You are being rate limited.",
            "code": 0,
            "retry_after": round(refusal.retry_after, 3),
            "global": refusal.scope == "global",
        }
        self._check(None, 429, body)
        return _json(429, body)

    def _check(self, request: Any, status: int, answer: Any) -> None:
        if self._contract is not None:
            self._contract.check(self._route.method, self._route.path, request=request, status=status, answer=answer)

    def _login(self, request: web.Request) -> tuple[User | None, Application | None, frozenset[str] | None]:
        world = self._context.world
        kind, _, token = request.headers.get("Authorization", "").rpartition(" ")
        route = self._route
        if kind == "Bearer":
            grant = self._grants.by_access_token(token)
            if grant is None:
                raise ApiError(401, 0, "401: Unauthorized")
            if not route.scopes or not grant.scopes & set(route.scopes):
                raise ApiError(401, 0, "401: Unauthorized")
            return world.users[grant.user_id], None, grant.scopes
        user_id = world.tokens.get(token)
        if user_id is None:
            if route.login:
                raise ApiError(401, 0, "401: Unauthorized")
            return None, None, None
        user = world.users[user_id]
        if user.bot != (kind == "Bot"):
            raise ApiError(401, 0, "401: Unauthorized")
        application = world.applications.get(user_id) if user.bot else None
        return user, application, None


def _reason(request: web.Request) -> str | None:
    """The audit log reason; libraries percent-encode it."""
    raw = request.headers.get("X-Audit-Log-Reason")
    return unquote(raw)[:_MAX_REASON] if raw else None


async def _read_body(request: web.Request) -> tuple[Any, dict[int, tuple[str, str, bytes]]]:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files: dict[int, tuple[str, str, bytes]] = {}
        body: Any = None
        for name, value in form.items():
            if isinstance(value, web.FileField):
                number = _FILE.match(name)
                content = (value.filename, value.content_type, value.file.read())
                files[int(number.group(1)) if number is not None else len(files)] = content
            elif name == "payload_json":
                body = _decode(value.encode() if isinstance(value, str) else bytes(value))
        return body, files
    raw = await request.read()
    if not raw:
        return None, {}
    return _decode(raw), {}


def _decode(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=_encode(body), content_type="application/json")
