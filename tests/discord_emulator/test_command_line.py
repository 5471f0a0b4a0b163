"""``python -m discord_emulator``: prints its links, ends on a signal, refuses what it cannot use."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from discord_emulator.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--port", "99999"], "--port"),
        (["--guilds", "-1"], "--guilds"),
        (["--speed", "-1"], "--speed"),
        (["--replay", "/nowhere/at.all"], "--replay"),
    ],
)
def test_a_bad_value_names_itself(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert word in capsys.readouterr().err


async def test_it_serves_replays_and_ends_on_sigterm(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(json.dumps({"t": 1, "c": "a", "u": "u1", "k": "m", "x": "hi"}) + "\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "discord_emulator",
        *("--port", "0", "--guilds", "2", "--members", "3", "--replay", str(file), "--speed", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    links: dict[str, str] = {}
    async with asyncio.timeout(30):
        while "replay done" not in links:
            line = (await process.stdout.readline()).decode()
            assert line, "it ended before it was ready"
            name, _, value = line.strip().partition("  ")
            links[name] = value.strip()
    async with aiohttp.ClientSession() as http, http.get(links["control API"]) as response:
        stats = await response.json()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert links["replay done"] == "1 messages by 1 authors"
    assert stats["world"]["guilds"] == 3
    assert stats["replay"]["finished"] is True
