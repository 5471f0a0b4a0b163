"""Puts the rooms of the local Discord on one loopback port."""

import asyncio
import time
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from discord_emulator import chat, control, oauth2, rest
from discord_emulator.context import EmulatorContext
from discord_emulator.faults import Faults
from discord_emulator.gateway.server import Gateway
from discord_emulator.world import World

__all__ = ["Emulator"]


class Emulator:
    """A running local Discord: ``async with Emulator() as emulator`` serves until the block ends.

    Args:
        world: what exists at the start; an empty one by default.
        host: loopback by default; nothing here is meant for a network.
        port: 0 takes any free one.
        strict_rate_limits: answer 429 like Discord does, instead of only telling the limits.
        identify_window_s: seconds between two IDENTIFY of one key; Discord has 5.
        heartbeat_interval_s: told to clients; silence for half as long again closes the connection.
        interaction_timeout_s: how long an interaction waits for its first answer; Discord has 3.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        strict_rate_limits: bool = False,
        identify_window_s: float = 5.0,
        heartbeat_interval_s: float = 41.25,
        interaction_timeout_s: float = 3.0,
        replay_bound: int = 10_000,
    ) -> None:
        self.world = world or World()
        self.gateway = Gateway(
            self.world,
            heartbeat_interval_s=heartbeat_interval_s,
            identify_window_s=identify_window_s,
            replay_bound=replay_bound,
        )
        self.faults = Faults()
        self.context = EmulatorContext(
            world=self.world,
            gateway=self.gateway,
            faults=self.faults,
            strict_rate_limits=strict_rate_limits,
            interaction_timeout_s=interaction_timeout_s,
        )
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.started_at = time.time()

    @property
    def url(self) -> str:
        return self.context.url

    @property
    def rest_url(self) -> str:
        """What a library takes as the base of REST."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return self.context.gateway_url

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        for room in (rest, oauth2, control, chat):
            room.add_routes(app, self.context)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        server: Any = site._server  # noqa: SLF001 - aiohttp has no public way to the chosen port
        port = server.sockets[0].getsockname()[1]
        self.context.url = f"http://{self._host}:{port}"
        self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        """Close every connection and the port."""
        await self.gateway.close()
        if self._runner is not None:
            await asyncio.wait_for(self._runner.cleanup(), timeout=10)
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
