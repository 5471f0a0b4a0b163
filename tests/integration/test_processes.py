"""The commands as processes: the demo starts and stops, signals end cleanly, kill -9 keeps what was committed."""

import asyncio
import random
import re
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.writes.behind import WriteBehind
from support.demo_town import Town, free_port
from support.processes_of_bot import process, read_until


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_prints_its_links_and_ends_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    environment = {"SKYNETBOT_DATA_DIR": str(tmp_path), "SKYNETBOT_WEB_PORT": str(free_port())}
    with process(["demo", "--chat-port", "0"], environment) as child:
        read_until(child, r"Chat +(http://127.0.0.1:\d+/)")
        read_until(child, r"(Ctrl\+C)")
        child.send_signal(how)
        assert child.wait(timeout=15) == 0


def test_the_demo_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with process(["demo", "--chat-port", str(port)], {"SKYNETBOT_DATA_DIR": str(tmp_path)}) as child:
            output, _ = child.communicate(timeout=20)
            assert child.returncode == 2
            assert str(port) in output


def test_migrate_says_what_it_did(tmp_path: Path) -> None:
    with process(["migrate"], {"SKYNETBOT_DATA_DIR": str(tmp_path)}) as child:
        output, _ = child.communicate(timeout=20)
        assert child.returncode == 0
        assert "has schema" in output


def test_doctor_says_what_to_do(tmp_path: Path) -> None:
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "DISCORD_TOKEN": "nonsense",
    }
    with process(["doctor"], environment) as child:
        output, _ = child.communicate(timeout=20)
        assert child.returncode == 1
        assert "!!  token" in output
        assert "three parts" in output
        assert "ok  database" in output


async def test_run_serves_and_kill_9_keeps_every_message_that_was_counted(town: Town, tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(port),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }
    emre = town.demo.people["emre"].id
    written = 0
    for _ in range(3):
        with process(["run"], environment) as child:
            await asyncio.to_thread(read_until, child, r"(is connected)")
            for _ in range(40):
                town.say("emre", "hello")
                written += 1
                await asyncio.sleep(0.001)
            await _eventually_counted(port, 40)
            child.kill()
            child.wait()
        assert await _counted(tmp_path, town.guild.id, emre) == written
        # The killed process's session would otherwise be sent to as well.
        town.emulator.gateway.sessions.clear()


async def test_every_message_is_counted_once_through_kills_and_downtime(town: Town, tmp_path: Path) -> None:
    """People write all the time; the bot is killed with -9 at random instants, and is away for a while each time."""
    port = free_port()
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(port),
        "SKYNETBOT_WRITES_FLUSH_S": "0.05",
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }
    written = 0
    ending = asyncio.Event()

    async def chatter() -> None:
        nonlocal written
        while not ending.is_set():
            town.say("emre", "hello")
            written += 1
            await asyncio.sleep(random.uniform(0, 0.004))

    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        talking = asyncio.create_task(chatter())
        await asyncio.sleep(0.5)
        child.kill()
        child.wait()
    for _ in range(2):
        await asyncio.sleep(0.2)
        with process(["run"], environment) as child:
            await asyncio.to_thread(read_until, child, r"(is connected)")
            await asyncio.sleep(random.uniform(0, 0.5))
            child.kill()
            child.wait()
    ending.set()
    await talking
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await asyncio.sleep(1.5)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 0
    assert town.emulator.gateway.counters["identifies"] == 1, "every later process resumed"
    assert await _counted(tmp_path, town.guild.id, town.demo.people["emre"].id) == written


async def _eventually_counted(port: int, messages: int) -> None:
    """Until the metrics say that so many messages were counted; whether they are in the database does not matter."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                text = await response.text()
            seen = re.search(r"^skynetbot_messages_total (\d+)", text, re.MULTILINE)
            if seen and int(seen[1]) >= messages:
                return
            await asyncio.sleep(0.05)


async def _counted(data_dir: Path, guild_id: int, user_id: int) -> int:
    """What the next process finds: the database and the journal that was left."""
    database = SqliteStore(data_dir / "skynetbot.sqlite3", Metrics())
    await database.open()
    writes = WriteBehind(database, data_dir / "journal", Metrics())
    await writes.open()
    counted = await ActivityRepository(database, writes).messages_of(guild_id, user_id)
    await writes.close()
    await database.close()
    return counted
