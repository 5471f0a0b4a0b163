"""Keeps posts up to date that many people change: one edit for all who press within a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from skynetbot.jobs.scopes import TimerScope
from skynetbot.observability.logs import get_logger

__all__ = ["Refresher"]

_log = get_logger(__name__)
_GATHER_S: Final = 3.0


class Refresher:
    """What it waits for may be forgotten: the next press, or the end, brings the post up to date."""

    def __init__(
        self, refresh: Callable[[int], Awaitable[None]], scope: TimerScope, gather_s: float = _GATHER_S
    ) -> None:
        """``refresh`` gets the id of what changed; ``scope`` is closed with this."""
        self._refresh = refresh
        self._scope = scope
        self._gather_s = gather_s
        self._waiting: set[int] = set()
        self._running: set[asyncio.Task[None]] = set()

    def changed(self, id_: int) -> None:
        if id_ not in self._waiting:
            self._waiting.add(id_)
            self._scope.call_later(self._gather_s, self._start, id_)

    async def close(self) -> None:
        self._scope.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, id_: int) -> None:
        self._waiting.discard(id_)
        task = asyncio.get_running_loop().create_task(self._run(id_), name=f"refresh {self._scope.owner} {id_}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, id_: int) -> None:
        try:
            await self._refresh(id_)
        except Exception as error:  # noqa: BLE001 - boundary, logged
            # Only what is shown is old; what people put in is stored.
            _log.warning("post not brought up to date", of=self._scope.owner, id=id_, error=str(error))
