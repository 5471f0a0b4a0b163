"""What can be wrong with what the state is fed."""

from skynetbot.errors import SkynetBotError

__all__ = ["DumpRejected", "MalformedPayload"]


class MalformedPayload(SkynetBotError):
    """A gateway payload without its documented form; nothing of it was taken over."""

    def __init__(self, event: str, problem: str) -> None:
        super().__init__(f"{event}: {problem}")
        self.event = event
        self.problem = problem


class DumpRejected(SkynetBotError):
    """A saved state that cannot be used; start without it, and the gateway brings everything anew."""
