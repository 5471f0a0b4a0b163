"""The control API: whatever a test or a person wants to happen in the local Discord, as JSON over HTTP.

Users, guilds and channels may be named by id or by name. Every answer is JSON; a bad request says what is wrong.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from discord_emulator.context import EmulatorContext
from discord_emulator.entities import Application, Channel, Guild, User
from discord_emulator.faults import Fault
from discord_emulator.flood import Flood, Floods
from discord_emulator.world import World
from discord_emulator.worlds import install_bot

__all__ = ["add_routes"]

_encode: Final = msgspec.json.Encoder().encode
_MAX_FLOOD: Final = 1_000_000
_MAX_CROWD: Final = 10_000
_MAX_CONTENT: Final = 2_000


class _NewUser(msgspec.Struct, forbid_unknown_fields=True):
    username: str
    global_name: str | None = None
    guilds: list[str] = []


class _NewGuild(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    owner: str


class _NewApplication(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    owner: str
    redirect_uris: list[str] = []
    max_concurrency: int = 1
    privileged_intents: int | None = None
    guilds: list[str] = []


class _Act(msgspec.Struct, forbid_unknown_fields=True):
    user: str
    channel: str = ""
    guild: str = ""
    content: str = ""
    message: str = ""
    emoji: str = ""


class _Target(msgspec.Struct, forbid_unknown_fields=True):
    user: str = ""
    shard: int | None = None
    code: int = 4000
    resumable: bool = False


class _NewFault(msgspec.Struct, forbid_unknown_fields=True):
    route: str = ".*"
    delay_ms: float = 0.0
    status: int | None = None
    times: int | None = 1


class _NewFlood(msgspec.Struct, forbid_unknown_fields=True):
    channel: str
    guild: str = ""
    messages: int = 1_000
    users: int = 20
    rate: float = 0.0
    text: str = "flood"


class _Outage(msgspec.Struct, forbid_unknown_fields=True):
    guild: str
    unavailable: bool = True


class _RawDispatch(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    data: Any
    user: str = ""


class _BadRequest(Exception):
    """What the caller must change."""


def add_routes(app: web.Application, context: EmulatorContext) -> None:
    """Add ``/control/...`` to the emulator's application."""
    control = _Control(context)
    context.rooms["control"] = control

    async def close(_: web.Application) -> None:
        await control.floods.stop()

    app.on_cleanup.append(close)
    for method, path, answer in control.routes():
        app.router.add_route(method, f"/control/{path}", _endpoint(context, answer))


_Answer = Callable[[bytes], Awaitable[Any]]


def _endpoint(context: EmulatorContext, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if not _is_ours(request, context):
            return _json(403, {"error": "this API answers only to its own machine and its own page"})
        try:
            return _json(200, await answer(await request.read()))
        except msgspec.DecodeError as error:
            return _json(400, {"error": f"the body does not fit: {error}"})
        except (_BadRequest, ValueError) as error:
            return _json(400, {"error": str(error)})

    return handle


def _is_ours(request: web.Request, context: EmulatorContext) -> bool:
    """Not a foreign page in a browser, nor one that rebinds its name to loopback: tokens are handed out here."""
    own = urlsplit(context.url).hostname
    if urlsplit(f"//{request.host}").hostname not in {own, "127.0.0.1", "localhost", "::1"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=_encode(body), content_type="application/json")


class _Control:
    def __init__(self, context: EmulatorContext) -> None:
        self.floods = Floods()
        self._context = context

    @property
    def _world(self) -> World:
        return self._context.world

    def routes(self) -> tuple[tuple[str, str, _Answer], ...]:
        return (
            ("GET", "users", self._users),
            ("POST", "users", self._create_user),
            ("GET", "guilds", self._guilds),
            ("POST", "guilds", self._create_guild),
            ("GET", "applications", self._applications),
            ("POST", "applications", self._create_application),
            ("POST", "act/message", self._message),
            ("POST", "act/react", self._react),
            ("POST", "act/typing", self._typing),
            ("POST", "act/join", self._join),
            ("POST", "act/leave", self._leave),
            ("POST", "gateway/drop", self._drop),
            ("POST", "gateway/reconnect", self._reconnect),
            ("POST", "gateway/invalidate", self._invalidate),
            ("POST", "gateway/dispatch", self._dispatch),
            ("POST", "outage", self._outage),
            ("POST", "faults", self._add_fault),
            ("DELETE", "faults", self._clear_faults),
            ("POST", "flood", self._flood),
            ("DELETE", "flood", self._stop_floods),
            ("GET", "stats", self._stats),
        )

    # What there is

    async def _users(self, _: bytes) -> Any:
        guilds: dict[int, list[str]] = {}
        for guild in self._world.guilds.values():
            for user_id in guild.members:
                guilds.setdefault(user_id, []).append(str(guild.id))
        return [_user(user, guilds.get(user.id, [])) for user in self._world.users.values()]

    async def _create_user(self, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=_NewUser)
        if not 2 <= len(new.username) <= 32 or self._world.user_named(new.username) is not None:
            raise _BadRequest(f"username: {new.username!r} is taken, or not of 2 to 32 characters")
        guilds = [self._guild(name) for name in new.guilds]
        user = self._world.create_user(new.username, global_name=new.global_name)
        for guild in guilds:
            self._world.add_member(guild, user)
        return _user(user, [str(guild.id) for guild in guilds])

    async def _guilds(self, _: bytes) -> Any:
        return [_guild(guild) for guild in self._world.guilds.values()]

    async def _create_guild(self, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=_NewGuild)
        if not 2 <= len(new.name) <= 100:
            raise _BadRequest("name: must have 2 to 100 characters")
        return _guild(self._world.create_guild(new.name, self._user(new.owner)))

    async def _applications(self, _: bytes) -> Any:
        return [self._application(application) for application in self._world.applications.values()]

    async def _create_application(self, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=_NewApplication)
        if new.max_concurrency < 1:
            raise _BadRequest("max_concurrency: must be at least 1")
        guilds = [self._guild(name) for name in new.guilds]
        application, _ = self._world.create_application(
            new.name, self._user(new.owner), new.redirect_uris, max_concurrency=new.max_concurrency
        )
        if new.privileged_intents is not None:
            application.privileged_intents = new.privileged_intents
        for guild in guilds:
            install_bot(self._world, guild, application)
        return self._application(application)

    # What a person does

    async def _message(self, body: bytes) -> Any:
        act = msgspec.json.decode(body, type=_Act)
        if not 1 <= len(act.content) <= _MAX_CONTENT:
            raise _BadRequest(f"content: must have 1 to {_MAX_CONTENT} characters")
        user, channel = self._user(act.user), self._channel(act.channel, act.guild)
        message = self._world.create_message(channel, user.id, act.content)
        return self._world.message_data(message)

    async def _react(self, body: bytes) -> Any:
        act = msgspec.json.decode(body, type=_Act)
        channel = self._channel(act.channel, act.guild)
        message = self._world.message(channel.id, _number("message", act.message))
        if message is None:
            raise _BadRequest(f"message: {act.message} is not in that channel")
        if not act.emoji:
            raise _BadRequest("emoji: is missing")
        self._world.add_reaction(message, self._user(act.user).id, act.emoji)
        return {"reactions": len(message.reactions)}

    async def _typing(self, body: bytes) -> Any:
        act = msgspec.json.decode(body, type=_Act)
        self._world.typing(self._channel(act.channel, act.guild), self._user(act.user).id)
        return {}

    async def _join(self, body: bytes) -> Any:
        act = msgspec.json.decode(body, type=_Act)
        guild, user = self._guild(act.guild), self._user(act.user)
        if user.id not in guild.members:
            self._world.add_member(guild, user)
        return {"members": len(guild.members)}

    async def _leave(self, body: bytes) -> Any:
        act = msgspec.json.decode(body, type=_Act)
        guild = self._guild(act.guild)
        self._world.remove_member(guild, self._user(act.user).id)
        return {"members": len(guild.members)}

    # Trouble

    async def _drop(self, body: bytes) -> Any:
        target, user_id = self._target(body)
        if not (1000 <= target.code <= 1003 or 3000 <= target.code <= 4999):
            raise _BadRequest(f"code: {target.code} cannot close a websocket; use 1000-1003 or 3000-4999")
        return {"connections": self._context.gateway.drop(code=target.code, user_id=user_id, shard_id=target.shard)}

    async def _reconnect(self, body: bytes) -> Any:
        target, user_id = self._target(body)
        return {"connections": self._context.gateway.ask_to_reconnect(user_id=user_id, shard_id=target.shard)}

    async def _invalidate(self, body: bytes) -> Any:
        target, user_id = self._target(body)
        count = self._context.gateway.invalidate(resumable=target.resumable, user_id=user_id, shard_id=target.shard)
        return {"connections": count}

    async def _dispatch(self, body: bytes) -> Any:
        raw = msgspec.json.decode(body, type=_RawDispatch)
        user_id = self._user(raw.user).id if raw.user else None
        return {"sessions": self._context.gateway.burst(raw.name, [_encode(raw.data)], user_id=user_id)}

    async def _outage(self, body: bytes) -> Any:
        outage = msgspec.json.decode(body, type=_Outage)
        self._world.set_outage(self._guild(outage.guild), outage.unavailable)
        return {}

    async def _add_fault(self, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=_NewFault)
        if not 0 <= new.delay_ms <= 600_000:
            raise _BadRequest("delay_ms: must be 0 to 600000")
        if new.status is not None and not 400 <= new.status <= 599:
            raise _BadRequest("status: must be 400 to 599")
        if new.times is not None and new.times < 1:
            raise _BadRequest("times: must be at least 1, or null for until cleared")
        fault = Fault(route=new.route, delay_s=new.delay_ms / 1000, status=new.status, times=new.times)
        self._context.faults.add(fault)
        return self._context.faults.stats()

    async def _clear_faults(self, _: bytes) -> Any:
        self._context.faults.clear()
        return self._context.faults.stats()

    async def _flood(self, body: bytes) -> Any:
        new = msgspec.json.decode(body, type=_NewFlood)
        if not 1 <= new.messages <= _MAX_FLOOD or not 1 <= new.users <= _MAX_CROWD or new.rate < 0:
            raise _BadRequest(
                f"messages must be 1 to {_MAX_FLOOD}, users 1 to {_MAX_CROWD}, rate 0 (no limit) or more a second"
            )
        channel = self._channel(new.channel, new.guild)
        if channel.guild_id is None:
            raise _BadRequest("channel: must be in a server")
        flood = Flood(
            self._world,
            self._context.gateway,
            channel,
            count=new.messages,
            users=new.users,
            rate=new.rate,
            text=new.text,
        )
        self.floods.start(flood)
        return self.floods.stats()

    async def _stop_floods(self, _: bytes) -> Any:
        return {"stopped": await self.floods.stop()}

    async def _stats(self, _: bytes) -> Any:
        world = self._world
        return {
            "gateway": self._context.gateway.stats(),
            "faults": self._context.faults.stats(),
            "flood": self.floods.stats(),
            "world": {"users": len(world.users), "guilds": len(world.guilds), "channels": len(world.channels)},
            **({"replay": replay.stats()} if (replay := self._context.rooms.get("replay")) is not None else {}),
        }

    # Names

    def _target(self, body: bytes) -> tuple[_Target, int | None]:
        target = msgspec.json.decode(body or b"{}", type=_Target)
        return target, self._user(target.user).id if target.user else None

    def _user(self, name: str) -> User:
        found = self._world.users.get(int(name)) if name.isdecimal() else self._world.user_named(name)
        if found is None:
            raise _BadRequest(f"user: there is no {name!r}; see GET /control/users")
        return found

    def _guild(self, name: str) -> Guild:
        guilds = self._world.guilds
        found = guilds.get(int(name)) if name.isdecimal() else None
        found = found or next((guild for guild in guilds.values() if guild.name == name), None)
        if found is None:
            raise _BadRequest(f"guild: there is no {name!r}; see GET /control/guilds")
        return found

    def _channel(self, name: str, guild: str) -> Channel:
        if name.isdecimal() and (by_id := self._world.channels.get(int(name))) is not None:
            return by_id
        if guild:
            for channel in self._guild(guild).channels.values():
                if channel.name == name.removeprefix("#"):
                    return channel
        raise _BadRequest(f"channel: there is no {name!r}; name it by id, or by name together with guild")

    def _application(self, application: Application) -> dict[str, Any]:
        bot = self._world.users[application.bot_user_id]
        return {
            "id": str(application.id),
            "name": application.name,
            "token": bot.token,
            "client_id": str(application.id),
            "client_secret": application.client_secret,
            "redirect_uris": application.redirect_uris,
            "owner_id": str(application.owner_id),
        }


def _number(field: str, text: str) -> int:
    if not text.isdecimal():
        raise _BadRequest(f"{field}: must be an id, not {text!r}")
    return int(text)


def _user(user: User, guild_ids: list[str]) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "username": user.username,
        "global_name": user.global_name,
        "avatar_url": f"/cdn/avatars/{user.id}/{user.avatar}.png" if user.avatar else None,
        "token": user.token,
        "bot": user.bot,
        "guild_ids": guild_ids,
    }


def _guild(guild: Guild) -> dict[str, Any]:
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "member_count": len(guild.members),
        "unavailable": guild.unavailable,
        "channels": [
            {"id": str(channel.id), "name": channel.name, "type": channel.type} for channel in guild.channels.values()
        ],
    }
