"""A transport inside one process, for tests: it loses, repeats, delays, freezes and dies when told to."""

import asyncio
from collections.abc import Callable, Sequence

from skynetbot.bus.transport import TransportError

__all__ = ["MemoryHub", "MemoryTransport"]


class MemoryHub:
    """The server. ``fate`` decides for each listener and datum after how many seconds each copy of it arrives.

    ``(0,)`` is once and at once, ``()`` is lost, ``(0, 0.1)`` is twice.
    """

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.fate: Callable[[bytes], Sequence[float]] = lambda _: (0.0,)
        self.up = True
        self.flowing = asyncio.Event()
        """Cleared, it is frozen: nobody gets an answer."""
        self.flowing.set()
        self.listeners: dict[object, Callable[[bytes], None]] = {}
        self._losers: dict[object, Callable[[str], None]] = {}

    def transport(self) -> "MemoryTransport":
        return MemoryTransport(self)

    def kill(self) -> None:
        """All connections end, and no more can be made until ``up`` is set."""
        self.up = False
        losers, self._losers = self._losers, {}
        self.listeners.clear()
        for lost in losers.values():
            lost("killed")

    async def answer(self) -> None:
        """Wait while frozen. Raises TransportError when down."""
        await self.flowing.wait()
        if not self.up:
            raise TransportError("down")

    def join(self, who: object, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        self.listeners[who] = heard
        self._losers[who] = lost

    def leave(self, who: object) -> None:
        self.listeners.pop(who, None)
        self._losers.pop(who, None)

    def spread(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        for who in tuple(self.listeners):
            for delay in self.fate(data):
                if delay:
                    loop.call_later(delay, self._arrive, who, data)
                else:
                    loop.call_soon(self._arrive, who, data)

    def _arrive(self, who: object, data: bytes) -> None:
        if who in self.listeners:
            self.listeners[who](data)


class MemoryTransport:
    """A `Transport` of one process to the hub."""

    def __init__(self, hub: MemoryHub) -> None:
        self.name = hub.name
        self._hub = hub

    async def open(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        await self._hub.answer()
        self._hub.join(self, heard, lost)

    async def publish(self, data: bytes) -> None:
        await self._hub.answer()
        if self not in self._hub.listeners:
            raise TransportError("not connected")
        self._hub.spread(data)

    async def close(self) -> None:
        self._hub.leave(self)
