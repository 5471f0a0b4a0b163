"""What moderators end by hand in Discord, and restarts."""

import asyncio
from pathlib import Path

from discord_emulator.faults import Fault
from skynetbot.app import App
from support.demo_town import Town, bot_in, eventually
from support.measures import badge, because, cases, chan, closed, id_of, log_in, option, shown, sub, user, waiting


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


async def test_an_event_from_before_a_measure_does_not_lift_it(town: Town, app: App) -> None:
    """Somebody unbans them a moment before they are banned, and that is heard of while the ban is on its way."""
    town.emulator.context.faults.add(Fault(route="PUT .*/bans/", delay_s=0.5))
    emre = town.demo.people["emre"]
    ordered = asyncio.create_task(town.ask("dara", "tempban", [user(town, "emre"), *because("1h")]))
    await eventually(lambda: town.emulator.context.faults.applied)
    stale = {"guild_id": str(town.guild.id), "user": {"id": str(emre.id), "username": "emre"}}
    town.world.publish("GUILD_BAN_REMOVE", stale, guild_id=town.guild.id)
    assert "is banned" in (await ordered).content
    await asyncio.sleep(0.4)
    assert [case.closed_at for case in await cases(app, town, emre.id)] == [None]
    assert await waiting(app, town) == ["temporary.end"]
