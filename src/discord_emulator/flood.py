"""A crowd that talks: many messages by many members at a stated rate, to see how a bot bears it."""

import asyncio
from typing import Final

from discord_emulator.entities import Channel, Guild, User
from discord_emulator.gateway.server import Gateway
from discord_emulator.world import World

__all__ = ["Flood", "Floods"]

_MAX_RUNNING: Final = 8
_TICK_S: Final = 0.01
_BATCH: Final = 50
_MAX_BACKLOG: Final = 5_000


class Flood:
    """``count`` messages of ``users`` members into one channel; ``rate`` a second, 0 as fast as the clients read."""

    def __init__(
        self, world: World, gateway: Gateway, channel: Channel, *, count: int, users: int, rate: float, text: str
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._channel = channel
        self._rate = rate
        self._text = text
        self._authors = [self._member(number) for number in range(users)]
        self.count = count
        self.sent = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        while self.sent < self.count:
            if self._rate > 0:
                due = min(self.count, int((loop.time() - started_at) * self._rate) + 1)
            else:
                due = min(self.count, self.sent + _BATCH)
            while self.sent < due:
                author = self._authors[self.sent % len(self._authors)]
                self.sent += 1
                self._world.create_message(self._channel, author.id, f"{self._text} {self.sent}")
            await asyncio.sleep(_TICK_S if self._rate > 0 else 0)
            await self._gateway.wait_backlog(_MAX_BACKLOG)

    def _member(self, number: int) -> User:
        """The crowd's member of that number; the same one in every flood."""
        name = f"crowd_{number + 1}"
        guild: Guild = self._world.guilds[self._channel.guild_id or 0]
        user = self._world.user_named(name) or self._world.create_user(name)
        if user.id not in guild.members:
            self._world.add_member(guild, user, silent=True)
        return user


class Floods:
    """The floods that run; a bounded number, cancelled when the server stops."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[None], Flood] = {}
        self._ended = 0
        self._sent = 0

    def start(self, flood: Flood) -> None:
        """Raises ValueError when too many run already."""
        if len(self._running) >= _MAX_RUNNING:
            raise ValueError(f"{_MAX_RUNNING} floods run already; wait, or stop them with DELETE /control/flood")
        task = asyncio.create_task(flood.run(), name="flood")
        self._running[task] = flood
        task.add_done_callback(self._end)

    async def stop(self) -> int:
        """Cancel all; how many ran."""
        tasks = tuple(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    def stats(self) -> dict[str, int]:
        sent = self._sent + sum(flood.sent for flood in self._running.values())
        return {"running": len(self._running), "ended": self._ended, "sent": sent}

    def _end(self, task: asyncio.Task[None]) -> None:
        flood = self._running.pop(task)
        self._ended += 1
        self._sent += flood.sent
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "a flood failed", "exception": error})
