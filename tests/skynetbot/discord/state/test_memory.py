"""At most a tenth of discord.py's memory, measured beside it on the same payloads; the study's goals besides."""

import pytest

from bench.guild_memory import guild_create, per_guild
from skynetbot.discord.state.state import GuildState


@pytest.mark.parametrize(("members", "guilds", "goal_kib"), [(0, 60, 3.2), (100, 12, 12), (1000, 3, 95)])
def test_a_guild_takes_a_tenth_of_discord_py(members: int, guilds: int, goal_kib: float) -> None:
    used = per_guild(members, guilds)
    assert used["ours"] < goal_kib * 1024
    assert used["ours"] * 10 < used["discord_py"]
    assert used["ours"] * 10 < used["hikari"]


def test_bytes_says_about_what_is_measured() -> None:
    state = GuildState()
    for seed in range(20):
        state.on("GUILD_CREATE", guild_create(100, seed))
    measured = per_guild(100, 20)["ours"]
    assert 0.8 * measured < state.bytes() / 20 <= measured
