"""The bot's own state of its servers, fed by its real connection to the local Discord."""

import random
from typing import Any

from skynetbot.app import App
from skynetbot.dashboard import PortGuilds
from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.state import GuildState
from support.demo_town import Town, eventually
from support.guild_changes import GuildChanges
from support.guild_state import seen, told


def agrees(app: App, town: Town) -> bool:
    return all(seen(app.discord.state, guild.id) == told(guild) for guild in town.world.guilds.values())


async def test_it_says_what_the_world_says_from_the_start_and_after_anything(town: Town, app: App) -> None:
    assert app.discord.state.own_id == town.demo.bot.id
    await eventually(lambda: agrees(app, town))
    chance = random.Random(5)
    for guild in town.world.guilds.values():
        for _ in range(60):
            GuildChanges(town.world, guild, town.demo.bot.id, chance).happen()
    await eventually(lambda: agrees(app, town))
    assert app.metrics.registry.get_sample_value("skynetbot_gateway_rejects_total") is None


async def test_counts_follow_joins_and_leaves(town: Town, app: App) -> None:
    dashboard = PortGuilds(app.guilds)

    async def counted() -> tuple[int, int]:
        fields = {f["name"]: f["value"] for f in (await town.ask("bao", "about")).embeds[0]["fields"]}
        shown = dashboard.get(town.guild.id)
        return int(fields["Members"]), shown.member_count if shown is not None else -1

    total, here = await counted()
    assert here == len(town.guild.members)
    newcomers = [town.world.create_user(f"new{number}") for number in range(3)]
    for user in newcomers:
        town.world.add_member(town.guild, user)
    await eventually(lambda: app.discord.state.get(town.guild.id).member_count == here + 3)  # type: ignore[union-attr]
    assert await counted() == (total + 3, here + 3)
    town.world.remove_member(town.guild, newcomers[0].id)
    town.world.ban(town.guild, newcomers[1].id)
    await eventually(lambda: app.discord.state.get(town.guild.id).member_count == here + 1)  # type: ignore[union-attr]
    assert await counted() == (total + 1, here + 1)


async def test_a_session_replaced_while_the_bot_was_removed_forgets_the_server(town: Town, app: App) -> None:
    gone = town.demo.guilds["Garden & Kitchen"]
    town.emulator.gateway.invalidate(resumable=False)
    town.world.delete_guild(gone)
    await eventually(lambda: town.emulator.gateway.counters["identifies"] == 2, 15)
    await eventually(lambda: app.guilds.get(gone.id) is None and not app.discord.state.unavailable(), 15)
    assert len(app.guilds.all()) == 2


async def test_a_malformed_dispatch_is_counted_and_changes_nothing(town: Town, app: App) -> None:
    state: GuildState = app.discord.state
    before = state.dump()
    broken: dict[str, Any] = {"guild_id": str(town.guild.id), "role": {"id": "1", "name": None, "permissions": "0"}}
    town.world.publish("GUILD_ROLE_CREATE", broken, guild_id=town.guild.id)
    labels = {"event": "GUILD_ROLE_CREATE", "reason": "malformed"}
    rejected = app.metrics.registry.get_sample_value
    await eventually(lambda: rejected("skynetbot_gateway_rejects_total", labels) == 1)
    assert state.dump() == before


async def test_what_the_bot_may_do_is_known_without_asking(town: Town, app: App) -> None:
    state, bot, general = app.discord.state, town.demo.bot.id, town.channel("general")
    emre, ada = town.demo.people["emre"].id, town.demo.people["ada"].id
    now = town.world.now()
    assert state.permissions(town.guild.id, bot, None, general.id, now) & Permission.MANAGE_MESSAGES
    assert not state.permissions(town.guild.id, emre, None, general.id, now) & Permission.MANAGE_MESSAGES
    assert state.may_act_on(town.guild.id, bot, None, emre, None)
    assert not state.may_act_on(town.guild.id, bot, None, ada, None)  # the owner
    role = next(role for role in town.guild.roles.values() if role.bot_id == bot)
    town.world.update_role(town.guild, role, permissions=0)
    await eventually(
        lambda: not state.permissions(town.guild.id, bot, None, general.id, now) & Permission.MANAGE_MESSAGES
    )
    async with town.session.get(f"{app.public_url}/metrics") as response:
        line = next(x for x in (await response.text()).splitlines() if x.startswith("skynetbot_guild_state_bytes"))
    assert float(line.split()[1]) == state.bytes() > 0
