"""Trouble on demand: slow and failing REST calls, for tests of whoever talks to this server."""

import re
from typing import Any

import msgspec

__all__ = ["Fault", "Faults"]


class Fault(msgspec.Struct, kw_only=True):
    """Applies to the next ``times`` calls whose ``METHOD /path`` matches ``route`` (a regular expression)."""

    route: str = ".*"
    delay_s: float = 0.0
    status: int | None = None
    times: int | None = 1
    """None: until cleared."""


class Faults:
    """The faults in force; the REST middleware asks before each call."""

    def __init__(self) -> None:
        self._faults: list[tuple[re.Pattern[str], Fault]] = []
        self.applied = 0

    def add(self, fault: Fault) -> None:
        """Raises ValueError when ``route`` is no regular expression."""
        try:
            pattern = re.compile(fault.route)
        except re.error as error:
            raise ValueError(f"route: {fault.route!r} is no regular expression: {error}") from error
        self._faults.append((pattern, fault))

    def clear(self) -> None:
        self._faults.clear()

    def before(self, method: str, route: str) -> tuple[float, int | None]:
        """(seconds to wait, status to answer with or None) for this call."""
        for entry in self._faults:
            pattern, fault = entry
            if not pattern.search(f"{method} {route}"):
                continue
            self.applied += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(entry)
            return fault.delay_s, fault.status
        return 0.0, None

    def stats(self) -> dict[str, Any]:
        return {"pending": len(self._faults), "applied": self.applied}
