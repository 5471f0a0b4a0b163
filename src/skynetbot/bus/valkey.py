"""Pub/sub of Valkey or Redis. Needs 0.5 s to import its client, so import this module only when it is configured."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Any

from redis.asyncio.connection import Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from skynetbot.bus.transport import TransportError
from skynetbot.errors import ConfigurationError

__all__ = ["ValkeyTransport"]


class ValkeyTransport:
    """Two connections: one listens, one publishes. A `Transport`.

    Channels are shared by all databases of a server, so ``channel`` names the bot. A listener that reads too slowly is
    disconnected by the server (``client-output-buffer-limit pubsub``).
    """

    name = "valkey"

    def __init__(self, url: str, channel: str = "skynetbot.bus") -> None:
        """``url`` is redis://, rediss:// (TLS) or unix://. Raises ConfigurationError; the message does not show it."""
        try:
            address: dict[str, Any] = {**parse_url(url)}
            self._make: Callable[..., Any] = address.pop("connection_class", Connection)
        except ValueError:
            # The original may quote a part of the password.
            raise ConfigurationError(
                ["The address of Valkey cannot be read. It looks like redis://user:password@host:6379/0."]
            ) from None
        # The pool's own retries would hide that the connection was lost, and its time limits would end a quiet one.
        self._options = address | {
            "protocol": 2,
            "socket_timeout": None,
            "socket_connect_timeout": None,
            "retry": Retry(NoBackoff(), 0),
            "health_check_interval": 0,
            "driver_info": None,
        }
        self._channel = channel
        self._listening: Any = None
        self._publishing: Any = None
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def open(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self._turn = asyncio.Lock()
        try:
            self._listening = self._make(**self._options)
            self._publishing = self._make(**self._options)
            await self._publishing.connect()
            await self._listening.connect()
            await self._listening.send_command("SUBSCRIBE", self._channel)
            await self._listening.read_response()
        except (RedisError, OSError) as error:
            raise TransportError(str(error) or type(error).__name__) from error
        self._reading = asyncio.create_task(self._read(self._listening, heard, lost), name="bus valkey reading")

    async def publish(self, data: bytes) -> None:
        connection = self._publishing
        try:
            async with self._turn:
                if connection is None or connection is not self._publishing:
                    # Closed while we waited; used now it would connect again, and nobody would close it.
                    raise TransportError("not connected")
                await connection.send_command("PUBLISH", self._channel, data)
                await connection.read_response()
        except (RedisError, OSError) as error:
            raise TransportError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        connections = (self._listening, self._publishing)
        self._listening = self._publishing = None
        for connection in connections:
            if connection is not None:
                with contextlib.suppress(RedisError, OSError):
                    await connection.disconnect(nowait=True)
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])

    @staticmethod
    async def _read(connection: Any, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        try:
            while True:
                # math.inf is the client's word for no limit.
                kind, _, data = await connection.read_response(timeout=math.inf)
                if kind == b"message":
                    heard(data)
        except Exception as error:  # noqa: BLE001 - boundary, the link logs it and connects again
            lost(str(error) or type(error).__name__)
