"""One of several processes over one database and bus: it changes settings, or notes when it sees others' changes.

    python -m bench.clients.settings_process POSTGRES VALKEY|- save|watch SAVES PAUSE_S

It prints "ready", and begins when a line arrives. At the end it prints one JSON object, by "server/revision": for
"save" [began, acknowledged], for "watch" when a snapshot with that revision or a newer one was first had. Times are
of the machine's monotonic clock, which all processes share.
"""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import Annotated, Final

import msgspec

from skynetbot.bus.postgres import PostgresTransport
from skynetbot.bus.relay import RelayBus
from skynetbot.bus.transport import Transport
from skynetbot.cache.tiers import SharedTier
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import Author, SettingsService, settings_topic
from skynetbot.guildconfig.snapshot import GuildSettings, pack_snapshot, unpack_snapshot
from skynetbot.observability.logs import configure_logging
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.settings import SettingsRepository

GUILDS: Final = 16
_PATIENCE_S: Final = 12.0
"""After the last change; the bot asks the database by itself each 5 s."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, msgspec.Meta(ge=0)] = 0


_SCHEMAS: Final = {"sample": Schema("sample", Sample, title="Sample", help="")}


async def main(postgres: str, valkey: str, role: str, saves: int, pause_s: float) -> None:
    configure_logging("WARNING")  # stdout is for the answer
    async with AsyncExitStack() as stack:
        store = PostgresStore(postgres, Metrics(), pool_size=4)
        await store.open()
        stack.push_async_callback(store.close)
        transports: list[Transport] = [PostgresTransport(postgres)]
        tier: SharedTier[int, GuildSettings] | None = None
        if valkey != "-":
            from skynetbot.bus.valkey import ValkeyTransport
            from skynetbot.cache.valkey import ValkeyTier, connect

            transports.insert(0, ValkeyTransport(valkey))
            client = connect(valkey)
            stack.push_async_callback(client.aclose)
            tier = ValkeyTier(
                client,
                "bench",
                encode=lambda snapshot: pack_snapshot(snapshot, _SCHEMAS),
                decode=lambda guild_id, data: unpack_snapshot(guild_id, data, _SCHEMAS),
            )
        bus = RelayBus([settings_topic], transports)
        stack.push_async_callback(bus.close)
        await bus.start()
        service = SettingsService(SettingsRepository(store), bus, _SCHEMAS, shared=tier)
        stack.push_async_callback(service.cache.close)
        running = asyncio.create_task(service.run())
        for guild_id in range(1, GUILDS + 1):
            await service.snapshot(guild_id)
        found = await (_save(service, saves, pause_s) if role == "save" else _watch(service, saves))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)  # a process that left would be a gap for the others


async def _begin() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


async def _save(service: SettingsService, saves: int, pause_s: float) -> dict[str, tuple[float, float]]:
    await _begin()
    found: dict[str, tuple[float, float]] = {}
    for number in range(saves):
        guild_id = number % GUILDS + 1
        began = time.monotonic()
        await service.update(guild_id, "sample", {"number": number + 1}, author=Author(1, "bench"))
        acknowledged = time.monotonic()
        found[f"{guild_id}/{number // GUILDS + 1}"] = (began, acknowledged)
        await asyncio.sleep(pause_s)
    return found


async def _watch(service: SettingsService, saves: int) -> dict[str, float]:
    found: dict[str, float] = {}
    seen = dict.fromkeys(range(1, GUILDS + 1), 0)
    complete = asyncio.Event()
    changed: asyncio.Queue[int] = asyncio.Queue()
    service.on_changed(changed.put_nowait)

    async def note() -> None:
        while len(found) < saves:
            guild_id = await changed.get()
            revision = (await service.snapshot(guild_id)).revision
            at = time.monotonic()
            for reached in range(seen[guild_id] + 1, revision + 1):
                found[f"{guild_id}/{reached}"] = at
            seen[guild_id] = max(seen[guild_id], revision)
        complete.set()

    noting = asyncio.create_task(note())
    await _begin()
    expected = 0
    while not complete.is_set():
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await complete.wait()
        except TimeoutError:
            if len(found) == expected:  # nothing new for a long time
                break
            expected = len(found)
    noting.cancel()
    await asyncio.gather(noting, return_exceptions=True)
    return found


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
