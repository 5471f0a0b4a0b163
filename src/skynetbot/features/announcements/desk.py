"""What all of /announce shares: who may use it, which announcement is meant, where it goes and whom it pings."""

from typing import Any, Final

import msgspec

from skynetbot.discord.commands import CommandContext, PressContext, UserError
from skynetbot.features.announcements.announcement import FEATURE, Announcement, Ping
from skynetbot.features.announcements.rules import ping_problem, zone_of
from skynetbot.features.announcements.settings import AnnouncementSettings
from skynetbot.features.contract import FeatureServices
from skynetbot.features.membership import level_here
from skynetbot.guildconfig.levels import MANAGER_LEVEL, level_name
from skynetbot.storage.documents import DocumentRow

__all__ = ["Desk"]

# https://discord.com/developers/docs/resources/channel#channel-object-channel-types
_ANNOUNCEMENT: Final = 5
_WRITABLE: Final = frozenset({0, _ANNOUNCEMENT, 10, 11, 12})
"""Text and announcement channels, and threads."""


class Desk:
    def __init__(self, services: FeatureServices) -> None:
        self.services = services

    async def require(self, context: CommandContext | PressContext) -> None:
        """Raises UserError for those who may not announce; asked at every step, as rights can be lost between."""
        level = await level_here(self.services, context)
        if level < MANAGER_LEVEL:
            raise UserError(
                f"Announcing needs {level_name(MANAGER_LEVEL)}; you have {level_name(level)}. Whoever may Manage "
                "Server has level 3; administrators give levels to roles with `/settings set feature:access`."
            )

    async def may(self, context: CommandContext) -> bool:
        return await level_here(self.services, context) >= MANAGER_LEVEL

    async def settings(self, guild_id: int) -> AnnouncementSettings:
        return (await self.services.settings.snapshot(guild_id)).get(AnnouncementSettings)

    async def zone(self, guild_id: int, typed: str | None) -> str:
        """The zone that was named, or the server's. Raises UserError."""
        try:
            return zone_of(typed or (await self.settings(guild_id)).zone).key
        except ValueError as error:
            raise UserError(str(error)) from error

    async def find(self, guild_id: int, typed: str | int) -> DocumentRow:
        """An announcement of this server. Raises UserError."""
        text = str(typed).strip().lstrip("#")
        id_ = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        row = await self.services.documents.get(FEATURE, id_)
        if row is None or row.guild_id != guild_id:
            raise UserError(f"There is no announcement {text[:20]} here. `/announce list` shows them with their ids.")
        return row

    def begun(self, context: CommandContext) -> Announcement:
        """What the options say: the channel, whom to ping, whether to publish. Raises UserError."""
        channel_id = context.snowflake("channel") or context.interaction.channel_id or 0
        named = _resolved(context, "channels", channel_id)
        kind = _whole(named.get("type"))
        known = {channel.id for channel in self.services.guilds.channels(context.guild_id)}
        # Without `channel` it is the one that the command was used in, of which Discord tells no more than the id.
        if channel_id not in known and kind not in _WRITABLE and context.snowflake("channel") is not None:
            raise UserError("I cannot announce there. Choose a text channel, an announcement channel or a thread.")
        crosspost = context.flag("crosspost")
        if crosspost and kind != _ANNOUNCEMENT:
            raise UserError(
                "Only messages in an announcement channel can be published to other servers. Name one with `channel`, "
                "or leave `crosspost` out."
                if kind is not None
                else "To publish, name the announcement channel with `channel`."
            )
        ping, role_id, mentionable = self._ping(context, _whole(named.get("permissions")))
        return Announcement(
            channel_id=channel_id, ping=ping, role_id=role_id, mentionable=mentionable, crosspost=crosspost
        )

    def _ping(self, context: CommandContext, permissions: int | None) -> tuple[Ping, int, bool]:
        chosen, role_id = context.text("ping") or "none", context.snowflake("role") or 0
        if role_id and chosen != "none":
            raise UserError("Choose either `ping` or `role`, not both.")
        ping: Ping = "here" if chosen == "here" else "everyone" if chosen == "everyone" else "none"
        if role_id:
            # The role of everybody has the server's id.
            ping = "everyone" if role_id == context.guild_id else "role"
        if permissions is None:
            permissions = context.interaction.permissions
        mentionable = bool(_resolved(context, "roles", role_id).get("mentionable"))
        problem = ping_problem(ping, permissions, mentionable=mentionable)
        if problem:
            raise UserError(problem)
        return ping, role_id if ping == "role" else 0, mentionable

    def require_ping(self, context: CommandContext | PressContext, body: Announcement) -> None:
        """Whoever changes what will ping must be allowed that ping, too. Raises UserError."""
        problem = ping_problem(body.ping, context.interaction.permissions, mentionable=body.mentionable)
        if problem:
            raise UserError(problem)


def _resolved(context: CommandContext, what: str, id_: int) -> dict[str, Any]:
    """What Discord tells of something that an option names; empty when it tells nothing."""
    data = context.interaction.data
    found = data.resolved.get(what) if data is not None else None
    entry = found.get(str(id_)) if isinstance(found, dict) else None
    return entry if isinstance(entry, dict) else {}


def _whole(raw: Any) -> int | None:
    try:
        return msgspec.convert(raw, int, strict=False)
    except msgspec.ValidationError:
        return None
