"""Keeps every shard of this process connected: identifies in turn, starts again what ended, reports what cannot."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Final

from hikari import errors

from skynetbot.discord.shard import FATAL_CLOSE_CODES, Shard, ShardSession
from skynetbot.errors import SkynetBotError
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics

__all__ = ["GatewayRefused", "IdentifyGate", "ShardSupervisor"]

_log = get_logger(__name__)
_IDENTIFY_WINDOW_S: Final = 5.0
_MAX_BACKOFF_S: Final = 60.0


class GatewayRefused(SkynetBotError):
    """Discord will not have this bot until the operator changes something, which the message says."""


class IdentifyGate:
    """One IDENTIFY per key and 5 s, where key = shard id modulo max_concurrency.

    Source: https://discord.com/developers/docs/events/gateway#rate-limiting
    """

    def __init__(self, max_concurrency: int, window_s: float = _IDENTIFY_WINDOW_S) -> None:
        self._max_concurrency = max(1, max_concurrency)
        self._window_s = window_s
        self._locks: dict[int, asyncio.Lock] = {}
        self._next_at: dict[int, float] = {}

    async def wait_turn(self, shard_id: int) -> None:
        """Return when this shard may identify."""
        key = shard_id % self._max_concurrency
        async with self._locks.setdefault(key, asyncio.Lock()):
            loop = asyncio.get_running_loop()
            pause = self._next_at.get(key, 0.0) - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            self._next_at[key] = loop.time() + self._window_s


class ShardSupervisor:
    """Runs the shards until it is cancelled.

    A shard reconnects by itself; should it end, it is started again with a growing pause, unless Discord's close
    code says that trying again is useless.
    """

    def __init__(
        self,
        shards: Mapping[int, Callable[[], Shard]],
        gate: IdentifyGate,
        metrics: Metrics,
        *,
        first_backoff_s: float = 1.0,
        sessions: Mapping[int, ShardSession] | None = None,
    ) -> None:
        """``sessions`` are those of an earlier process, to be resumed."""
        self._factories = shards
        self._gate = gate
        self._metrics = metrics
        self._first_backoff_s = first_backoff_s
        self._sessions = dict(sessions or {})
        self.last_sessions: dict[int, ShardSession] = {}
        """Where each shard stood when it ended."""
        self._live: dict[int, Shard] = {}
        self._started = asyncio.Event()

    @property
    def shards(self) -> Mapping[int, Shard]:
        """The live shards, by id; the app's view for hikari."""
        return self._live

    @property
    def all_connected(self) -> bool:
        return len(self._live) == len(self._factories) and all(s.is_connected for s in self._live.values())

    async def wait_started(self) -> None:
        """Return when every shard has had its first session."""
        await self._started.wait()

    async def run(self) -> None:
        """Raises GatewayRefused when Discord's answer is final; otherwise runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for shard_id in self._factories:
                    group.create_task(self._keep(shard_id), name=f"shard {shard_id}")
        except* GatewayRefused as refused:
            raise refused.exceptions[0] from None

    async def _keep(self, shard_id: int) -> None:
        backoff_s = self._first_backoff_s
        session = self._sessions.pop(shard_id, None)
        while True:
            shard = self._factories[shard_id]()
            started = False
            try:
                if session is not None:
                    shard.restore(session)
                else:
                    await self._gate.wait_turn(shard_id)
                self._live[shard_id] = shard
                await shard.start()
                started = True
                if self.all_connected:
                    self._started.set()
                self._metrics.shards_connected.inc()
                backoff_s = self._first_backoff_s
                await shard.join()
                _log.warning("shard ended", shard=shard_id)
            except errors.GatewayServerClosedConnectionError as error:
                if error.code in FATAL_CLOSE_CODES:
                    raise GatewayRefused(FATAL_CLOSE_CODES[int(error.code)]) from error
                _log.warning("shard closed by Discord", shard=shard_id, code=error.code, reason=error.reason)
            except (errors.HikariError, OSError, RuntimeError) as error:
                _log.warning("shard failed", shard=shard_id, error=repr(error))
            finally:
                if started:
                    self._metrics.shards_connected.dec()
                if shard.is_alive:
                    await _close(shard)
                self._live.pop(shard_id, None)
                session = shard.session
                if session is not None:
                    self.last_sessions[shard_id] = session
            self._metrics.shard_restarts.inc()
            pause_s = backoff_s * random.uniform(0.5, 1.0)
            _log.info("shard starts again", shard=shard_id, in_s=round(pause_s, 2))
            await asyncio.sleep(pause_s)
            backoff_s = min(backoff_s * 2, _MAX_BACKOFF_S)


async def _close(shard: Shard) -> None:
    try:
        await shard.close()
    except (errors.HikariError, OSError) as error:
        _log.warning("shard did not close cleanly", shard=shard.id, error=repr(error))
