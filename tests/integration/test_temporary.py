"""Measures that end: every order through the local Discord."""

import time

import pytest

from discord_emulator.entities import Overwrite
from skynetbot.app import App
from skynetbot.features.temporary import rules
from support.demo_town import Town, eventually
from support.measures import (
    BAN,
    MEMBER,
    ROLES,
    SEND,
    SEND_IN_THREADS,
    UNBAN,
    audit,
    badge,
    because,
    cases,
    chan,
    closed,
    everyone,
    id_of,
    letters,
    log_in,
    option,
    shown,
    sub,
    user,
    waiting,
)


async def test_a_ban_is_told_done_ended_and_recorded(town: Town, app: App) -> None:
    await log_in(app, town)
    emre = id_of(town, "emre")
    old = town.say("emre", "bad words")
    started = time.time()
    answer = await town.ask("dara", "tempban", [user(town, "emre"), *because("2 seconds"), option("delete_days", 1, 4)])
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
