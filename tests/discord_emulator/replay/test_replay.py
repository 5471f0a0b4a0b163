"""Replays: every message arrives, in order, at its time, and bad files say where they are bad."""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.dispatch import Dispatch
from discord_emulator.replay import Replay, ReplayError, read_events
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from support.raw_gateway import raw_gateway

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES: list[dict[str, Any]] = [
    {"t": 1_000, "c": "red", "u": "u00001", "k": "m", "x": "hello"},
    {"t": 1_200, "c": "blue", "u": "u00002", "k": "j"},
    {"t": 1_400, "c": "red", "u": "u00002", "k": "a", "x": "waves at <@u00001> and <@u00099>"},
    {"t": 1_500, "c": "blue", "u": "u00002", "k": "n", "x": "deux"},
    {"t": 1_600, "c": "blue", "u": "u00002", "k": "q"},
    {"t": 2_000, "c": "blue", "u": "b00001", "k": "m", "x": "beep", "b": 1, "s": "irc", "r": "mod"},
]


def _write(path: Path, lines: list[dict[str, Any]]) -> Path:
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(zstd.compress(data) if path.suffix == ".zst" else data)
    return path


def _replay(emulator: Emulator, demo: DemoWorld, path: Path, speed: float = 0.0) -> Replay:
    return Replay(demo.world, emulator.gateway, demo.application, path, speed=speed, owner=demo.people["ada"])


@pytest.mark.parametrize("name", ["chat.jsonl", "chat.jsonl.zst"])
async def test_streams_become_servers_and_authors_become_members(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path / name, LINES)
    demo = demo_world()
    seen: list[Dispatch] = []
    async with Emulator(demo.world) as emulator:
        replay = _replay(emulator, demo, path)
        replay.prepare()
        demo.world.hub.subscribe(seen.append)
        await replay.run()
    messages = [(d.guild_id, d.data["content"]) for d in seen if d.name == "MESSAGE_CREATE"]
    red, blue = replay.guilds["red"], replay.guilds["blue"]
    first = replay.authors["u00001"]
    assert messages == [
        (red.id, "hello"),
        (red.id, f"_waves at <@{first.id}> and @u00099_"),
        (blue.id, "beep"),
    ]
    events = [d.name for d in seen if d.guild_id == blue.id]
    assert "GUILD_MEMBER_ADD" in events
    assert "GUILD_MEMBER_UPDATE" in events
    assert "GUILD_MEMBER_REMOVE" in events
    assert replay.authors["b00001"].bot
    assert demo.bot.id in red.members
    assert replay.stats() == {"played": 6, "messages": 3, "refused": 0, "authors": 3, "guilds": 2, "finished": True}


async def test_streams_become_channels_of_one_server(tmp_path: Path) -> None:
    path = _write(tmp_path / "evening.jsonl", LINES)
    demo = demo_world()
    async with Emulator(demo.world) as emulator:
        replay = Replay(
            demo.world, emulator.gateway, demo.application, path, speed=0, owner=demo.people["ada"], one_server=True
        )
        await replay.run()
    guild = replay.guilds["red"]
    assert replay.guilds["blue"] is guild
    assert guild.name == "evening"
    said = {c.name: [m.content for m in demo.world.history(c.id)] for c in guild.channels.values()}
    assert said["red"][-1] == "hello"
    assert said["blue"] == ["beep"]


async def test_the_banned_stay_silent_and_deleted_channels_come_back(tmp_path: Path) -> None:
    path = _write(tmp_path / "chat.jsonl", [{**LINES[0], "t": number} for number in range(3)])
    demo = demo_world()
    async with Emulator(demo.world) as emulator:
        replay = _replay(emulator, demo, path)
        first, second, third = read_events(path)
        replay.play(first)
        guild = replay.guilds["red"]
        demo.world.delete_channel(demo.world.channels[guild.system_channel_id or 0])
        replay.play(second)
        demo.world.ban(guild, replay.authors["u00001"].id)
        replay.play(third)
    assert (replay.messages, replay.refused) == (2, 1)
    assert [channel.name for channel in guild.channels.values()] == ["red"]
    assert replay.authors["u00001"].id not in guild.members


async def test_times_between_messages_are_kept(tmp_path: Path) -> None:
    path = _write(tmp_path / "chat.jsonl", LINES)
    demo = demo_world()
    async with Emulator(demo.world) as emulator:
        started = time.monotonic()
        await _replay(emulator, demo, path, speed=5.0).run()
        assert 0.2 <= time.monotonic() - started < 1.5


async def test_a_cancelled_replay_stops_between_two_events(tmp_path: Path) -> None:
    path = _write(tmp_path / "chat.jsonl", LINES)
    demo = demo_world()
    async with Emulator(demo.world) as emulator:
        replay = _replay(emulator, demo, path, speed=0.001)
        task = asyncio.create_task(replay.run())
        while replay.played == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert replay.played == 1
    assert not replay.finished


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("{", "line 2"), ('{"t":"x","c":"a","u":"b","k":"m"}', "line 2"), ('{"t":1,"c":"a","u":"b","k":"z"}', "line 2")],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, wrong: str) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps(LINES[0]) + "\n" + line + "\n")
    with pytest.raises(ReplayError, match=wrong):
        list(read_events(path))


async def test_a_real_evening_loses_nothing_on_its_way_to_a_client(shared_data: Path) -> None:
    path = shared_data / "chat" / "dev" / "twitch_16_streams.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"outside data is not here: {path}")
    count = 4_000
    wanted = Counter((event.c, event.u) for event in islice(read_events(path), count) if event.k in ("m", "a"))
    demo = demo_world()
    got: Counter[tuple[str, str]] = Counter()
    async with (
        Emulator(demo.world) as emulator,
        raw_gateway(emulator.gateway_url, compress="zstd-stream") as client,
    ):
        await client.identify(demo.bot.token)
        replay = _replay(emulator, demo, path)
        replay.prepare(limit=count)
        names = {str(guild.id): stream for stream, guild in replay.guilds.items()}
        task = asyncio.create_task(replay.run(limit=count))
        while got.total() < wanted.total():
            message = await client.until("MESSAGE_CREATE")
            got[names[message["guild_id"]], message["author"]["username"]] += 1
        await task
    assert got == wanted
