"""One process of several, played inside a test: its RelayBus, and what it heard."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.bus.relay import RelayBus
from skynetbot.bus.transport import Transport


class Member:
    """One process. ``events`` has what it heard in order: ("got", message) and ("gap", reason)."""

    def __init__(self, bus: RelayBus) -> None:
        self.bus = bus
        self.events: list[tuple[str, Any]] = []
        self.gap_times: list[float] = []
        bus.listen("news", lambda message: self.events.append(("got", message)))
        bus.listen(GAP_TOPIC, self._gap)

    def _gap(self, reason: str) -> None:
        self.events.append(("gap", reason))
        self.gap_times.append(time.monotonic())

    @property
    def got(self) -> list[Any]:
        return [message for kind, message in self.events if kind == "got"]

    @property
    def gaps(self) -> list[str]:
        return [reason for kind, reason in self.events if kind == "gap"]


class Join(Protocol):
    async def __call__(self, transports: Sequence[Transport], **options: Any) -> Member: ...


class Until(Protocol):
    async def __call__(self, condition: Callable[[], object], seconds: float = ...) -> None: ...
