"""The rules that the gateway enforces: intents, close codes, limits, heartbeats, slow readers."""

from typing import Any

import pytest

from discord_emulator.entities import Overwrite
from discord_emulator.gateway import connection as connection_module
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from support.raw_gateway import RawGateway, raw_gateway

GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 9, 1 << 15


@pytest.fixture
def demo() -> DemoWorld:
    return demo_world()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 4002),
        ("[]", 4002),
        ('{"op":99,"d":null}', 4001),
        ('{"op":3,"d":{"status":"online"}}', 4003),
        ('{"op":2,"d":{"token":"wrong","intents":0}}', 4004),
        ('{"op":2,"d":"x"}', 4002),
        ('{"op":1,"d":"' + "x" * 5_000 + '"}', 4002),
    ],
)
async def test_what_a_client_does_wrong_has_its_close_code(demo: DemoWorld, frame: str, code: int) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.socket.send_str(frame)
        assert await client.closed_with() == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"intents": 1 << 30}, 4013),
        ({"intents": "all"}, 4013),
        ({"intents": GUILD_MEMBERS}, 4014),
        ({"intents": 1, "shard": [2, 2]}, 4010),
        ({"intents": 1, "shard": "0"}, 4010),
    ],
)
async def test_what_identify_refuses(demo: DemoWorld, fields: dict[str, Any], code: int) -> None:
    demo.application.privileged_intents = 0
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.send(2, {"token": demo.bot.token, **fields})
        assert await client.closed_with() == code


async def test_identifying_twice_closes_with_4005(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        await client.send(2, {"token": demo.bot.token, "intents": 1})
        assert await client.closed_with() == 4005


async def test_an_unknown_version_closes_with_4012(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url, version=3) as client:
        assert await client.closed_with() == 4012


async def test_the_121st_send_in_a_minute_closes_with_4008(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        for _ in range(121):
            await client.send(1)
        assert await client.closed_with() == 4008
        assert emulator.gateway.counters["send_limit_closes"] == 1


async def test_a_silent_client_is_closed_as_a_zombie(demo: DemoWorld) -> None:
    async with (
        Emulator(demo.world, heartbeat_interval_s=0.05) as emulator,
        raw_gateway(emulator.gateway_url) as client,
    ):
        await client.identify(demo.bot.token)
        assert await client.closed_with() == 4009
        assert emulator.gateway.counters["zombies"] == 1


async def test_a_heartbeat_is_acknowledged(demo: DemoWorld) -> None:
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.send(1, None)
        assert (await client.receive())["op"] == 11


async def test_content_is_blank_without_the_intent_but_for_mentions_own_and_direct_messages(demo: DemoWorld) -> None:
    world, ada = demo.world, demo.people["ada"]
    channel = world.channels[demo.guilds["Pixel Harbour"].system_channel_id or 0]
    direct = world.create_dm(ada.id, demo.bot.id)
    intents = GUILDS | GUILD_MESSAGES | 1 << 12
    async with Emulator(world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token, intents=intents)
        world.create_message(channel, ada.id, "secret", embeds=[{"title": "x"}])
        world.create_message(channel, ada.id, f"hello <@{demo.bot.id}>")
        world.create_message(channel, demo.bot.id, "mine")
        world.create_message(direct, ada.id, "direct")
        contents = [(await client.until("MESSAGE_CREATE")) for _ in range(4)]
    assert [m["content"] for m in contents] == ["", f"hello <@{demo.bot.id}>", "mine", "direct"]
    assert contents[0]["embeds"] == []


async def test_events_without_their_intent_do_not_come(demo: DemoWorld) -> None:
    world, ada = demo.world, demo.people["ada"]
    guild = demo.guilds["Pixel Harbour"]
    channel = world.channels[guild.system_channel_id or 0]
    async with Emulator(world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token, intents=GUILDS)
        for _ in demo.guilds:
            guild_create = await client.until("GUILD_CREATE")
        world.create_message(channel, ada.id, "unheard")
        world.typing(channel, ada.id)
        world.update_member(guild, guild.members[ada.id], nick="A")
        world.create_role(guild, "heard")
        names = await client.names_until("GUILD_ROLE_CREATE")
    assert names == ["GUILD_ROLE_CREATE"]
    assert [member["user"]["id"] for member in guild_create["members"]] == [str(demo.bot.id)]


async def test_messages_of_a_hidden_channel_reach_only_those_who_see_it(demo: DemoWorld) -> None:
    world, guild = demo.world, demo.guilds["Pixel Harbour"]
    hidden = world.create_channel(guild, "staff", overwrites=[Overwrite(id=guild.id, type=0, deny=1 << 10)])
    general = world.channels[guild.system_channel_id or 0]
    async with (
        Emulator(world) as emulator,
        raw_gateway(emulator.gateway_url) as owner,
        raw_gateway(emulator.gateway_url) as member,
    ):
        await owner.identify(demo.people["ada"].token, intents=None)
        await member.identify(demo.people["kofi"].token, intents=None)
        world.create_message(hidden, demo.people["ada"].id, "for staff")
        world.create_message(general, demo.people["ada"].id, "for all")
        assert (await owner.until("MESSAGE_CREATE"))["content"] == "for staff"
        assert (await member.until("MESSAGE_CREATE"))["content"] == "for all"


async def test_members_are_sent_in_chunks(demo: DemoWorld) -> None:
    world, guild = demo.world, demo.guilds["Pixel Harbour"]
    for number in range(1_200):
        world.add_member(guild, world.create_user(f"extra{number:04}"), silent=True)
    async with Emulator(world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        await client.send(8, {"guild_id": str(guild.id), "query": "", "limit": 0, "nonce": "n1"})
        chunks = [await client.until("GUILD_MEMBERS_CHUNK") for _ in range(2)]
        assert [len(chunk["members"]) for chunk in chunks] == [1_000, len(guild.members) - 1_000]
        assert [(c["chunk_index"], c["chunk_count"], c["nonce"]) for c in chunks] == [(0, 2, "n1"), (1, 2, "n1")]
        await client.send(8, {"guild_id": str(guild.id), "user_ids": [str(demo.bot.id), "1"]})
        chunk = await client.until("GUILD_MEMBERS_CHUNK")
        assert [m["user"]["id"] for m in chunk["members"]] == [str(demo.bot.id)]
        assert chunk["not_found"] == ["1"]
        await client.send(8, {"guild_id": str(guild.id), "query": "", "limit": 0, "nonce": "n2"})
        refused = await client.until("RATE_LIMITED")
        assert refused["opcode"] == 8
        assert refused["meta"] == {"guild_id": str(guild.id), "nonce": "n2"}
        await client.send(8, {"guild_id": "x"})
        assert await client.closed_with() == 4002


async def test_a_presence_is_seen_by_those_with_the_intent(demo: DemoWorld) -> None:
    async with (
        Emulator(demo.world, identify_window_s=0.0) as emulator,
        raw_gateway(emulator.gateway_url) as bot,
        raw_gateway(emulator.gateway_url) as person,
    ):
        await bot.identify(demo.bot.token)
        await person.identify(demo.people["ada"].token, intents=None)
        await bot.send(3, {"since": None, "activities": [], "status": "dnd", "afk": False})
        presence = await person.until("PRESENCE_UPDATE")
    assert presence["status"] == "dnd"
    assert presence["user"] == {"id": str(demo.bot.id)}


async def test_a_slow_reader_is_closed_and_may_resume(demo: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_QUEUE_BOUND", 50)
    async with Emulator(demo.world) as emulator, raw_gateway(emulator.gateway_url) as client:
        await client.identify(demo.bot.token)
        # All at once, so that the writer has no turn between them.
        assert emulator.gateway.burst("NEW_EVENT", [b'{"x":null}'] * 90) == 1
        assert await client.closed_with() == 4000
        async with raw_gateway(emulator.gateway_url) as again:
            await _resume(again, demo.bot.token, client)
            await again.until("RESUMED")


async def _resume(again: RawGateway, token: str, before: RawGateway) -> None:
    await again.send(6, {"token": token, "session_id": before.session_id, "seq": before.seq})
