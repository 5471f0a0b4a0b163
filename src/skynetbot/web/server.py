"""Serves the dashboard inside the bot's own process and event loop, by Granian's embedded server.

Granian leaves SIGTERM and SIGINT alone here, waits for open answers when it stops and never cancels them; so this
module ends live streams first and cancels what is still open after a short grace.
"""

import asyncio
import dataclasses
import errno
import os
import socket
from typing import Any, Final

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar.types import Receive, Scope, Send

from skynetbot.errors import ConfigurationError
from skynetbot.observability.logs import get_logger
from skynetbot.web.app import create_app
from skynetbot.web.config import WebConfig
from skynetbot.web.ports import WebPorts
from skynetbot.web.site import Site

__all__ = ["WebServer"]

_log = get_logger(__name__)
_GRACE_S: Final = 1.0
_BACKLOG: Final = 1024
# Connection number 1025 hangs with Granian's default; every live tab holds one.
_BACKPRESSURE: Final = 5000


class WebServer:
    """``host`` and ``port`` are where it listens once started; port 0 takes any free one."""

    def __init__(self, ports: WebPorts, config: WebConfig, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.host = host
        self.port = port
        self.config = config
        self._ports = ports
        self._requests: set[asyncio.Task[Any]] = set()
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._site: Site | None = None

    @property
    def url(self) -> str:
        """How browsers reach it."""
        return self.config.origin

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address cannot be used."""
        with _reserved(self.host, self.port) as reserved:
            self.port = reserved.getsockname()[1]
            if not self.config.public_url:
                self.config = dataclasses.replace(self.config, public_url=f"http://{self.host}:{self.port}")
            app = create_app(self._ports, self.config)
            self._site = app.state.site

            async def tracked(scope: Scope, receive: Receive, send: Send) -> None:
                task = asyncio.current_task()
                assert task is not None  # noqa: S101 - a coroutine that runs is in a task
                self._requests.add(task)
                try:
                    await app(scope, receive, send)
                finally:
                    self._requests.discard(task)

            self._server = Server(
                tracked,
                address=self.host,
                port=self.port,
                interface=Interfaces.ASGINL,
                backlog=_BACKLOG,
                backpressure=_BACKPRESSURE,
                websockets=False,
                log_enabled=False,
            )
            self._serving = asyncio.create_task(self._server.serve(), name="web-server")
            await self._listening()
        _log.info("dashboard is up", url=self.url)

    async def stop(self) -> None:
        """Stop listening, end live streams, let open answers finish for a second; at most two seconds in all."""
        if self._server is None or self._serving is None or self._site is None:
            return
        self._site.streams.close()
        self._server.stop()  # type: ignore[no-untyped-call]
        done, _ = await asyncio.wait({self._serving}, timeout=_GRACE_S)
        if not done:
            for request in tuple(self._requests):
                request.cancel()
            done, _ = await asyncio.wait({self._serving}, timeout=_GRACE_S / 2)
        if not done:
            _log.warning("web server did not stop by itself")
            self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        await self._site.close()
        self._server = self._serving = self._site = None

    async def _listening(self) -> None:
        """Wait until the socket takes connections; the server says so in no other way."""
        assert self._serving is not None  # noqa: S101 - called by start alone
        async with asyncio.timeout(10):
            while True:
                if self._serving.done():
                    await self._serving
                    raise ConfigurationError([f"The web server ended while starting on {self.host}:{self.port}."])
                try:
                    _, writer = await asyncio.open_connection(self.host, self.port)
                except OSError:
                    await asyncio.sleep(0.005)
                    continue
                writer.close()
                await writer.wait_closed()
                return


def _reserved(host: str, port: int) -> socket.socket:
    """A bound socket that holds the port until Granian has it.

    Granian binds with SO_REUSEPORT, which would share a port with another program of the same user without a
    word, so the port is first tried without it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        reserved = socket.socket(family, socket.SOCK_STREAM)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind((host, port))
    except OSError as error:
        why = "is already in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0).lower()
        raise ConfigurationError(
            [f"The dashboard's address {host}:{port}: {why}. Change SKYNETBOT_WEB_HOST or SKYNETBOT_WEB_PORT."]
        ) from error
    return reserved
