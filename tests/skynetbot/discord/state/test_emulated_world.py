"""The local Discord's own events, applied one by one, leave what its world says; so does its next GUILD_CREATE."""

import random
from typing import Any

import pytest

from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Guild
from discord_emulator.worlds import generate
from skynetbot.discord.state.state import GuildState
from support.guild_changes import GuildChanges
from support.guild_state import ready, seen, told


@pytest.mark.parametrize("seed", range(12))
def test_after_random_changes_the_state_says_what_the_world_says(seed: int) -> None:
    chance = random.Random(seed)
    world, _, bot = generate(guilds=2, channels=5, roles=4, members=15, seed=seed)

    def whole(guild: Guild) -> dict[str, Any]:
        return world.guild_create(guild, list(guild.members), for_user=bot.id, large_threshold=250)

    def listen(dispatch: Dispatch) -> None:
        if dispatch.user_ids is not None and bot.id not in dispatch.user_ids:
            return
        # The gateway fills the event of a guild that comes back.
        data = whole(world.guilds[int(dispatch.data["id"])]) if dispatch.name == "GUILD_CREATE" else dispatch.data
        state.on(dispatch.name, data)

    state = GuildState(decoded_kept=1)
    state.on("READY", ready(*world.guilds))
    for guild in world.guilds.values():
        state.on("GUILD_CREATE", whole(guild))
        assert seen(state, guild.id) == told(guild)
    world.hub.subscribe(listen)
    for _ in range(150):
        guild = chance.choice(list(world.guilds.values()))
        GuildChanges(world, guild, bot.id, chance).happen()
        assert seen(state, guild.id) == told(guild)
    anew = GuildState()
    for guild in world.guilds.values():
        anew.on("GUILD_CREATE", whole(guild))
        assert seen(anew, guild.id) == seen(state, guild.id) == told(guild)
