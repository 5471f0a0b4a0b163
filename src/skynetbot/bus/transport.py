"""What carries bytes from each process to all processes; the relay builds order and certainty on top."""

from collections.abc import Callable
from typing import Protocol

from skynetbot.errors import SkynetBotError

__all__ = ["Transport", "TransportError"]


class TransportError(SkynetBotError):
    """The transport cannot be reached or refused; whoever used it closes it and opens it again later."""


class Transport(Protocol):
    """One channel of one server. It may lose, repeat and delay, but never alters or joins what it carries.

    It does not reconnect by itself and sets no time limits: a `Link` does both. Calls of ``open`` and ``publish`` may
    be cancelled; ``close`` follows then.
    """

    @property
    def name(self) -> str:
        """For logs and reasons."""
        ...

    async def open(self, heard: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        """Connect and listen; returns when everything published from now on is heard, our own included.

        Raises TransportError. ``lost`` is called once, with the reason, when the connection ends by itself.
        """
        ...

    async def publish(self, data: bytes) -> None:
        """Returns when the server has it. Raises TransportError, and then it may have it or not.

        Calls may overlap; what is published after another call has returned arrives after it.
        """
        ...

    async def close(self) -> None:
        """Never raises, takes a second at most, may be called again and again; ``open`` may follow."""
        ...
