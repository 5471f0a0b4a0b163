"""LISTEN and NOTIFY of PostgreSQL, on a connection of its own."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

import asyncpg

from skynetbot.bus.transport import TransportError

__all__ = ["PostgresTransport"]

_PART: Final = 7_900
"""Characters of a part; PostgreSQL takes payloads of less than 8000 bytes, ours have a head of ``5/17:``."""
_CLOSE_S: Final = 0.5
_NOTIFY: Final = "SELECT pg_notify($1, part) FROM unnest($2::text[]) AS part"
_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class PostgresTransport:
    """A `Transport`. Frames travel as base64; one of more than 5.9 kB in parts, which arrive together or not at all.

    It must reach the server itself: a pooler that shares connections between transactions drops LISTEN.
    """

    name = "postgres"

    def __init__(self, url: str, channel: str = "skynetbot_bus") -> None:
        """``channel`` is of this database; at most 63 bytes, else ValueError."""
        if not 0 < len(channel.encode()) < 64:
            raise ValueError("A channel of PostgreSQL has 1 to 63 bytes.")
        self._url = url
        self._channel = channel
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._parts: list[str] = []

    async def open(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self._turn = asyncio.Lock()
        self._parts = []

        def on_part(*notification: Any) -> None:
            data = self._joined(notification[-1])
            if data is not None:
                heard(data)

        try:
            self._connection = await asyncpg.connect(self._url, server_settings={"application_name": "skynetbot bus"})
            self._connection.add_termination_listener(lambda _: lost("the connection has ended"))
            await self._connection.add_listener(self._channel, on_part)
        except _ERRORS as error:
            raise TransportError(str(error) or type(error).__name__) from error
        except (ValueError, OverflowError):
            # It quotes the part that is not a number, and that may be of the password.
            raise TransportError("its address cannot be read") from None

    async def publish(self, data: bytes) -> None:
        connection = self._connection
        text = base64.b64encode(data).decode()
        starts = range(0, len(text), _PART)
        parts = [f"{n}/{len(starts)}:{text[start : start + _PART]}" for n, start in enumerate(starts, 1)]
        try:
            async with self._turn:
                if connection is None:
                    raise TransportError("not connected")
                await connection.execute(_NOTIFY, self._channel, parts)
        except _ERRORS as error:
            raise TransportError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_CLOSE_S)
        except (*_ERRORS, TimeoutError):
            connection.terminate()

    def _joined(self, payload: str) -> bytes | None:
        """The frame that ``payload`` completes. The parts of one transaction arrive in order and next to each other.

        Parts without their beginning are of somebody else, or the numbers of the frames will show what is missing.
        """
        head, _, part = payload.partition(":")
        number, _, count = head.partition("/")
        if number == "1":
            self._parts = []
        self._parts.append(part)
        if number != str(len(self._parts)):
            self._parts = []
            return None
        if number != count:
            return None
        text, self._parts = "".join(self._parts), []
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return payload.encode()  # not one of ours; the relay counts it
