"""Asks the database every few seconds whether it is there, for the metrics, the log and readiness."""

import asyncio
from typing import Final

from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import StorageError
from skynetbot.storage.store import Store

__all__ = ["HealthMonitor"]

_log = get_logger(__name__)
_INTERVAL_S: Final = 5.0


class HealthMonitor:
    """``run`` until cancelled; ``up`` is what the last answer said."""

    def __init__(self, store: Store, metrics: Metrics, interval_s: float = _INTERVAL_S) -> None:
        self._store = store
        self._metrics = metrics
        self._interval_s = interval_s
        self.up = True

    async def check(self) -> str | None:
        """Ask once; None when the database answers, else why not."""
        try:
            await self._store.ping()
        except StorageError as error:
            if self.up:
                _log.error("the database does not answer", database=self._store.name, error=str(error))
            self.up = False
            self._metrics.database_up.set(0)
            return str(error)
        if not self.up:
            _log.info("the database answers again", database=self._store.name)
        self.up = True
        self._metrics.database_up.set(1)
        return None

    async def run(self) -> None:
        while True:
            await self.check()
            await asyncio.sleep(self._interval_s)
