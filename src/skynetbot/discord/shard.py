"""One gateway connection: hikari's shard with a poll loop that survives bad frames and never starves the loop.

hikari's own loop ends the shard for good at the first frame that it cannot decode, and drains a whole socket read
without letting anyone else run. This one turns a bad frame into a reconnect with RESUME, and yields by budget.
It uses slots of `hikari.impl.GatewayShardImpl`, which is why hikari is pinned to one exact version.
"""

import sys
import time
import zlib
from typing import Any, Final, cast

import hikari
import msgspec
from hikari import errors
from hikari.impl import shard as hikari_shard
from typing_extensions import override

from skynetbot.discord.events import EventManager
from skynetbot.discord.messages import decode_message_frame, decode_payload
from skynetbot.observability.logs import get_logger

__all__ = ["FATAL_CLOSE_CODES", "Shard", "ShardSession"]

_log = get_logger(__name__)

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
_DISPATCH: Final = 0
_YIELD_AFTER_S: Final = 0.005
"""Work done without a pause before other tasks get their turn."""

FATAL_CLOSE_CODES: Final[dict[int, str]] = {
    4004: "Discord refused the token. Reset it on the Bot page and set DISCORD_TOKEN anew.",
    4010: "Discord refused the shard number. Check SKYNETBOT_SHARD_COUNT.",
    4011: "Discord wants more shards. Set SKYNETBOT_SHARD_COUNT=0 to take its recommendation.",
    4012: "Discord no longer speaks this gateway version. Update SkynetBot.",
    4013: "Discord did not understand the intents. Update SkynetBot.",
    4014: (
        "The bot's privileged intents are off. Switch on 'Message Content' and 'Server Members' on the Bot page of "
        "https://discord.com/developers/applications and start again."
    ),
}


def _decode_errors() -> tuple[type[Exception], ...]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return (
        msgspec.DecodeError,
        zlib.error,
        zstd.ZstdError,
        EOFError,
        UnicodeDecodeError,
        KeyError,
        AssertionError,
    )


# https://discord.com/developers/docs/events/gateway#initiating-a-disconnect: 1000 and 1001 invalidate the session.
_RESUMABLE: Final = 4_000


class _ResumableClose:
    """A connection that closes with a code of its own."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def send_close(self, *, code: int, message: bytes) -> None:
        del code
        await self._transport.send_close(code=_RESUMABLE, message=message)


_DECODE_ERRORS: Final = _decode_errors()


class ShardSession(msgspec.Struct, frozen=True):
    """What RESUME needs: Discord replays everything after ``seq``."""

    session_id: str
    seq: int
    resume_url: str


class Shard(hikari_shard.GatewayShardImpl):
    """A supervised part: see `skynetbot.discord.supervisor`."""

    __slots__ = ()

    @property
    def session(self) -> ShardSession | None:
        """The session as far as its events were handled; None before READY."""
        if self._session_id is None or self._seq is None:
            return None
        return ShardSession(self._session_id, self._seq, self._resume_gateway_url or self._gateway_url)

    def restore(self, session: ShardSession) -> None:
        """Resume ``session`` at the next connect instead of identifying. Call before ``start``."""
        self._session_id = session.session_id
        self._seq = session.seq
        self._resume_gateway_url = session.resume_url

    @override
    async def close(self) -> None:
        """End so that the session can be resumed: Discord forgets it at hikari's code, and keeps it at this one."""
        if self._ws is not None and self.session is not None:
            self._ws = cast("Any", _ResumableClose(self._ws))
        await super().close()

    @override
    async def _poll_events(self) -> None:
        transport = self._ws
        if transport is None:
            raise errors.ComponentStateConflictError("the shard is not connected")
        events = self._event_manager
        if not isinstance(events, EventManager):
            raise TypeError("this shard needs skynetbot.discord.events.EventManager")
        deliver = events.consume_message
        receive = transport._receive_and_check  # noqa: SLF001 - receive_json would decode before we can look
        clock = time.monotonic
        pause_at = clock() + _YIELD_AFTER_S
        while True:
            try:
                data = await receive()
                frame = decode_message_frame(data)
                if frame is not None:
                    deliver(frame.d)
                    if frame.s is not None:
                        self._seq = frame.s
                    if clock() >= pause_at:
                        await events.breathe()
                        pause_at = clock() + _YIELD_AFTER_S
                    continue
                payload: Any = decode_payload(data)
                op = payload["op"]
                if op == _DISPATCH:
                    name = payload["t"]
                    if name in _SESSION_EVENTS:
                        self._note_session(name, payload["d"])
                    events.consume_raw_event(name, self, payload["d"])
                    # Only now: a sequence number that is saved or resumed from covers events that were handled.
                    if payload["s"] is not None:
                        self._seq = payload["s"]
                elif await self._control(op, payload["d"]):
                    return
            except _DECODE_ERRORS as error:
                # The compression context is lost with one bad frame, so a new connection is the only way on.
                raise errors.GatewayTransportError(f"undecodable frame: {error!r}") from error
            if clock() >= pause_at:
                await events.breathe()
                pause_at = clock() + _YIELD_AFTER_S

    def _note_session(self, name: str, data: Any) -> None:
        if name == "READY":
            self._session_id = data["session_id"]
            self._resume_gateway_url = data.get("resume_gateway_url") or self._gateway_url
            self._user_id = hikari.Snowflake(data["user"]["id"])
            _log.info("shard ready", shard=self._shard_id, guilds=len(data.get("guilds") or ()))
        else:
            _log.info("shard resumed", shard=self._shard_id, seq=self._seq)
        if self._handshake_event is not None:
            self._handshake_event.set()

    async def _control(self, op: int, data: Any) -> bool:
        """Answer one of the protocol's own opcodes; True ends the connection, to be opened again."""
        match op:
            case 11:  # heartbeat acknowledged
                now = time.time()
                self._last_heartbeat_ack_received = now
                self._heartbeat_latency = now - self._last_heartbeat_sent
            case 1:  # heartbeat asked for
                await self._send_heartbeat()
            case 7:  # reconnect
                return True
            case 9:  # invalid session; true means that it can still be resumed
                if not data:
                    self._seq = None
                    self._session_id = None
                    self._resume_gateway_url = None
                return True
            case _:
                _log.debug("unknown opcode", opcode=op)
        return False


_SESSION_EVENTS: Final = frozenset({"READY", "RESUMED"})
