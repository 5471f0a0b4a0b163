"""A process that reads servers' settings all the time and changes them now and then, and notes what it saw when.

    python cache_reader.py POSTGRES VALKEY REPORT SECONDS LOSS

Times are of the machine's monotonic clock, which all processes share. REPORT gets MessagePack records
[kind, server, revision, when]: "w" a change was acknowledged, "r" a read that began then saw this revision.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from skynetbot.bus.postgres import PostgresTransport
from skynetbot.bus.relay import RelayBus
from skynetbot.bus.transport import Transport
from skynetbot.bus.valkey import ValkeyTransport
from skynetbot.cache.valkey import ValkeyTier, connect
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import Author, SettingsConflict, SettingsService, settings_topic
from skynetbot.guildconfig.snapshot import GuildSettings, pack_snapshot, unpack_snapshot
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.settings import SettingsRepository

GUILDS = range(1, 9)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, msgspec.Meta(ge=0)] = 0


SCHEMAS = {"sample": Schema("sample", Sample, title="Sample", help="")}


class Lossy:
    """A transport that loses some of what it hears."""

    def __init__(self, transport: Transport, loss: float) -> None:
        self.name = transport.name
        self._transport = transport
        self._loss = loss

    async def open(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        def sometimes(data: bytes) -> None:
            if random.random() >= self._loss:
                heard(data)

        await self._transport.open(sometimes, lost)

    async def publish(self, data: bytes) -> None:
        await self._transport.publish(data)

    async def close(self) -> None:
        await self._transport.close()


async def main(postgres: str, valkey: str, report: str, seconds: float, loss: float) -> None:
    store = PostgresStore(postgres, Metrics(), pool_size=4)
    await store.open()
    bus = RelayBus(
        [settings_topic],
        [Lossy(ValkeyTransport(valkey), loss), Lossy(PostgresTransport(postgres), loss)],
        heartbeat_s=0.5,
    )
    await bus.start()
    client = connect(valkey)
    tier: ValkeyTier[int, GuildSettings] = ValkeyTier(
        client,
        "checker",
        encode=lambda snapshot: pack_snapshot(snapshot, SCHEMAS),
        decode=lambda guild_id, data: unpack_snapshot(guild_id, data, SCHEMAS),
    )
    service = SettingsService(SettingsRepository(store), bus, SCHEMAS, shared=tier)
    running = asyncio.create_task(service.run())
    notes: list[tuple[str, int, int, float]] = []
    until = time.monotonic() + seconds
    Path(report + ".ready").touch()

    async def live() -> None:
        while time.monotonic() < until:
            guild_id = random.choice(GUILDS)
            if random.random() < 0.01:
                number = random.randrange(1 << 40)
                try:
                    await service.update(guild_id, "sample", {"number": number}, author=Author(1, "x"))
                except SettingsConflict:
                    continue
                # Ours or a newer one: what it has now was acknowledged by now.
                snapshot = service.peek(guild_id)
                if snapshot is not None:
                    notes.append(("w", guild_id, snapshot.revision, time.monotonic()))
            else:
                began = time.monotonic()
                snapshot = await service.snapshot(guild_id)
                notes.append(("r", guild_id, snapshot.revision, began))
            await asyncio.sleep(random.uniform(0, 0.004))

    await asyncio.gather(*(live() for _ in range(6)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await service.cache.close()
    await bus.close()
    await client.aclose()
    await store.close()
    tally = service.cache.tally
    figures = {name: getattr(tally, name) for name in tally.__slots__}
    Path(report).write_bytes(msgspec.msgpack.encode({"notes": notes, "tally": figures, "bus": bus.stats()}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])))
