"""The bus of many processes: what is published on a relayed topic in one of them reaches the others, or they know."""

import asyncio
import contextlib
import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from typing_extensions import override

from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.bus.frames import Beat, Bye, FrameUnreadable, Messages, decode, encode, pack, unpack
from skynetbot.bus.link import Link
from skynetbot.bus.local import LocalBus
from skynetbot.bus.outbox import Outbox
from skynetbot.bus.peers import SILENT_BEATS, Peers
from skynetbot.bus.transport import Transport, TransportError
from skynetbot.observability.logs import get_logger

__all__ = ["RelayBus"]

_log = get_logger(__name__)
_QUEUE_BYTES: Final = 16 * 1024 * 1024
_OVERTAKING_S: Final = 0.1
"""How long one transport may take longer than another; a wait before changing from one that works to another."""


class RelayBus(LocalBus):
    """A LocalBus whose messages on ``relayed`` topics also reach every other process. Any `Bus` may be it.

    **Promise.** Messages of one instance arrive in order and at most once. One that does not arrive, or only after a
    later one, makes the receiver publish on GAP_TOPIC, at the latest (h is ``heartbeat_s``, l a transport's latency):

    * h + l after it was sent, while the transport that carried it works between the two;
    * 2h + l, while any transport works between the two (heartbeats go over all of them, and over those that did not
      carry the messages one beat late, so that they cannot overtake);
    * 4h when the receiver hears nothing of the sender: it says so after 3 silent heartbeats and each 3 more, until the
      sender is forgotten after ``forget_s``; and each 3 for as long as the receiver has no transport at all;
    * when a transport is connected again, and when an instance is met that has sent before.

    A receiver whose connection is dead without its socket knowing counts as hearing nothing; it connects again after
    3 to 4 heartbeats. Not noticed is what was lost of an instance that died before anybody heard of it, and what an
    instance sends that was forgotten and cannot be heard, until it is heard again. Copies need an age limit, too.

    ``relayed`` topics take plain values only (see `Bus`). ``heartbeat_s`` must be the same in all processes.
    """

    def __init__(
        self,
        relayed: Collection[str],
        transports: Sequence[Transport],
        *,
        instance: str | None = None,
        heartbeat_s: float = 1.0,
        forget_s: float = 30.0,
        timeout_s: float = 1.0,
        backoff_s: tuple[float, float] = (0.1, 5.0),
        queue_limit: int = 4_096,
        message_limit: int = 256 * 1024,
    ) -> None:
        """
        Args:
            relayed: the topics that travel; GAP_TOPIC cannot.
            transports: all are listened to; the first that works is published on. One that was lost is used again
                when it has been back for the longest back-off and a heartbeat, so that everybody listens to it.
            instance: a name that no process ever had before; a random one when None.
            timeout_s: how long a transport may take for one publication before the next one is tried.
            backoff_s: the first and the longest wait before connecting again.
            queue_limit: messages that wait to be sent; when there are more, the oldest are lost.
            message_limit: bytes of one message; of a larger one the others only learn that they miss it.

        Raises:
            ValueError: GAP_TOPIC is to be relayed.
        """
        super().__init__()
        if GAP_TOPIC in relayed:
            raise ValueError(f"{GAP_TOPIC} cannot be relayed: each process decides for itself what it has missed.")
        self.instance = instance or uuid.uuid4().hex[:16]
        self._relayed = frozenset(relayed)
        self._heartbeat_s = heartbeat_s
        self._message_limit = message_limit
        self._outbox = Outbox(queue_limit, _QUEUE_BYTES)
        self._peers = Peers(heartbeat_s, forget_s)
        self._carrier: Link | None = None
        self._links = [
            Link(
                transport,
                beat=self._beat,
                heard=self._heard,
                opened=self._opened,
                heartbeat_s=heartbeat_s,
                timeout_s=timeout_s,
                backoff_s=backoff_s,
            )
            for transport in transports
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting = asyncio.Event()
        self._connected = asyncio.Event()
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._closed = False
        self._cut_off = 0
        self._received = self._gaps = self._reconnects = self._unreadable = 0

    async def start(self) -> None:
        """Begin to send and to listen; returns when each transport is connected or has failed once.

        A transport that fails is tried again for as long as the bus is open. Call ``close`` afterwards in any case.
        """
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._send(), name="bus sending"),
            loop.create_task(self._watch(), name="bus watching"),
            *(loop.create_task(link.run(), name=f"bus {link.name}") for link in self._links),
        ]
        for link in self._links:
            await link.tried.wait()

    async def close(self, flush_s: float = 2.0) -> None:
        """Send what waits, for ``flush_s`` at most, say goodbye and end all tasks; then it is a mere LocalBus."""
        self._closed = True
        if self._tasks and any(link.up for link in self._links):
            try:
                async with asyncio.timeout(flush_s):
                    await self._flushed.wait()
            except TimeoutError:
                _log.warning("bus messages were not sent", count=len(self._outbox))
            await self._say_goodbye()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _say_goodbye(self) -> None:
        bye = encode(Bye(self.instance, self._outbox.last))
        links = sorted((link for link in self._links if link.up), key=lambda link: -link.carried)
        for number, link in enumerate(links):
            if number == 1:
                await asyncio.sleep(_OVERTAKING_S)
            with contextlib.suppress(TransportError):
                await link.publish(bye)

    @override
    def publish(self, topic: str, message: Any) -> None:
        """As `LocalBus.publish`, at once; on a relayed topic then in the other processes, too.

        Raises MessageNotPlain, before anybody has got it.
        """
        if topic in self._relayed and not self._closed:
            # Queued first, so that what a listener publishes in answer comes after it everywhere.
            self._outbox.put(pack(topic, message, self._message_limit))
            self._flushed.clear()
            self._waiting.set()
        super().publish(topic, message)

    @override
    def stats(self) -> dict[str, int]:
        """Counters since the start, and as they are now: subscribers, queue, instances (others), transports (up)."""
        return {
            **super().stats(),
            "sent": self._outbox.sent,
            "dropped": self._outbox.dropped,
            "received": self._received,
            "duplicates": self._peers.duplicates,
            "gaps": self._gaps,
            "reconnects": self._reconnects,
            "unreadable": self._unreadable,
            "queue": len(self._outbox),
            "instances": len(self._peers),
            "transports": sum(link.up for link in self._links),
        }

    async def _send(self) -> None:
        while True:
            await self._waiting.wait()
            while len(self._outbox):
                first, batch = self._outbox.take()
                await self._carry(encode(Messages(self.instance, first, batch)), first + len(batch) - 1)
                self._outbox.done(len(batch))
            self._waiting.clear()
            self._flushed.set()

    async def _carry(self, data: bytes, last: int) -> None:
        """Publish on the first link that takes it; waits for one. Whoever gets it twice knows by the numbers."""
        while True:
            if (link := self._best()) is None:
                self._connected.clear()
                await self._connected.wait()
                continue
            if self._carrier is not None and self._carrier is not link and self._carrier.up:
                await asyncio.sleep(_OVERTAKING_S)
            try:
                await link.publish(data)
            except TransportError:
                continue  # it is down now
            link.carried = last
            self._carrier = link
            return

    def _best(self) -> Link | None:
        """The first that is trusted; else the first that is up."""
        up = [link for link in self._links if link.up]
        return next((link for link in up if link.trusted), up[0] if up else None)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            reasons = self._peers.tick()
            self._cut_off = 0 if any(link.up for link in self._links) else self._cut_off + 1
            if self._links and self._cut_off and self._cut_off % SILENT_BEATS == 0:
                reasons.append("no transport is connected")
            if reasons:
                self._gap("; ".join(reasons))

    def _beat(self, link: Link) -> bytes:
        # What went over another link may still be on its way there: it is one beat old before this link tells of it.
        last = max(link.carried, link.settled)
        link.settled = self._outbox.settled
        return encode(Beat(self.instance, last))

    def _opened(self, link: Link, again: bool) -> None:
        self._connected.set()
        if again:
            self._reconnects += 1
            self._gap(f"{link.name} is connected again")

    def _heard(self, data: bytes) -> None:
        try:
            frame = decode(data)
        except FrameUnreadable as error:
            self._unreadable += 1
            _log.warning("unreadable bus frame", error=str(error))
            return
        if frame.instance == self.instance:
            return
        match frame:
            case Messages(instance, first, packed):
                old, reason = self._peers.messages(instance, first, len(packed))
                self._gap(reason)
                for each in packed[old:]:
                    self._take(each)
            case Beat(instance, last):
                self._gap(self._peers.beat(instance, last))
            case Bye(instance, last):
                self._gap(self._peers.bye(instance, last))

    def _take(self, packed: msgspec.Raw) -> None:
        self._received += 1
        try:
            topic, message = unpack(packed)
        except FrameUnreadable as error:
            self._unreadable += 1
            self._gap(f"a message cannot be read: {error}")
            return
        if topic == GAP_TOPIC:
            self._gap(str(message))
        elif topic in self._relayed:  # else of another version of the bot, and nobody here listens
            self._deliver(topic, message)

    def _gap(self, reason: str | None) -> None:
        if reason is not None:
            self._gaps += 1
            _log.info("bus gap", reason=reason)
            self._deliver(GAP_TOPIC, reason)
