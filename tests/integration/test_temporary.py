"""Measures that end: every order through the local Discord, who may not, what is refused, what is lifted by hand."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.entities import AuditEntry, Overwrite, Role
from discord_emulator.faults import Fault
from skynetbot.app import App
from skynetbot.features.temporary import rules
from skynetbot.guildconfig.service import Author
from skynetbot.storage.cases import CaseRepository, CaseRow
from support.demo_town import Town, bot_in, eventually

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
    """The queues of what waits for this server."""
    jobs = await app.jobs.repository.pending(guild_id=town.guild.id)
    return [job.queue for job in jobs if job.queue.startswith("temporary")]


async def log_in(app: App, town: Town, **changes: Any) -> None:
    changes = {"log_channel": str(town.channel("mod-log").id), **changes}
    await app.guild_settings.update(town.guild.id, "temporary", changes, author=Author(1, "Test"))


# -- what works --------------------------------------------------------------------------------------------------------


async def test_a_ban_is_told_done_ended_and_recorded(town: Town, app: App) -> None:
    await log_in(app, town)
    emre = id_of(town, "emre")
    old = town.say("emre", "bad words")
    started = time.time()
    answer = await town.ask(
        "dara", "tempban", [user(town, "emre"), *because("2 seconds"), option("delete_days", 1, 4)]
    )
    assert "is banned until" in answer.content
    assert answer.flags & 64
    assert emre in town.guild.bans
    assert town.world.message(old.channel_id, old.id) is None
    assert "You are banned from **Pixel Harbour**" in letters(town, "emre")[0]
    assert (await shown(town, 1))["State"].startswith("in force until")
    assert await waiting(app, town) == ["temporary.end"]
    (case,) = await closed(app, town, emre)
    assert emre not in town.guild.bans
    assert case.closed_at is not None
    assert started + 2 <= case.closed_at < started + 3.5
    assert (case.kind, case.reason, case.moderator_id) == ("tempban", "it had to be", id_of(town, "dara"))
    assert "Case #1 by Dara: it had to be" in (audit(town, BAN)[0].reason or "")
    assert len(audit(town, UNBAN)) == 1
    assert (await shown(town, 1))["State"] == "ended at its time"
    await eventually(lambda: len(town.bot_messages("mod-log")) == 2)
    end, begin = (message.content for message in town.bot_messages("mod-log"))
    assert "ended at its time" in end
    assert "it had to be" in begin


async def test_an_unban_ends_the_ban_and_its_case(town: Town, app: App) -> None:
    await town.ask("dara", "tempban", [user(town, "emre"), *because("1h")])
    answer = await town.ask("dara", "unban", [user(town, "emre", "user"), option("reason", "was a joke")])
    assert "is not banned any more" in answer.content
    second, first = await closed(app, town, id_of(town, "emre"))
    assert (first.kind, second.kind) == ("tempban", "unban")
    assert town.guild.bans == {}
    assert (await shown(town, 1))["State"] == "ended by case #2"
    assert await waiting(app, town) == []


async def test_the_usual_duration_is_that_of_the_settings(town: Town, app: App) -> None:
    await log_in(app, town, ban_duration="3d", tell_member=False)
    await town.ask("dara", "tempban", [user(town, "emre"), *because()])
    (case,) = await cases(app, town, id_of(town, "emre"))
    assert case.expires_at is not None
    assert case.expires_at - case.at == pytest.approx(3 * 86_400)
    assert letters(town, "emre") == []


async def test_a_mute_is_a_timeout_and_ends(town: Town, app: App) -> None:
    emre = id_of(town, "emre")
    answer = await town.ask("dara", "mute", [user(town, "emre"), *because("2s")])
    assert "is muted until" in answer.content
    (case,) = await cases(app, town, emre)
    until = town.guild.members[emre].timeout_until
    assert until is not None
    assert until.timestamp() == pytest.approx(case.expires_at or 0, abs=0.01)
    (case,) = await closed(app, town, emre)
    assert (await shown(town, 1))["State"] == "ended at its time"
    await eventually(lambda: letters(town, "emre"))


async def test_an_unmute_ends_it_early(town: Town, app: App) -> None:
    emre = id_of(town, "emre")
    await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    answer = await town.ask("dara", "unmute", [user(town, "emre")])
    assert "is not muted any more" in answer.content
    await closed(app, town, emre)
    assert town.guild.members[emre].timeout_until is None
    assert (await shown(town, 1))["State"] == "ended by case #2"


async def test_a_long_mute_is_renewed_until_its_end(town: Town, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TIMEOUT_S", 1.5)
    monkeypatch.setattr(rules, "RENEW_AFTER_S", 1.0)
    emre = id_of(town, "emre")
    await town.ask("dara", "mute", [user(town, "emre"), *because("4s")])
    (case,) = await closed(app, town, emre)
    until = town.guild.members[emre].timeout_until
    assert until is not None
    assert until.timestamp() == pytest.approx(case.expires_at or 0, abs=0.01)
    assert 3 <= len(audit(town, MEMBER)) <= 5


async def test_a_later_mute_replaces_the_earlier(town: Town, app: App) -> None:
    await town.ask("dara", "mute", [user(town, "emre"), *because("2s")])
    await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    second, first = await cases(app, town, id_of(town, "emre"))
    assert first.closed_at is not None
    assert second.closed_at is None
    assert await waiting(app, town) == ["temporary.end"]


async def test_a_role_is_given_listed_and_taken(town: Town, app: App) -> None:
    gift, emre = badge(town), id_of(town, "emre")
    await eventually(lambda: app.guilds.standing.role(town.guild.id, gift.id))
    given = [user(town, "emre"), option("role", str(gift.id), 8), option("duration", "2s")]
    answer = await town.ask("ada", "temprole", sub("give", *given))
    assert f"has <@&{gift.id}> until" in answer.content
    assert gift.id in town.guild.members[emre].roles
    listed = await town.ask("ada", "temprole", sub("list"))
    assert f"<@{emre}> · <@&{gift.id}>" in listed.embeds[0]["description"]
    await closed(app, town, emre)
    assert gift.id not in town.guild.members[emre].roles
    assert len(audit(town, ROLES)) == 2


async def test_a_role_is_taken_early(town: Town, app: App) -> None:
    gift, emre = badge(town), id_of(town, "emre")
    await eventually(lambda: app.guilds.standing.role(town.guild.id, gift.id))
    named = [user(town, "emre"), option("role", str(gift.id), 8)]
    await town.ask("ada", "temprole", sub("give", *named))
    assert "any more" in (await town.ask("ada", "temprole", sub("end", *named))).content
    await closed(app, town, emre)
    assert gift.id not in town.guild.members[emre].roles
    assert "/temprole list" in (await town.ask("ada", "temprole", sub("end", *named))).content


async def test_a_role_comes_back_with_a_member_who_left(town: Town, app: App) -> None:
    gift, emre = badge(town), town.demo.people["emre"]
    await eventually(lambda: app.guilds.standing.role(town.guild.id, gift.id))
    named = [user(town, "emre"), option("role", str(gift.id), 8), option("duration", "1h")]
    await town.ask("ada", "temprole", sub("give", *named))
    await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    town.world.remove_member(town.guild, emre.id)
    member = town.world.add_member(town.guild, emre)
    await eventually(lambda: gift.id in member.roles and member.timeout_until is not None)
    assert all(case.closed_at is None for case in await cases(app, town, emre.id))


async def test_a_lock_keeps_what_was_and_gives_it_back(town: Town, app: App) -> None:
    channel = town.channel("help")
    town.world.set_overwrite(channel, Overwrite(id=town.guild.id, type=0, allow=SEND, deny=1 << 15), town.guild.id)
    answer = await town.ask("ada", "lock", [*because("2s"), chan(town, "help")])
    assert "is locked until" in answer.content
    assert everyone(town, "help") == (0, SEND | SEND_IN_THREADS | 1 << 15)
    await closed(app, town, channel.id)
    assert everyone(town, "help") == (SEND, 1 << 15)


async def test_a_lock_without_end_is_ended_by_unlock(town: Town, app: App) -> None:
    channel = town.channel("help")
    await town.ask("ada", "lock", [*because(), chan(town, "help")])
    assert everyone(town, "help") == (0, SEND | SEND_IN_THREADS)
    assert await waiting(app, town) == []
    # What others change meanwhile stays.
    town.world.set_overwrite(
        channel, Overwrite(id=town.guild.id, type=0, deny=SEND | SEND_IN_THREADS | 1 << 15), town.guild.id
    )
    await eventually(lambda: app.guilds.standing.channel(town.guild.id, channel.id).overwrites[0].deny & 1 << 15)  # type: ignore[union-attr]
    assert "is unlocked" in (await town.ask("ada", "unlock", [chan(town, "help")])).content
    await closed(app, town, channel.id)
    assert everyone(town, "help") == (0, 1 << 15)
    assert "did not lock" in (await town.ask("ada", "unlock", [chan(town, "help")])).content


async def test_a_second_lock_still_gives_back_what_was_before_the_first(town: Town, app: App) -> None:
    await town.ask("ada", "lock", [*because("1h"), chan(town, "help")])
    await town.ask("ada", "lock", [*because("1s"), chan(town, "help")])
    await closed(app, town, town.channel("help").id)
    assert everyone(town, "help") is None


async def test_slow_mode_goes_back_to_what_it_was(town: Town, app: App) -> None:
    channel = town.channel("help")
    town.world.update_channel(channel, rate_limit_per_user=5)
    await eventually(lambda: app.guilds.standing.channel(town.guild.id, channel.id).slow_mode_s == 5)  # type: ignore[union-attr]
    slow = [option("seconds", 30, 4), chan(town, "help"), option("duration", "2s")]
    assert "then as before (5 s)" in (await town.ask("ada", "slowmode", slow)).content
    assert channel.rate_limit_per_user == 30
    await closed(app, town, channel.id)
    assert channel.rate_limit_per_user == 5
    await town.ask("ada", "slowmode", [option("seconds", 0, 4), chan(town, "help")])
    assert channel.rate_limit_per_user == 0
    assert all(case.closed_at is not None for case in await cases(app, town, channel.id))


async def test_cases_are_listed(town: Town, app: App) -> None:
    await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    await town.ask("dara", "unmute", [user(town, "emre")])
    text = (await town.ask("dara", "case", sub("list", user(town, "emre")))).embeds[0]["description"]
    assert "**#2** unmute" in text
    assert "ended by case #2" in text
    assert "no case #9" in (await town.ask("dara", "case", sub("show", option("number", 9, 4)))).content


# -- who may not -------------------------------------------------------------------------------------------------------


async def test_rank_and_right_are_respected_and_no_case_is_opened(town: Town, app: App) -> None:
    town.world.update_member(town.guild, town.guild.members[id_of(town, "hana")], roles=[role(town, "Moderator").id])
    gift = badge(town)
    moderator = option("role", str(role(town, "Moderator").id), 8)
    refusals = [
        ("emre", "tempban", [user(town, "kofi"), *because("1h")], "'Ban Members', or a role of level 2"),
        ("emre", "mute", [user(town, "kofi"), *because("1h")], "'Moderate Members'"),
        ("dara", "temprole", sub("give", user(town, "kofi"), option("role", str(gift.id), 8)), "'Manage Roles'"),
        ("dara", "lock", [*because("1h"), chan(town, "help")], "'Manage Channels'"),
        ("dara", "slowmode", [option("seconds", 5, 4)], "'Manage Channels'"),
        ("emre", "case", sub("list", user(town, "kofi")), "'Moderate Members'"),
        ("emre", "unlock", [], "'Manage Channels'"),
        ("emre", "unban", [user(town, "kofi", "user")], "'Ban Members'"),
        ("dara", "tempban", [user(town, "hana"), *because("1h")], "not below yours"),
        ("dara", "mute", [user(town, "hana"), *because("1h")], "not below yours"),
        ("dara", "unmute", [user(town, "hana")], "not below yours"),
        ("dara", "mute", [user(town, "dara"), *because("1h")], "to yourself"),
        ("dara", "tempban", [user(town, "ada"), *because("1h")], "owner"),
        ("dara", "mute", [option("member", str(town.demo.bot.id), 6), *because("1h")], "to myself"),
        ("dara", "mute", [user(town, "emre"), *because("soon")], "cannot read “soon” as a duration"),
        ("ada", "temprole", sub("give", user(town, "kofi"), option("role", str(own_role(town).id), 8)), "an app"),
        ("ada", "temprole", sub("give", user(town, "kofi"), option("role", str(town.guild.id), 8)), "no role that"),
    ]
    for person, command, options, said in refusals:
        assert said in (await town.ask(person, command, options)).content, (person, command)
    high = town.world.create_role(town.guild, "High", position=60)
    town.world.update_member(town.guild, town.guild.members[id_of(town, "kofi")], roles=[high.id])
    for command in ("mute", "tempban"):
        assert "not below mine" in (await town.ask("ada", command, [user(town, "kofi"), *because("1h")])).content
    give_high = sub("give", user(town, "emre"), option("role", str(high.id), 8))
    assert "Move my role above it" in (await town.ask("ada", "temprole", give_high)).content
    town.world.update_role(town.guild, role(town, "Moderator"), permissions=MANAGE_ROLES)
    give_own = sub("give", user(town, "emre"), moderator)
    assert "not below your highest" in (await town.ask("dara", "temprole", give_own)).content
    assert await waiting(app, town) == []
    assert await cases(app, town, id_of(town, "kofi")) == []


async def test_a_level_gives_the_right_but_no_more_than_one_has(town: Town, app: App) -> None:
    regular = role(town, "Regular")
    changes = {"moderator_roles": [str(role(town, "Moderator").id)]}
    await app.guild_settings.update(town.guild.id, "access", changes, author=Author(1, "Test"))
    town.world.update_role(town.guild, role(town, "Moderator"), permissions=0, position=5)
    power = town.world.create_role(town.guild, "Power", permissions=1 << 3, position=2)
    give = sub("give", user(town, "goran"), option("role", str(power.id), 8))
    assert "needs 'Manage Roles'" in (await town.ask("dara", "temprole", give)).content
    assert regular.position < 5
    assert "is muted" in (await town.ask("dara", "mute", [user(town, "goran"), *because("1h")])).content
    assert "is locked" in (await town.ask("dara", "lock", [*because("1h"), chan(town, "help")])).content


# -- what Discord refuses ----------------------------------------------------------------------------------------------


async def test_a_permission_that_the_bot_lacks_is_said_before_a_case_is_opened(town: Town, app: App) -> None:
    without(town, BAN_MEMBERS | MODERATE | MANAGE_ROLES | MANAGE_CHANNELS)
    orders: list[tuple[str, list[dict[str, Any]], str]] = [
        ("tempban", [user(town, "emre"), *because("1h")], "Ban Members"),
        ("mute", [user(town, "emre"), *because("1h")], "Moderate Members"),
        ("temprole", sub("give", user(town, "emre"), option("role", "1", 8)), "Manage Roles"),
        ("lock", [*because("1h"), chan(town, "help")], "Manage Roles"),
        ("slowmode", [option("seconds", 5, 4)], "Manage Channels"),
    ]
    for command, options, lacking in orders:
        assert f"I lack the permission '{lacking}'" in (await town.ask("ada", command, options)).content
    assert await waiting(app, town) == []


@pytest.mark.parametrize(
    ("command", "route", "target"),
    [
        ("tempban", "PUT .*/bans/", "emre"),
        ("mute", "PATCH .*/members/", "emre"),
        ("lock", "PUT .*/permissions/", "help"),
        ("slowmode", "PATCH .*/channels/", "help"),
    ],
)
async def test_what_discord_refuses_closes_the_case_and_is_said(
    town: Town, app: App, command: str, route: str, target: str
) -> None:
    await log_in(app, town)
    town.emulator.context.faults.add(Fault(route=route, status=403))
    if target == "emre":
        options, id_ = [user(town, "emre"), *because("1h")], id_of(town, "emre")
    else:
        options, id_ = [chan(town, "help"), *because("1h")], town.channel("help").id
    if command == "slowmode":
        options.append(option("seconds", 5, 4))
    answer = await town.ask("ada", command, options)
    assert "Case #1 was not carried out: I may not" in answer.content
    (case,) = await cases(app, town, id_)
    assert case.closed_at is not None
    assert (await shown(town, 1))["State"].startswith("not carried out: I may not")
    await eventually(lambda: town.bot_messages("mod-log"))
    assert "was not carried out" in town.bot_messages("mod-log")[0].content
    assert await waiting(app, town) == []
    if command == "tempban":
        await eventually(lambda: len(letters(town, "emre")) == 2)
        assert letters(town, "emre")[0] == "That ban was not carried out after all."


async def test_a_refused_unban_leaves_the_ban_and_its_end(town: Town, app: App) -> None:
    await town.ask("dara", "tempban", [user(town, "emre"), *because("1h")])
    town.emulator.context.faults.add(Fault(route="DELETE .*/bans/", status=403))
    answer = await town.ask("dara", "unban", [user(town, "emre", "user")])
    assert "Case #2 was not carried out" in answer.content
    second, first = await cases(app, town, id_of(town, "emre"))
    assert (first.closed_at, second.closed_at is None) == (None, False)
    assert await waiting(app, town) == ["temporary.end"]


async def test_a_slow_discord_is_said_to_be_slow_and_the_outcome_is_written(town: Town, app: App) -> None:
    town.emulator.context.faults.add(Fault(route="PATCH .*/members/", delay_s=3.0))
    answer = await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    assert "has not confirmed case #1 yet" in answer.content
    busy = await town.ask("dara", "unmute", [user(town, "emre")])
    assert "being carried out just now" in busy.content
    await eventually(lambda: letters(town, "dara"))
    assert "is muted until" in letters(town, "dara")[0]


async def test_an_end_that_is_refused_is_told_once_and_tried_again(town: Town, app: App) -> None:
    await log_in(app, town)
    emre = id_of(town, "emre")
    await town.ask("dara", "tempban", [user(town, "emre"), *because("1s")])
    town.emulator.context.faults.add(Fault(route="DELETE .*/bans/", status=403, times=3))
    await eventually(lambda: letters(town, "dara"))
    assert "I cannot end it: I may not lift bans" in letters(town, "dara")[0]
    assert "Trouble" in await shown(town, 1)
    await closed(app, town, emre, within_s=20)
    assert emre not in town.guild.bans
    assert len(letters(town, "dara")) == 1


# -- by hand -----------------------------------------------------------------------------------------------------------


async def test_what_is_lifted_by_hand_closes_the_case_and_cancels_the_end(town: Town, app: App) -> None:
    await log_in(app, town)
    gift = badge(town)
    await eventually(lambda: app.guilds.standing.role(town.guild.id, gift.id))
    help_, members = town.channel("help"), town.guild.members
    give = sub("give", user(town, "kofi"), option("role", str(gift.id), 8), option("duration", "1h"))
    await town.ask("ada", "tempban", [user(town, "emre"), *because("1h")])
    await town.ask("ada", "mute", [user(town, "goran"), *because("1h")])
    await town.ask("ada", "temprole", give)
    await town.ask("ada", "lock", [*because("1h"), chan(town, "help")])
    slow = [option("seconds", 30, 4), chan(town, "off-topic"), option("duration", "1h")]
    await town.ask("ada", "slowmode", slow)
    assert len(await waiting(app, town)) == 5
    town.world.unban(town.guild, id_of(town, "emre"))
    town.world.update_member(town.guild, members[id_of(town, "goran")], timeout_until=None)
    town.world.update_member(town.guild, members[id_of(town, "kofi")], roles=[])
    town.world.set_overwrite(help_, None, town.guild.id)
    town.world.update_channel(town.channel("off-topic"), rate_limit_per_user=10)
    targets = [*(id_of(town, name) for name in ("emre", "goran", "kofi")), help_.id, town.channel("off-topic").id]
    for number, target in enumerate(targets, 1):
        await closed(app, town, target)
        assert (await shown(town, number))["State"] == "ended by hand in Discord"
    assert await waiting(app, town) == []
    assert town.channel("off-topic").rate_limit_per_user == 10
    await eventually(lambda: len(town.bot_messages("mod-log")) == 10)


async def test_a_deleted_channel_and_a_deleted_role_end_their_cases(town: Town, app: App) -> None:
    gift, channel = badge(town), town.channel("help")
    await eventually(lambda: app.guilds.standing.role(town.guild.id, gift.id))
    give = sub("give", user(town, "kofi"), option("role", str(gift.id), 8), option("duration", "1h"))
    await town.ask("ada", "temprole", give)
    await town.ask("ada", "lock", [*because("1h"), chan(town, "help")])
    town.world.delete_role(town.guild, gift)
    town.world.delete_channel(channel)
    await closed(app, town, id_of(town, "kofi"))
    await closed(app, town, channel.id)
    assert await waiting(app, town) == []


async def test_other_changes_of_a_member_lift_nothing(town: Town, app: App) -> None:
    emre = id_of(town, "emre")
    await town.ask("dara", "mute", [user(town, "emre"), *because("1h")])
    town.world.update_member(town.guild, town.guild.members[emre], nick="Other")
    await asyncio.sleep(0.3)
    assert [case.closed_at for case in await cases(app, town, emre)] == [None]


async def test_a_ban_right_after_an_unban_is_not_taken_for_lifted(town: Town, app: App) -> None:
    emre = id_of(town, "emre")
    for _ in range(3):
        await town.ask("dara", "tempban", [user(town, "emre"), *because("1h")])
        await town.ask("dara", "unban", [user(town, "emre", "user")])
    await town.ask("dara", "tempban", [user(town, "emre"), *because("1h")])
    await asyncio.sleep(0.3)
    newest = (await cases(app, town, emre))[0]
    assert (newest.number, newest.closed_at) == (7, None)
    assert await waiting(app, town) == ["temporary.end"]


async def test_a_clean_restart_ends_what_was_begun_before(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path) as app:
        await town.ask("dara", "tempban", [user(town, "emre"), *because("1s")])
    await asyncio.sleep(1)
    async with bot_in(town, tmp_path) as app:
        await closed(app, town, id_of(town, "emre"))
    assert town.guild.bans == {}
