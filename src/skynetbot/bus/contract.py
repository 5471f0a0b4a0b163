"""What the rest of the bot may expect of a bus, whichever one it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from skynetbot.bus.local import Subscription

__all__ = ["GAP_TOPIC", "Bus"]

GAP_TOPIC: Final = "bus.gap"
"""Published in this process only, when messages of other processes were or may have been lost.

The message is the reason, for people. Whoever keeps copies of what others change checks them now. Several may come in
quick succession.
"""


class Bus(Protocol):
    """Topics are plain strings. All calls are for the event loop's thread."""

    def publish(self, topic: str, message: Any) -> None:
        """Hand ``message`` to who listens. Never waits; a failing listener is logged and stops nobody else.

        A topic that is relayed to other processes takes plain values only: None, bool, int, float, str, bytes, and
        lists, tuples and dicts of them. In other processes a tuple arrives as a list.
        """
        ...

    def listen(self, topic: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call ``listener`` at each message, inside ``publish``; the returned function ends that."""
        ...

    def subscribe(self, topic: str, backlog: int = ...) -> AbstractContextManager[Subscription]:
        """A bounded stream of the topic's messages, for as long as the context is open."""
        ...

    def has_subscribers(self, topic: str) -> bool: ...

    def stats(self) -> dict[str, int]: ...
