"""Short waits in memory: each belongs to a scope that ends it, and all of them can be counted and listed.

For what may be forgotten when the process ends (gathering, cooldowns). What must happen is a job.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

__all__ = ["TimerScope", "Timers"]


class Timers:
    """Every short wait of the process, by owner."""

    def __init__(self) -> None:
        self._scopes: set[TimerScope] = set()

    def scope(self, owner: str) -> "TimerScope":
        """A scope for one part of the bot; the part closes it."""
        scope = TimerScope(owner, self._scopes.discard)
        self._scopes.add(scope)
        return scope

    def by_owner(self) -> dict[str, int]:
        """How many waits each owner has; owners with none included."""
        counts: Counter[str] = Counter()
        for scope in self._scopes:
            counts[scope.owner] += len(scope)
        return dict(counts)


class TimerScope:
    """The waits of one owner. Closed, it takes no more."""

    def __init__(self, owner: str, on_close: Callable[["TimerScope"], None]) -> None:
        self.owner = owner
        self._on_close = on_close
        self._handles: set[asyncio.TimerHandle] = set()
        self._closed = False

    def call_later(self, delay_s: float, callback: Callable[..., None], *args: Any) -> asyncio.TimerHandle:
        """Call back once, unless the scope is closed before.

        Raises:
            RuntimeError: the scope is closed.
        """
        if self._closed:
            raise RuntimeError(f"the timers of {self.owner} are closed")

        def fire() -> None:
            self._handles.discard(handle)
            callback(*args)

        handle = asyncio.get_running_loop().call_later(delay_s, fire)
        self._handles.add(handle)
        return handle

    def cancel(self, handle: asyncio.TimerHandle) -> None:
        handle.cancel()
        self._handles.discard(handle)

    def close(self) -> None:
        """Cancel everything; calling it twice is harmless."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()
        self._closed = True
        self._on_close(self)

    def __len__(self) -> int:
        return len(self._handles)
