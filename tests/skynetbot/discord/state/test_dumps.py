"""A dump brings back everything, or is refused with a reason and changes nothing."""

import pytest

from bench.guild_memory import guild_create as real_guild
from skynetbot.discord.state import dumps
from skynetbot.discord.state.errors import DumpRejected
from skynetbot.discord.state.state import GuildState
from support.guild_state import ready, seen


def lively() -> GuildState:
    state = GuildState()
    state.on("READY", ready(77))
    for seed in range(3):
        state.on("GUILD_CREATE", real_guild(20, seed))
    return state


def test_a_dump_brings_everything_back() -> None:
    state, copy = lively(), GuildState()
    copy.on("GUILD_CREATE", real_guild(1, seed=9))
    copy.load(state.dump())
    assert {guild.id for guild in copy.all()} == {guild.id for guild in state.all()}
    for guild in state.all():
        assert copy.get(guild.id) == guild
        assert seen(copy, guild.id) == seen(state, guild.id)
        assert copy.permissions(guild.id, guild.owner_id, None, None, 0.0)
    assert (copy.own_id, copy.unavailable()) == (state.own_id, {77})
    assert copy.bytes() == state.bytes()
    assert copy.dump() == state.dump()


def test_an_empty_state_can_be_dumped() -> None:
    state = lively()
    state.load(GuildState().dump())
    assert (list(state.all()), state.own_id) == ([], None)


def test_any_damaged_byte_is_noticed() -> None:
    state = lively()
    data = state.dump()
    before = {guild.id: seen(state, guild.id) for guild in state.all()}
    for at in [*range(48), *range(48, len(data), 97)]:
        with pytest.raises(DumpRejected):
            state.load(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    for length in (0, 7, 47, 48, len(data) - 1):
        with pytest.raises(DumpRejected):
            state.load(data[:length])
    with pytest.raises(DumpRejected, match="damaged"):
        state.load(data + b"x")
    assert {guild.id: seen(state, guild.id) for guild in state.all()} == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"", "no saved guild state"),
        (lambda data: b"{}" * 40, "no saved guild state"),
        (lambda data: data[:8] + b"\0\2" + data[10:], "version 2; this program reads version 1"),
        (lambda data: data[:10] + b"middle" + data[16:], "byte order"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 255]), "checksum"),
    ],
)
def test_the_refusal_says_why(change: object, said: str) -> None:
    with pytest.raises(DumpRejected, match=said):
        GuildState().load(change(lively().dump()))  # type: ignore[operator]


@pytest.mark.parametrize("section", ["head", "roles", "channels", "threads", "members"])
@pytest.mark.parametrize("junk", [b"", b"\xc0", b"\x01", b"\xff" * 40])
def test_a_right_checksum_over_wrong_sections_is_noticed(section: str, junk: bytes) -> None:
    import msgspec

    good = dumps.from_bytes(lively().dump())
    guild_id, guild = next(iter(good.guilds.items()))
    bad = {**good.guilds, guild_id: msgspec.structs.replace(guild, **{section: junk})}
    state = lively()
    before = state.dump()
    with pytest.raises(DumpRejected, match="cannot be read"):
        state.load(dumps.to_bytes(None, frozenset(), bad))
    assert state.dump() == before
