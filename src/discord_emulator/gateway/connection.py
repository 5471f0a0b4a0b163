"""One websocket: reads opcodes, enforces the protocol's rules with their close codes, writes frames in order.

Close codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
"""

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import WSMsgType, web

from discord_emulator.gateway.compression import Compressor
from discord_emulator.gateway.session import Session

if TYPE_CHECKING:
    from discord_emulator.gateway.server import Gateway

__all__ = ["CloseConnection", "Connection"]

_QUEUE_BOUND: Final = 100_000
"""Frames that may wait for a slow reader; past it the connection closes and the session waits for RESUME."""
_SEND_LIMIT: Final = 120
_SEND_WINDOW_S: Final = 60.0
_MAX_PAYLOAD: Final = 4096
_log = logging.getLogger(__name__)
_encode: Final = msgspec.json.Encoder().encode


class CloseConnection(Exception):
    """End the connection with this close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """The life of one websocket; `Gateway` owns the task that runs it."""

    def __init__(self, gateway: "Gateway", socket: web.WebSocketResponse, compressor: Compressor | None) -> None:
        self.gateway = gateway
        self.session: Session | None = None
        self.closed = asyncio.Event()
        self.last_heartbeat = time.monotonic()
        self._socket = socket
        self._compressor = compressor
        self._outgoing: deque[bytes] = deque()
        self._has_outgoing = asyncio.Event()
        self._received: deque[float] = deque()
        self._closing: CloseConnection | None = None

    @property
    def backlog(self) -> int:
        return len(self._outgoing)

    def send(self, frame: bytes) -> None:
        """Queue one frame; never waits. What comes after the decision to close is left to RESUME."""
        if self._closing is not None:
            return  # a frame behind a gap would move the client's sequence past what it never got
        if len(self._outgoing) >= _QUEUE_BOUND:
            self.close(4000, "you read too slowly")
            return
        self._outgoing.append(frame)
        self._has_outgoing.set()

    def send_op(self, op: int, data: Any = None) -> None:
        self.send(_encode({"t": None, "s": None, "op": op, "d": data}))

    def close(self, code: int, reason: str) -> None:
        """Close from our side, once what is queued has been written."""
        if self._closing is None:
            self._closing = CloseConnection(code, reason)
            self._has_outgoing.set()

    async def run(self) -> int:
        """Serve until either side closes; the close code that the client sent, or 1006 when it just went."""
        self.send_op(10, {"heartbeat_interval": int(self.gateway.heartbeat_interval_s * 1000), "_trace": ["local"]})
        writer = asyncio.create_task(self._write(), name="gateway writer")
        watcher = asyncio.create_task(self._watch_heartbeat(), name="gateway heartbeat watch")
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    try:
                        self._receive(message.data)
                    except CloseConnection as decision:
                        self.close(decision.code, decision.reason)
                elif message.type is WSMsgType.ERROR:
                    break
        finally:
            for task in (writer, watcher):
                task.cancel()
            for result in await asyncio.gather(writer, watcher, return_exceptions=True):
                if isinstance(result, Exception):
                    _log.error("a gateway connection's task failed", exc_info=result)
        if self._closing is not None:
            return self._closing.code
        return self._socket.close_code or 1006

    async def _write(self) -> None:
        socket = self._socket
        while True:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            while self._outgoing:
                frame = self._outgoing.popleft()
                try:
                    if self._compressor is None:
                        await socket.send_str(frame.decode())
                    else:
                        await socket.send_bytes(self._compressor.compress(frame))
                except (ConnectionError, RuntimeError):
                    return  # the reader sees the end and decides what becomes of the session
            if self._closing is not None:
                await socket.close(code=self._closing.code, message=self._closing.reason.encode()[:120])
                return

    async def _watch_heartbeat(self) -> None:
        patience_s = self.gateway.heartbeat_interval_s * 1.5
        while True:
            await asyncio.sleep(max(0.01, self.last_heartbeat + patience_s - time.monotonic()))
            if time.monotonic() - self.last_heartbeat >= patience_s:
                self.gateway.counters["zombies"] += 1
                self.close(4009, "no heartbeat")
                return

    def _receive(self, raw: str | bytes) -> None:
        now = time.monotonic()
        self._received.append(now)
        while self._received and self._received[0] < now - _SEND_WINDOW_S:
            self._received.popleft()
        if len(self._received) > _SEND_LIMIT:
            self.gateway.counters["send_limit_closes"] += 1
            raise CloseConnection(4008, "you are being rate limited")
        if len(raw) > _MAX_PAYLOAD:
            raise CloseConnection(4002, "payload too large")
        try:
            payload = msgspec.json.decode(raw)
            op, data = payload["op"], payload.get("d")
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            raise CloseConnection(4002, "error while decoding payload") from None
        self._handle(op, data)

    def _handle(self, op: int, data: Any) -> None:
        match op:
            case 1:
                self.last_heartbeat = time.monotonic()
                self.send_op(11)
            case 2:
                if self.session is not None:
                    raise CloseConnection(4005, "already authenticated")
                self.gateway.identify(self, data)
            case 6:
                if self.session is not None:
                    raise CloseConnection(4005, "already authenticated")
                self.gateway.resume(self, data)
            case 3 | 4 | 8 | 14 | 31 | 37 | 40 | 41 | 43:
                if self.session is None:
                    raise CloseConnection(4003, "not authenticated")
                if op == 8:
                    self.gateway.request_members(self.session, data)
                elif op == 3:
                    self.gateway.update_presence(self.session, data)
            case _:
                raise CloseConnection(4001, "unknown opcode")
