"""Connecting, identifying, resuming: the life of a gateway session as a client sees it."""

import pytest

from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world, generate
from support.raw_gateway import ALL, raw_gateway


@pytest.fixture
def demo() -> DemoWorld:
    return demo_world()


@pytest.mark.parametrize("compress", [None, "zlib-stream", "zstd-stream"])
async def test_ready_then_every_guild_whatever_the_compression(demo: DemoWorld, compress: str | None) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url, compress=compress) as client:
        ready = await client.identify(demo.bot.token)
        seen = [(await client.until("GUILD_CREATE"))["name"] for _ in demo.guilds]
        general = demo.guilds["Pixel Harbour"].system_channel_id
        demo.world.create_message(demo.world.channels[general or 0], demo.people["ada"].id, "hé")
        message = await client.until("MESSAGE_CREATE")
    assert seen == list(demo.guilds)
    assert [guild["unavailable"] for guild in ready["guilds"]] == [True] * 3
    assert ready["application"]["id"] == str(demo.application.id)
    assert message["content"] == "hé"
    assert message["member"]["roles"] == []
    if compress == "zlib-stream":
        assert all(part.endswith(b"\x00\x00\xff\xff") for part in client.wire)


async def test_frames_have_discords_key_order(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
    assert client.frames[0].startswith(b'{"t":null,"s":null,"op":10,"d":')
    assert client.frames[1].startswith(b'{"t":"READY","s":1,"op":0,"d":')


async def test_resume_replays_what_was_missed_then_says_resumed(demo: DemoWorld) -> None:
    channel = demo.world.channels[demo.guilds["Pixel Harbour"].system_channel_id or 0]
    async with Emulator(demo.world) as emulator:
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            for _ in demo.guilds:
                await client.until("GUILD_CREATE")
            await client.drop()
        for number in range(7):
            demo.world.create_message(channel, demo.people["bao"].id, str(number))
        async with raw_gateway(emulator.gateway_url) as again:
            await again.send(6, {"token": demo.bot.token, "session_id": client.session_id, "seq": client.seq})
            missed = [(await again.until("MESSAGE_CREATE"))["content"] for _ in range(7)]
            names = await again.names_until("RESUMED")
        assert missed == [str(number) for number in range(7)]
        assert names == ["RESUMED"]
        assert emulator.gateway.counters["identifies"] == 1
        assert emulator.gateway.counters["replayed"] == 7


async def test_a_normal_close_ends_the_session(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator:
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            await client.socket.close(code=1000)
        async with raw_gateway(emulator.gateway_url) as again:
            await again.send(6, {"token": demo.bot.token, "session_id": client.session_id, "seq": 1})
            assert (await again.until_op(9))["d"] is False


async def test_what_the_replay_buffer_lost_cannot_be_resumed(demo: DemoWorld) -> None:
    channel = demo.world.channels[demo.guilds["Pixel Harbour"].system_channel_id or 0]
    async with Emulator(demo.world, replay_bound=3) as emulator:
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            await client.drop()
        for number in range(4):
            demo.world.create_message(channel, demo.people["bao"].id, str(number))
        async with raw_gateway(emulator.gateway_url) as again:
            await again.send(6, {"token": demo.bot.token, "session_id": client.session_id, "seq": client.seq})
            assert (await again.until_op(9))["d"] is False


async def test_a_wrong_sequence_closes_with_4007(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator:
        async with raw_gateway(emulator.gateway_url) as client:
            await client.identify(demo.bot.token)
            await client.drop()
        async with raw_gateway(emulator.gateway_url) as again:
            await again.send(6, {"token": demo.bot.token, "session_id": client.session_id, "seq": 9_999})
            assert await again.closed_with() == 4007


async def test_identify_waits_its_turn_per_key(demo: DemoWorld) -> None:
    demo.application.max_concurrency = 2
    async with (
        Emulator(demo.world, identify_window_s=60.0) as emulator,
        raw_gateway(emulator.gateway_url) as first,
        raw_gateway(emulator.gateway_url) as second,
        raw_gateway(emulator.gateway_url) as third,
    ):
        await first.identify(demo.bot.token, shard=[0, 4])
        await second.identify(demo.bot.token, shard=[1, 4])
        await third.send(2, {"token": demo.bot.token, "intents": 0, "shard": [2, 4]})
        assert (await third.until_op(9))["d"] is False
        assert demo.application.session_starts_left == 998
        assert emulator.gateway.counters["identify_refused"] == 1


async def test_guilds_go_to_their_shard_and_direct_messages_to_shard_0() -> None:
    world, application, bot = generate(guilds=8, channels=2, members=2)
    application.max_concurrency = 2
    person = next(user for user in world.users.values() if not user.bot)
    async with (
        Emulator(world) as emulator,
        raw_gateway(emulator.gateway_url) as zero,
        raw_gateway(emulator.gateway_url) as one,
    ):
        ready = [await zero.identify(bot.token, shard=[0, 2]), await one.identify(bot.token, shard=[1, 2])]
        for shard, greeting in enumerate(ready):
            assert greeting["shard"] == [shard, 2]
            assert {int(g["id"]) for g in greeting["guilds"]} == {g for g in world.guilds if (g >> 22) % 2 == shard}
        direct = world.create_dm(person.id, bot.id)
        world.create_message(direct, person.id, "psst")
        odd = world.create_guild("late", person)
        channel = world.channels[odd.system_channel_id or 0]
        world.add_member(odd, bot)
        world.create_message(channel, person.id, "in the server")
        mine, other = (zero, one) if (odd.id >> 22) % 2 == 0 else (one, zero)
        assert (await zero.until("MESSAGE_CREATE"))["content"] == "psst"
        assert (await mine.until("MESSAGE_CREATE"))["content"] == "in the server"
        world.create_message(direct, person.id, "end")
        if other is zero:
            assert (await zero.until("MESSAGE_CREATE"))["content"] == "end"


async def test_op_7_and_op_9_on_demand(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        assert emulator.gateway.ask_to_reconnect() == 1
        await client.until_op(7)
        assert emulator.gateway.invalidate(resumable=True) == 1
        assert (await client.until_op(9))["d"] is True
        assert emulator.gateway.drop(code=4000, shard_id=0) == 1
        assert await client.closed_with() == 4000
        assert client.session_id in emulator.gateway.sessions


async def test_a_person_needs_no_intents_and_sees_their_servers(demo: DemoWorld) -> None:
    ada = demo.people["ada"]
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        ready = await client.identify(ada.token, intents=None)
        guild = await client.until("GUILD_CREATE")
    assert ready["user"]["username"] == "ada"
    assert len(guild["members"]) == guild["member_count"] == len(demo.people) + 1


async def test_two_sessions_of_one_shard_both_hear(demo: DemoWorld) -> None:
    channel = demo.world.channels[demo.guilds["Pixel Harbour"].system_channel_id or 0]
    async with (
        Emulator(demo.world, identify_window_s=0.0) as emulator,
        raw_gateway(emulator.gateway_url) as old,
        raw_gateway(emulator.gateway_url) as new,
    ):
        await old.identify(demo.bot.token, intents=ALL)
        await new.identify(demo.bot.token, intents=ALL)
        demo.world.create_message(channel, demo.people["ada"].id, "both")
        assert (await old.until("MESSAGE_CREATE"))["content"] == "both"
        assert (await new.until("MESSAGE_CREATE"))["content"] == "both"
