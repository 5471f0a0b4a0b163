"""Who may not order what, and what becomes of what Discord refuses."""

from typing import Any

import pytest

from discord_emulator.faults import Fault
from skynetbot.app import App
from skynetbot.guildconfig.service import Author
from support.demo_town import Town, eventually
from support.measures import (
    BAN_MEMBERS,
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    MODERATE,
    badge,
    because,
    cases,
    chan,
    closed,
    id_of,
    letters,
    log_in,
    option,
    own_role,
    role,
    shown,
    sub,
    user,
    waiting,
    without,
)


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
