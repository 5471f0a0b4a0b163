"""Gateway events on their way out: what happened, and who may hear of it."""

from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["Dispatch", "Hub"]


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """One event. ``guild_id`` routes it to a shard; ``user_ids`` narrows it to these users, whatever the guild."""

    name: str
    data: dict[str, Any]
    guild_id: int | None = None
    channel_id: int | None = None
    user_ids: frozenset[int] | None = None
    author_id: int | None = None
    """Whose message it is; they always see its content."""


class Hub:
    """Hands every event to every subscriber at once, in order."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Dispatch], None]] = []

    def subscribe(self, subscriber: Callable[[Dispatch], None]) -> Callable[[], None]:
        """Call ``subscriber`` with each event; the returned function ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def publish(self, dispatch: Dispatch) -> None:
        for subscriber in self._subscribers:
            subscriber(dispatch)
