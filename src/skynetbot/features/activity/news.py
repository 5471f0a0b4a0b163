"""Tells whoever watches that servers' counters moved: a few times a second, not once a message."""

from typing import Final

from skynetbot.bus.local import LocalBus
from skynetbot.jobs.scopes import TimerScope

__all__ = ["ActivityNews", "activity_topic"]

activity_topic: Final = "activity.counted"
"""Bus topic; the message is the list of guild ids whose counters moved."""

_GATHER_S: Final = 0.25


class ActivityNews:
    """Gathers guild ids and publishes them together, at most a quarter of a second after the first."""

    def __init__(self, bus: LocalBus, timers: TimerScope) -> None:
        """``timers`` is its own, and is closed with it."""
        self._bus = bus
        self._timers = timers
        self._guilds: set[int] = set()

    def changed(self, guild_id: int) -> None:
        self._guilds.add(guild_id)
        if not self._timers:
            self._timers.call_later(_GATHER_S, self._publish)

    def close(self) -> None:
        self._timers.close()

    def _publish(self) -> None:
        guilds, self._guilds = sorted(self._guilds), set()
        self._bus.publish(activity_topic, guilds)
