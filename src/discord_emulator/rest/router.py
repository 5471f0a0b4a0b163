"""Turns HTTP requests into calls: login, injected faults, rate limits, bodies, and errors in Discord's form."""

import asyncio
import logging
from typing import Any, Final

import msgspec
from aiohttp import web

from discord_emulator.context import EmulatorContext
from discord_emulator.entities import Application, User
from discord_emulator.oauth2.grants import Grants
from discord_emulator.rest import (
    application_commands,
    channels,
    guilds,
    interactions,
    members,
    messages,
    reactions,
    roles,
    startup,
    users,
    webhooks,
)
from discord_emulator.rest.call import Call, Route
from discord_emulator.rest.errors import ApiError
from discord_emulator.rest.ratelimits import RateLimits

__all__ = ["ROUTES", "add_routes"]

_log = logging.getLogger(__name__)
_PREFIXES: Final = ("/api/v10", "/api/v9", "/api")
_MAJOR: Final = ("channel_id", "guild_id", "webhook_id")
_encode: Final = msgspec.json.Encoder().encode

ROUTES: Final[tuple[Route, ...]] = (
    *startup.ROUTES,
    *users.ROUTES,
    *guilds.ROUTES,
    *members.ROUTES,
    *roles.ROUTES,
    *channels.ROUTES,
    *messages.ROUTES,
    *reactions.ROUTES,
    *application_commands.ROUTES,
    *interactions.ROUTES,
    *webhooks.ROUTES,
)


def add_routes(app: web.Application, context: EmulatorContext) -> None:
    limits = RateLimits(strict=context.strict_rate_limits, now=context.world.now)
    grants = Grants(context.world)
    context.rooms["limits"] = limits
    context.rooms["grants"] = grants
    context.rooms["interactions"] = interactions.Waiting()
    app.on_cleanup.append(_close_interactions(context))
    for route in ROUTES:
        endpoint = _Endpoint(context, limits, grants, route)
        for prefix in _PREFIXES:
            app.router.add_route(route.method, prefix + route.path, endpoint.handle)

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

    async def handle(self, request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            response = await self._answer(request, headers)
        except ApiError as error:
            response = _json(error.status, error.body())
        except Exception:  # noqa: BLE001 - boundary, logged
            # The request boundary: a defect of ours is a 500 with a trace, never a hanging client.
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
        route = self._route
        if route.limited:
            major = next((request.match_info[name] for name in _MAJOR if name in request.match_info), "")
            refusal, told = self._limits.take(f"{route.method} {route.path}", major, user.id if user else 0)
            headers.update(told)
            if refusal is not None:
                body = {
                    "message": "You are being rate limited.",
                    "retry_after": round(refusal.retry_after, 3),
                    "global": refusal.scope == "global",
                }
                return _json(429, body)
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
            reason=request.headers.get("X-Audit-Log-Reason"),
        )
        result = await route.handler(call)
        return web.Response(status=204) if result is None else _json(route.created, result)

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


async def _read_body(request: web.Request) -> tuple[Any, tuple[tuple[str, str, bytes], ...]]:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files: list[tuple[str, str, bytes]] = []
        body: Any = None
        for name, value in form.items():
            if isinstance(value, web.FileField):
                files.append((value.filename, value.content_type, value.file.read()))
            elif name == "payload_json":
                body = _decode(str(value).encode())
        return body, tuple(files)
    raw = await request.read()
    if not raw:
        return None, ()
    return _decode(raw), ()


def _decode(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=_encode(body), content_type="application/json")
