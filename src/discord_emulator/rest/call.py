"""One REST call: who calls, with what, and the look-ups that every route shares, each failing as Discord does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from discord_emulator.context import EmulatorContext
from discord_emulator.entities import Application, Channel, Guild, Member, Message, Role, User
from discord_emulator.permissions import ALL, Permission, base_permissions, channel_permissions
from discord_emulator.rest.errors import ApiError, invalid_form, missing_access, missing_permissions, not_found
from discord_emulator.rest.forms import Form, check
from discord_emulator.world import World

__all__ = ["Call", "Created", "Handler", "Route", "bits", "snowflake"]


class Call(msgspec.Struct, frozen=True):
    """``user`` is None on the few routes that need no login; ``scopes`` is None unless a bearer token was used."""

    context: EmulatorContext
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: Mapping[int, tuple[str, str, bytes]]
    """Multipart uploads by the number in ``files[n]``: (name, content type, content)."""
    user: User | None
    application: Application | None
    scopes: frozenset[str] | None
    reason: str | None

    @property
    def world(self) -> World:
        return self.context.world

    @property
    def me(self) -> User:
        if self.user is None:
            raise ApiError(401, 0, "401: Unauthorized")
        return self.user

    def id(self, name: str) -> int:
        return snowflake(self.parameters[name], name)

    def form(self, shape: type[Form]) -> dict[str, Any]:
        """The JSON object of the body, of this type; an empty one when there is none."""
        body = {} if self.body is None else self.body
        if not isinstance(body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        check(body, shape)
        return body

    def forms(self, shape: type[Form]) -> list[dict[str, Any]]:
        """The JSON array of the body, each item of this type."""
        if not isinstance(self.body, list):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        check(self.body, list[shape])  # type: ignore[valid-type]  # a type made at run time
        return self.body

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number of the query string, 50035 when it is none or out of bounds."""
        text = self.query.get(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text[:19]) <= most:
            code = "NUMBER_TYPE_COERCE" if not text.isdigit() else "NUMBER_TYPE_RANGE"
            raise invalid_form(name, code, f"int value should be between {least} and {most}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """A yes or no of the query string; no when it is not there."""
        return self.query.get(name, "").lower() in ("true", "1")

    def guild(self) -> Guild:
        """The guild of the path, of which the caller is a member."""
        guild = self.world.guilds.get(self.id("guild_id"))
        if guild is None:
            raise not_found("guild")
        if self.me.id not in guild.members:
            raise missing_access()
        return guild

    def guild_of(self, channel: Channel) -> Guild:
        """The channel's guild; ApiError 50024 for a direct channel, which has none."""
        guild = self.world.guilds.get(channel.guild_id or 0)
        if guild is None:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        return guild

    def require(self, guild: Guild, permission: int) -> None:
        """The caller has this permission in the server."""
        if not base_permissions(guild, self.me.id) & permission:
            raise missing_permissions()

    def channel(self, permission: int = 0) -> Channel:
        """The channel of the path, which the caller sees and where they have ``permission``."""
        channel = self.world.channels.get(self.id("channel_id"))
        if channel is None:
            raise not_found("channel")
        self.require_in(channel, permission)
        return channel

    def require_in(self, channel: Channel, permission: int) -> None:
        granted = self.permissions_in(channel)
        if not granted & Permission.VIEW_CHANNEL:
            raise missing_access()
        if granted & permission != permission:
            raise missing_permissions()

    def permissions_in(self, channel: Channel) -> int:
        if channel.guild_id is None:
            return ALL if self.me.id in channel.recipients else 0
        guild = self.world.guilds[channel.guild_id]
        return channel_permissions(guild, channel, self.me.id, self.world.time())

    def message(self, channel: Channel) -> Message:
        message = self.world.message(channel.id, self.id("message_id"))
        if message is None or not self._may_see(message):
            raise not_found("message")
        return message

    def _may_see(self, message: Message) -> bool:
        if not message.flags & (1 << 6) or message.interaction is None:
            return True
        return self.me.id in (message.author_id, int(message.interaction["user"]["id"]))

    def member(self, guild: Guild, name: str = "user_id") -> Member:
        text = self.parameters[name]
        member = guild.members.get(self.me.id if text == "@me" else snowflake(text, name))
        if member is None:
            raise not_found("member")
        return member

    def role(self, guild: Guild) -> Role:
        role = guild.roles.get(self.id("role_id"))
        if role is None:
            raise not_found("role")
        return role

    def own_application(self) -> Application:
        """The application of the path, which must be the caller's."""
        application = self.world.applications.get(self.id("application_id"))
        if application is None:
            raise not_found("application")
        if self.application is not application:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        return application


class Created(msgspec.Struct, frozen=True):
    """An answer with status 201 from a route that also has another: commands, when they are new."""

    body: Any


Handler = Callable[[Call], Awaitable[Any]]


class Route(msgspec.Struct, frozen=True):
    """``path`` without the version prefix; ``limited`` False for interaction routes, which have no limits."""

    method: str
    path: str
    handler: Handler
    login: bool = True
    limited: bool = True
    created: int = 200
    scopes: tuple[str, ...] = ()
    """Bearer tokens may call this with one of these scopes; none: bots and users only."""


_MAX: Final = 1 << 63


def snowflake(text: Any, name: str) -> int:
    """Raises ApiError 50035 when the text is no snowflake."""
    value = str(text)
    if value.isascii() and value.isdigit() and int(value) < _MAX:
        return int(value)
    code = "NUMBER_TYPE_COERCE"
    raise ApiError(
        400,
        50035,
        "Invalid Form Body",
        {name: {"_errors": [{"code": code, "message": f'Value "{value[:60]}" is not snowflake.'}]}},
    )


def bits(raw: Any, name: str) -> int:
    """A permission set, which the protocol writes as a string; 0 for null. Raises ApiError 50035."""
    return snowflake(raw, name) if raw else 0
