"""Tells whoever watches that servers' counters moved: a few times a second, not once a message."""

import asyncio
from typing import Final

from skynetbot.bus.local import LocalBus

__all__ = ["ActivityNews", "activity_topic"]

activity_topic: Final = "activity.counted"
"""Bus topic; the message is the list of guild ids whose counters moved."""

_GATHER_S: Final = 0.25


class ActivityNews:
    """Gathers guild ids and publishes them together, at most a quarter of a second after the first."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self._guilds: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    def changed(self, guild_id: int) -> None:
        self._guilds.add(guild_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_S, self._publish)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _publish(self) -> None:
        self._timer = None
        guilds, self._guilds = sorted(self._guilds), set()
        self._bus.publish(activity_topic, guilds)
