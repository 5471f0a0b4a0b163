"""Hands for orders about bans, mutes, roles, locks and slow mode, and eyes for what came of them."""

import asyncio
from typing import Any

from discord_emulator.entities import AuditEntry, Role
from skynetbot.app import App
from skynetbot.guildconfig.service import Author
from skynetbot.storage.cases import CaseRepository, CaseRow
from support.demo_town import Town

BAN, UNBAN, MEMBER, ROLES = 22, 23, 24, 25
BAN_MEMBERS, MANAGE_CHANNELS, MANAGE_ROLES, MODERATE = 1 << 2, 1 << 4, 1 << 28, 1 << 40
SEND, SEND_IN_THREADS = 1 << 11, 1 << 38


def option(name: str, value: Any, kind: int = 3) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


def user(town: Town, name: str, option_name: str = "member") -> dict[str, Any]:
    return option(option_name, str(town.demo.people[name].id), 6)


def sub(name: str, *options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "type": 1, "options": list(options)}]


def because(duration: str | None = None) -> list[dict[str, Any]]:
    return [option("reason", "it had to be"), *([option("duration", duration)] if duration else [])]


def chan(town: Town, name: str) -> dict[str, Any]:
    return option("channel", str(town.channel(name).id), 7)


def id_of(town: Town, name: str) -> int:
    return town.demo.people[name].id


def audit(town: Town, action: int) -> list[AuditEntry]:
    return [entry for entry in town.guild.audit_log if entry.action_type == action]


def role(town: Town, name: str) -> Role:
    return next(each for each in town.guild.roles.values() if each.name == name)


def badge(town: Town) -> Role:
    return town.world.create_role(town.guild, "Badge", position=0)


def own_role(town: Town) -> Role:
    return next(each for each in town.guild.roles.values() if each.bot_id == town.demo.bot.id)


def without(town: Town, bits: int) -> None:
    mine = own_role(town)
    town.world.update_role(town.guild, mine, permissions=mine.permissions & ~bits)


def everyone(town: Town, channel: str) -> tuple[int, int] | None:
    found = next((o for o in town.channel(channel).overwrites if o.id == town.guild.id), None)
    return None if found is None else (found.allow, found.deny)


def letters(town: Town, name: str) -> list[str]:
    """What the bot wrote to a person directly, newest first."""
    channel = town.world.create_dm(town.demo.bot.id, id_of(town, name))
    return [message.content for message in town.world.history(channel.id)]


async def cases(app: App, town: Town, target: int) -> list[CaseRow]:
    return list(await CaseRepository(app.database).of_user(town.guild.id, target))


async def closed(app: App, town: Town, target: int, within_s: float = 8.0) -> list[CaseRow]:
    """The target's cases once all of them are closed."""
    async with asyncio.timeout(within_s):
        while True:
            found = await cases(app, town, target)
            if found and all(case.closed_at is not None for case in found):
                return found
            await asyncio.sleep(0.02)


async def shown(town: Town, number: int) -> dict[str, str]:
    answer = await town.ask("ada", "case", sub("show", option("number", number, 4)))
    return {field["name"]: field["value"] for field in answer.embeds[0]["fields"]}


async def waiting(app: App, town: Town) -> list[str]:
    """The queues of what waits for this server, besides what is only to be said yet."""
    jobs = await app.jobs.repository.pending(guild_id=town.guild.id)
    return [job.queue for job in jobs if job.queue.startswith("temporary") and job.queue != "temporary.tell"]


async def log_in(app: App, town: Town, **changes: Any) -> None:
    changes = {"log_channel": str(town.channel("mod-log").id), **changes}
    await app.guild_settings.update(town.guild.id, "temporary", changes, author=Author(1, "Test"))
