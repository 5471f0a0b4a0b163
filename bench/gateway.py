"""CPU per MESSAGE_CREATE delivered to an empty handler: ours, discord.py's client, hikari's ready client.

The local Discord runs here; each client is a process of its own, all connected with zstd-stream and the same
intents, all with the same servers loaded. Bursts go to one client at a time, in random order within each round, so
that a noisy neighbour hits all alike. A client is stopped while its burst is written to the socket, so that it reads at
its own speed, not at the server's. CPU is the client process's own, from before the first byte to the last
delivery. The gate: every client was given every message.
"""

import asyncio
import os
import random
import signal
import statistics
import sys
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec

from bench.report import Report
from discord_emulator import payloads
from discord_emulator.entities import Guild, User
from discord_emulator.server import Emulator
from discord_emulator.world import World
from discord_emulator.worlds import generate, install_bot

__all__ = ["run"]

CLIENTS: Final = ("ours", "discord_py", "hikari_client")
_LINES: Final = (
    "lol",
    "has anyone tried the new build yet? it fixed the crash for me",
    "good morning everyone",
    "I think the problem is in the second step, where it asks for the path and you give it the folder instead",
    "https://example.com/articles/2024/what-we-learned",
    "gg",
    "that makes sense, thank you!",
)
_START_TIMEOUT_S: Final = 60
_BURST_BYTES: Final = 64 * 1024 * 1024
_ROUND_TIMEOUT_S: Final = 120


async def run(*, quick: bool) -> Report:
    """Ten rounds of 5,000 messages to each client; three of 2,000 when quick."""
    rounds, burst = (3, 2_000) if quick else (10, 5_000)
    _pin(0)
    world, _, _ = generate(guilds=50, channels=12, roles=8, members=50)
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(world, identify_window_s=0.0))
        clients: dict[str, _Client] = {}
        for name in CLIENTS:
            application, bot = world.create_application(name, next(iter(world.users.values())))
            for guild in world.guilds.values():
                install_bot(world, guild, application)
            clients[name] = await stack.enter_async_context(_Client(name, emulator, bot))
        samples: dict[str, list[float]] = {name: [] for name in CLIENTS}
        delivered: dict[str, bool] = dict.fromkeys(CLIENTS, True)
        for number in range(rounds + 1):
            for name in random.sample(CLIENTS, k=len(CLIENTS)):
                client = clients[name]
                cpu_s, checksum, expected = await client.measure(world, burst)
                delivered[name] = delivered[name] and checksum == expected
                if number:  # the first round warms up
                    samples[name].append(cpu_s / burst * 1e6)
        compressed = {s.user.username for s in emulator.gateway.sessions.values()} >= set(CLIENTS)
    report = Report()
    report.gates = {f"{name}_got_every_message": ok for name, ok in delivered.items()}
    report.gates["all_connected"] = compressed
    for name in CLIENTS:
        report.figures[f"{name}_cpu_us"] = round(statistics.median(samples[name]), 2)
    for name in ("discord_py", "hikari_client"):
        paired = [theirs / ours for theirs, ours in zip(samples[name], samples["ours"], strict=True)]
        report.ratios[name] = round(statistics.median(paired), 2)
    return report


class _Client:
    """One client process: told to get ready, sent a burst, asked what it cost."""

    def __init__(self, name: str, emulator: Emulator, bot: User) -> None:
        self._name = name
        self._emulator = emulator
        self._bot = bot
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "_Client":
        environment = {
            **os.environ,
            "BENCH_TOKEN": self._bot.token,
            "BENCH_REST_URL": self._emulator.rest_url,
            "BENCH_GATEWAY_URL": self._emulator.gateway_url,
            "BENCH_GUILDS": str(len(self._emulator.world.guilds)),
        }
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bench.clients.{self._name}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        async with asyncio.timeout(_START_TIMEOUT_S):
            await self._line()
        for connection in self._emulator.gateway.connections:
            # A whole burst fits between server and client, so the server's speed is not what is measured.
            connection._socket._writer.transport.set_write_buffer_limits(high=_BURST_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def measure(self, world: World, burst: int) -> tuple[float, int, int]:
        """(CPU seconds, the client's checksum of ids, the expected one)."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        payloads_to_send = _messages(world, burst)
        expected = sum(int(payload["id"]) for payload in payloads_to_send) & 0xFFFF_FFFF_FFFF
        process.stdin.write(f"{burst}\n".encode())
        async with asyncio.timeout(_ROUND_TIMEOUT_S):
            await self._line()
            process.send_signal(signal.SIGSTOP)
            only = frozenset({self._bot.id})
            for payload in payloads_to_send:
                world.publish("MESSAGE_CREATE", payload, guild_id=int(payload["guild_id"]), user_ids=only)
            await self._emulator.gateway.wait_backlog(0)
            process.send_signal(signal.SIGCONT)
            answer = msgspec.json.decode(await self._line())
        if "cpu_s" not in answer:
            raise RuntimeError(f"{self._name} said {answer}")
        return answer["cpu_s"], answer["checksum"], expected

    async def _line(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self._name} client ended")
        return line


def _messages(world: World, count: int) -> list[dict[str, Any]]:
    """Messages of the size and kinds of real traffic: about 1.2 KB, some with mentions and attachments."""
    guilds = list(world.guilds.values())
    return [_message(world, random.choice(guilds), number) for number in range(count)]


def _message(world: World, guild: Guild, number: int) -> dict[str, Any]:
    people = [user_id for user_id in guild.members if not world.users[user_id].bot]
    author = random.choice(people)
    channel = random.choice([c for c in guild.channels.values() if c.type == 0])
    payload: dict[str, Any] = {
        "id": str(world.snowflakes.make()),
        "channel_id": str(channel.id),
        "guild_id": str(guild.id),
        "type": 0,
        "content": random.choice(_LINES),
        "author": payloads.user_payload(world.users[author]),
        "member": payloads.member_payload(guild.members[author], None),
        "attachments": [],
        "embeds": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
        "timestamp": payloads.timestamp(world.time()),
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
        "nonce": str(number),
    }
    if number % 10 == 0:
        mentioned = random.choice(people)
        payload["mentions"] = [
            {
                **payloads.user_payload(world.users[mentioned]),
                "member": payloads.member_payload(guild.members[mentioned], None),
            }
        ]
    if number % 16 == 0:
        payload["attachments"] = [
            {
                "id": str(world.snowflakes.make()),
                "filename": "picture.png",
                "size": 123_456,
                "url": "https://example.com/picture.png",
                "proxy_url": "https://example.com/picture.png",
                "content_type": "image/png",
                "width": 640,
                "height": 480,
            }
        ]
    return payload


def _pin(cpu: int) -> None:
    """Keep the server off the clients' core where the machine has two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {cpu})
