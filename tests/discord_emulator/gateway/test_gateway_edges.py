"""The gateway's corners: foreign tokens, gaps, unknown compressions, leaving servers, outages."""

import aiohttp
import pytest

from discord_emulator.gateway import connection as connection_module
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from support.raw_gateway import RawGateway, raw_gateway


@pytest.fixture
def demo() -> DemoWorld:
    return demo_world()


async def resume(client: RawGateway, token: str, before: RawGateway) -> None:
    await client.send(6, {"token": token, "session_id": before.session_id, "seq": before.seq})


async def test_resuming_with_another_token_closes_with_4004_and_keeps_the_session(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator:
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            await client.drop()
        async with raw_gateway(emulator.gateway_url) as thief:
            await resume(thief, demo.people["ada"].token, client)
            assert await thief.closed_with() == 4004
        async with raw_gateway(emulator.gateway_url) as again:
            await resume(again, demo.bot.token, client)
            await again.until("RESUMED")


async def test_a_session_nobody_knows_is_invalid(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.send(6, {"token": demo.bot.token, "session_id": "unknown", "seq": 1})
        assert (await client.until_op(9))["d"] is False
        await client.identify(demo.bot.token)


async def test_a_session_kept_too_long_is_invalid(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator:
        emulator.gateway.session_keep_s = -1.0
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            await client.drop()
        async with raw_gateway(emulator.gateway_url) as again:
            await resume(again, demo.bot.token, client)
            assert (await again.until_op(9))["d"] is False
        assert emulator.gateway.sessions == {}


async def test_the_newest_connection_takes_a_session_over(demo: DemoWorld) -> None:
    channel = demo.world.channels[demo.guilds["Pixel Harbour"].system_channel_id or 0]
    async with (
        Emulator(demo.world) as emulator,
        raw_gateway(emulator.gateway_url) as old,
        raw_gateway(emulator.gateway_url) as new,
    ):
        await old.identify(demo.bot.token)
        await resume(new, demo.bot.token, old)
        await new.until("RESUMED")
        assert await old.closed_with() == 4000
        demo.world.create_message(channel, demo.people["ada"].id, "once")
        assert (await new.until("MESSAGE_CREATE"))["content"] == "once"
        assert len(emulator.gateway.sessions) == 1


async def test_a_slow_reader_sees_no_gap_in_the_sequence(demo: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_QUEUE_BOUND", 20)
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        emulator.gateway.burst("NEW_EVENT", [b"{}"] * 30)
        link = next(iter(emulator.gateway.connections))
        link._outgoing.popleft()  # as if one more had been written
        emulator.gateway.burst("AFTER_THE_GAP", [b"{}"])
        assert await client.closed_with() == 4000
        assert b"AFTER_THE_GAP" not in b"".join(client.frames)


async def test_an_unknown_compression_is_a_bad_request(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, aiohttp.ClientSession() as session:
        async with session.get(f"{emulator.url}/gateway?compress=lzma") as response:
            assert response.status == 400
            assert "zlib-stream, zstd-stream" in await response.text()


async def test_only_json_is_spoken(demo: DemoWorld) -> None:
    async with (
        Emulator(demo.world) as emulator,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{emulator.gateway_url}?v=10&encoding=etf") as socket,
    ):
        await socket.receive()
        assert socket.close_code == 4002


async def test_joining_leaving_and_outages_come_as_guild_events(demo: DemoWorld) -> None:
    world = demo.world
    late = world.create_guild("Late", demo.people["ada"])
    async with Emulator(world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        for _ in demo.guilds:
            await client.until("GUILD_CREATE")
        world.add_member(late, demo.bot)
        assert (await client.until("GUILD_CREATE"))["name"] == "Late"
        world.set_outage(late, True)
        assert await client.until("GUILD_DELETE") == {"id": str(late.id), "unavailable": True}
        world.set_outage(late, False)
        assert (await client.until("GUILD_CREATE"))["id"] == str(late.id)
        world.remove_member(late, demo.bot.id)
        assert await client.until("GUILD_DELETE") == {"id": str(late.id)}
        world.create_message(world.channels[late.system_channel_id or 0], demo.people["ada"].id, "unheard")
        world.create_role(demo.guilds["Pixel Harbour"], "heard")
        assert await client.names_until("GUILD_ROLE_CREATE") == ["GUILD_ROLE_CREATE"]


async def test_the_own_member_is_told_of_without_the_members_intent(demo: DemoWorld) -> None:
    guild = demo.guilds["Pixel Harbour"]
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token, intents=1)
        demo.world.update_member(guild, guild.members[demo.people["ada"].id], nick="unheard")
        demo.world.update_member(guild, guild.members[demo.bot.id], nick="heard")
        assert (await client.until("GUILD_MEMBER_UPDATE"))["nick"] == "heard"


async def test_no_session_starts_left_is_an_invalid_session(demo: DemoWorld) -> None:
    demo.application.session_starts_left = 0
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.send(2, {"token": demo.bot.token, "intents": 1})
        assert (await client.until_op(9))["d"] is False


async def test_stats_tell_open_connections_from_all_that_were(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator:
        async with raw_gateway(emulator.gateway_url) as gone:
            await gone.identify(demo.bot.token)
            await gone.socket.close(code=1000)
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.people["ada"].token, intents=None)
            stats = emulator.gateway.stats()
    assert (stats["connections_made"], stats["connections"], stats["sessions"]) == (2, 1, 1)
