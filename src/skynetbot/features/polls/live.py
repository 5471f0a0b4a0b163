"""Keeps a poll's post up to date: one edit for all who vote within a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from skynetbot.jobs.scopes import TimerScope
from skynetbot.observability.logs import get_logger

__all__ = ["Live"]

_log = get_logger(__name__)
_GATHER_S: Final = 3.0


class Live:
    """What it waits for may be forgotten: the next vote, or the end, brings the post up to date."""

    def __init__(
        self, refresh: Callable[[int], Awaitable[None]], scope: TimerScope, gather_s: float = _GATHER_S
    ) -> None:
        self._refresh = refresh
        self._scope = scope
        self._gather_s = gather_s
        self._waiting: set[int] = set()
        self._running: set[asyncio.Task[None]] = set()

    def changed(self, poll_id: int) -> None:
        if poll_id not in self._waiting:
            self._waiting.add(poll_id)
            self._scope.call_later(self._gather_s, self._start, poll_id)

    async def close(self) -> None:
        self._scope.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, poll_id: int) -> None:
        self._waiting.discard(poll_id)
        task = asyncio.get_running_loop().create_task(self._run(poll_id), name=f"poll {poll_id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, poll_id: int) -> None:
        try:
            await self._refresh(poll_id)
        except Exception as error:  # noqa: BLE001 - boundary, logged
            # Only the shown numbers are old; the ballots themselves are stored.
            _log.warning("poll not brought up to date", poll=poll_id, error=str(error))
