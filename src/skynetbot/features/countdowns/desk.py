"""/countdown set, list and cancel."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.features.contract import FeatureServices
from skynetbot.features.countdowns.keeper import Keeper
from skynetbot.features.countdowns.records import FEATURE, Countdown, CountdownBody, decode, insert, remove, same_name
from skynetbot.features.countdowns.rules import Notices, one_line, plain, upcoming
from skynetbot.features.countdowns.settings import MOST, CountdownSettings
from skynetbot.features.membership import level_here, require_writing
from skynetbot.guildconfig.levels import level_name
from skynetbot.timephrases import Refused, parse

__all__ = ["MESSAGE_LENGTH", "NAME_LENGTH", "Desk"]

NAME_LENGTH: Final = 100
MESSAGE_LENGTH: Final = 1_500
_MODERATOR: Final = 2
_POST_WITHIN_S: Final = 2.0
"""Discord waits three seconds for an answer."""
_FAILED_SHOWN: Final = 5


class Desk:
    def __init__(self, services: FeatureServices, keeper: Keeper) -> None:
        self._services = services
        self._keeper = keeper
        # A server's commands all come to one process, so this is enough to hold the limits.
        self._counting = asyncio.Lock()

    async def set(self, context: CommandContext) -> Reply:
        guild_id, author_id = context.guild_id, context.interaction.invoker.id
        settings = (await self._services.settings.snapshot(guild_id)).get(CountdownSettings)
        level = await level_here(self._services, context)
        if level < _MODERATOR and not settings.everyone_may_set:
            raise UserError(
                f"Setting countdowns needs {level_name(_MODERATOR)} here; you have {level_name(level)}. Whoever may "
                "Manage Server can change that in the settings of Countdowns."
            )
        body, note = self._body(context, settings, level)
        async with self._counting:
            _require_room(await self._open(guild_id), settings, level, author_id, body.name)
            now = self._services.now()
            id_ = await self._services.jobs.transaction(
                FEATURE, "set", lambda writer: insert(writer, guild_id, author_id, body, now)
            )
        countdown = await self._keeper.find(id_)
        when = f"<t:{int(body.at)}:F> (<t:{int(body.at)}:R>)"
        text = f"Countdown **{body.name}** is set for {when} in <#{body.channel_id}>.{note}"
        if countdown is None or countdown.state != "open":
            return Reply(content=text, ephemeral=True)
        try:
            async with asyncio.timeout(_POST_WITHIN_S):
                await self._keeper.show(countdown)
        except (EffectDelayed, TimeoutError):
            text += "\nDiscord is slow, so it may not be shown in the channel; it is announced all the same."
        except EffectRefused as refused:
            await self._services.jobs.transaction(FEATURE, "forget", lambda writer: remove(writer, countdown))
            text = f"I could not post in <#{body.channel_id}>, so nothing is set. {refused.reason}"
            raise UserError(text) from refused
        return Reply(content=text, ephemeral=True)

    async def list(self, context: CommandContext) -> Reply:
        running = sorted(await self._open(context.guild_id), key=lambda one: one.body.at)
        failed = await self._services.documents.list(
            FEATURE, guild_id=context.guild_id, state="failed", limit=_FAILED_SHOWN
        )
        troubled = [*(one for one in running if one.body.trouble), *map(decode, failed)]
        told = "\n".join(f"**{one.body.name}** in <#{one.body.channel_id}>: {one.body.trouble}" for one in troubled)
        shown = "\n".join(
            f"**{one.body.name}** <t:{int(one.body.at)}:R> in <#{one.body.channel_id}>, by <@{one.author_id}>"
            for one in running
        )
        return Reply(
            title="Countdowns",
            description=shown or "There is none. Set one with `/countdown set`.",
            fields=(("⚠️ Could not be said", told, False),) if told else (),
            footer=f"{len(running)} of {MOST}",
            ephemeral=True,
        )

    async def cancel(self, context: CommandContext) -> Reply:
        wanted = context.text("name") or ""
        running = await self._open(context.guild_id)
        found = next((one for one in running if str(one.id) == wanted or same_name(one.body.name, wanted)), None)
        if found is None:
            raise UserError(f"There is no countdown “{one_line(wanted)[:60]}”. `/countdown list` shows them.")
        if found.author_id != context.interaction.invoker.id and await level_here(self._services, context) < _MODERATOR:
            raise UserError(
                f"Only <@{found.author_id}>, who set it, and moderators (level {_MODERATOR}) can cancel that countdown."
            )
        if not await self._services.jobs.transaction(FEATURE, "cancel", lambda writer: remove(writer, found)):
            raise UserError(f"**{found.body.name}** has come to its end already.")
        text = f"Countdown **{found.body.name}** is cancelled."
        try:
            async with asyncio.timeout(_POST_WITHIN_S):
                await self._keeper.hide(found)
        except TimeoutError:
            text += " Discord is slow, so its post may still stand."
        except EffectRefused as refused:
            text += f" Its post still stands: {refused.reason}"
        return Reply(content=text, ephemeral=True)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        """The countdowns that the person may cancel."""
        if option != "name":
            return ()
        invoker, wanted = context.interaction.invoker.id, typed.strip().casefold()
        every = await level_here(self._services, context) >= _MODERATOR
        return [
            (one.body.name, str(one.id))
            for one in await self._open(context.guild_id)
            if (every or one.author_id == invoker) and wanted in one.body.name.casefold()
        ]

    async def _open(self, guild_id: int) -> Sequence[Countdown]:
        rows = await self._services.documents.list(FEATURE, guild_id=guild_id, state="open", limit=MOST + 1)
        return [decode(row) for row in rows]

    def _body(self, context: CommandContext, settings: CountdownSettings, level: int) -> tuple[CountdownBody, str]:
        """What is asked for, and what the person may not expect of the time."""
        name = one_line(context.text("name") or "")
        if not 0 < len(name) <= NAME_LENGTH:
            raise UserError(f"Give it a name of 1 to {NAME_LENGTH} characters.")
        message = plain(context.text("message") or "")
        if len(message) > MESSAGE_LENGTH:
            raise UserError(f"The message has at most {MESSAGE_LENGTH:,} characters; this one has {len(message):,}.")
        at, note = self._time(context.text("when") or "", settings.time_zone)
        notices: Notices = msgspec.convert(context.text("notices") or settings.notices, Notices)
        body = CountdownBody(
            name=name,
            channel_id=_channel(context, settings),
            at=at,
            message=message,
            notices=tuple(upcoming(notices, at, self._services.now())),
            ping_roles=settings.ping_roles if level >= _MODERATOR else (),
        )
        return body, note

    def _time(self, text: str, zone: str) -> tuple[float, str]:
        now = self._services.now()
        read = parse(text, now=datetime.fromtimestamp(now, UTC), zone=ZoneInfo(zone))
        if isinstance(read, Refused):
            first, second = read.examples
            raise UserError(f"{read.reason} Say it like `{first}` or `{second}`.")
        if read.recurrence is not None:
            raise UserError("A countdown ends once. Say one time, such as `friday at 18:00`.")
        if read.rest:
            raise UserError(f"I understood “{read.when}”, and not “{read.rest[:60]}”. Give only the time.")
        return read.instant.timestamp(), f" {read.note}" if read.note else ""


def _require_room(
    running: Sequence[Countdown], settings: CountdownSettings, level: int, author_id: int, name: str
) -> None:
    if any(same_name(one.body.name, name) for one in running):
        raise UserError(f"There is a countdown “{name}” already. Cancel it first, or choose another name.")
    if len(running) >= MOST:
        raise UserError(f"This server has {MOST} countdowns, which is the limit. Cancel one with `/countdown cancel`.")
    own = sum(one.author_id == author_id for one in running)
    if level < _MODERATOR and own >= settings.most_each:
        raise UserError(f"You have {own} countdowns, which is the limit. Cancel one with `/countdown cancel`.")


def _channel(context: CommandContext, settings: CountdownSettings) -> int:
    named = context.snowflake("channel")
    if named is not None:
        require_writing(context, named)
    channel_id = named or settings.channel or context.interaction.channel_id
    if channel_id is None:
        raise UserError("Name the channel for the countdown.")
    return channel_id
