"""An in-process bus: publish never waits, every subscriber has a bound, and what it missed it can count."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from skynetbot.observability.logs import get_logger

__all__ = ["LocalBus", "Subscription"]

_log = get_logger(__name__)
_DEFAULT_BACKLOG: Final = 64


class Subscription:
    """One subscriber's bounded backlog; when it is full the oldest message goes and ``dropped`` counts it."""

    def __init__(self, backlog: int) -> None:
        self._messages: deque[Any] = deque(maxlen=backlog)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, message: Any) -> None:
        if len(self._messages) == self._messages.maxlen:
            self.dropped += 1
        self._messages.append(message)
        self._arrived.set()

    async def get(self) -> Any:
        """The oldest message that is still there; waits for one."""
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        return self._messages.popleft()

    def drain(self) -> list[Any]:
        """Take everything that waits, without waiting."""
        messages = list(self._messages)
        self._messages.clear()
        return messages

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await self.get()


class LocalBus:
    """Topics are plain strings. Listeners run inside ``publish``; subscribers read at their own pace."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[Any], None]]] = {}
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._published = 0

    def publish(self, topic: str, message: Any) -> None:
        """Hand ``message`` to everyone who listens; a failing listener is logged and stops nobody else."""
        self._published += 1
        self._deliver(topic, message)

    def _deliver(self, topic: str, message: Any) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            try:
                listener(message)
            except Exception:  # noqa: BLE001 - boundary, logged
                _log.exception("bus listener failed", topic=topic)
        for subscription in self._subscriptions.get(topic, ()):
            subscription.put(message)

    def listen(self, topic: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call ``listener`` at each message; the returned function ends that."""
        self._listeners.setdefault(topic, []).append(listener)
        return lambda: self._listeners[topic].remove(listener)

    def subscribe(self, topic: str, backlog: int = _DEFAULT_BACKLOG) -> AbstractContextManager[Subscription]:
        """A bounded stream of the topic's messages, for as long as the context is open."""
        return self._subscribe(topic, backlog)

    @contextmanager
    def _subscribe(self, topic: str, backlog: int) -> Iterator[Subscription]:
        subscription = Subscription(backlog)
        self._subscriptions.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            members = self._subscriptions[topic]
            members.discard(subscription)
            if not members:
                del self._subscriptions[topic]

    def has_subscribers(self, topic: str) -> bool:
        return topic in self._subscriptions

    def stats(self) -> dict[str, int]:
        return {
            "published": self._published,
            "subscribers": sum(len(members) for members in self._subscriptions.values()),
        }
