"""A gateway client that hides nothing: tests send opcodes and see frames."""

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ALL = (1 << 17) - 1
WAIT_S = 5.0


class Closed(Exception):
    """The server closed; ``code`` says why."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class RawGateway:
    """One connection. ``frames`` keeps every raw frame after decompression."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, compress: str | None) -> None:
        self.socket = socket
        self.frames: list[bytes] = []
        self.wire: list[bytes] = []
        self.session_id = ""
        self.seq = 0
        self._inflate = zlib.decompressobj() if compress == "zlib-stream" else None
        self._zstd = zstd.ZstdDecompressor() if compress == "zstd-stream" else None

    async def send(self, op: int, data: Any = None) -> None:
        await self.socket.send_str(msgspec.json.encode({"op": op, "d": data}).decode())

    async def receive(self) -> dict[str, Any]:
        """The next frame, decoded. Raises Closed."""
        async with asyncio.timeout(WAIT_S):
            message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            raw = message.data.encode()
        elif message.type is aiohttp.WSMsgType.BINARY:
            self.wire.append(message.data)
            if self._inflate is not None:
                raw = self._inflate.decompress(message.data)
            else:
                assert self._zstd is not None
                raw = self._zstd.decompress(message.data)
                assert not self._zstd.eof, "the zstd frame must stay open"
        else:
            raise Closed(self.socket.close_code)
        self.frames.append(raw)
        frame: dict[str, Any] = msgspec.json.decode(raw)
        if frame["s"] is not None:
            self.seq = frame["s"]
        return frame

    async def until(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name; others are passed over."""
        while True:
            frame = await self.receive()
            if frame["t"] == name:
                data: dict[str, Any] = frame["d"]
                return data

    async def until_op(self, op: int) -> dict[str, Any]:
        while True:
            frame = await self.receive()
            if frame["op"] == op:
                return frame

    async def names_until(self, name: str) -> list[str]:
        """The names of the events up to and with that one."""
        names: list[str] = []
        while not names or names[-1] != name:
            frame = await self.receive()
            if frame["op"] == 0:
                names.append(frame["t"])
        return names

    async def identify(self, token: str, *, intents: int | None = ALL, **fields: Any) -> dict[str, Any]:
        """IDENTIFY and wait for READY."""
        body = {"token": token, "properties": {"os": "test"}, **fields}
        if intents is not None:
            body["intents"] = intents
        await self.send(2, body)
        ready = await self.until("READY")
        self.session_id = ready["session_id"]
        return ready

    async def drop(self) -> None:
        """Close with a code that keeps the session."""
        await self.socket.close(code=4000)

    async def closed_with(self) -> int | None:
        """The code with which the server closes; frames before it are passed over."""
        try:
            while True:
                await self.receive()
        except Closed as closed:
            return closed.code


@asynccontextmanager
async def raw_gateway(url: str, *, compress: str | None = None, version: int = 10) -> AsyncIterator[RawGateway]:
    """Connect and pass HELLO."""
    query = f"?v={version}&encoding=json" + (f"&compress={compress}" if compress else "")
    async with aiohttp.ClientSession() as session, session.ws_connect(url + query, autoclose=True) as socket:
        gateway = RawGateway(socket, compress)
        if version in (9, 10):
            assert (await gateway.receive())["op"] == 10
        yield gateway
