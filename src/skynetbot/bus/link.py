"""Keeps one transport open: connects again after a loss, sends the heartbeat, and notices when nothing comes back."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

from skynetbot.bus.peers import SILENT_BEATS
from skynetbot.bus.transport import Transport, TransportError
from skynetbot.observability.logs import get_logger

__all__ = ["Link"]

_log = get_logger(__name__)
_OPEN_TIMEOUTS: Final = 3  # opening takes several round trips


class Link:
    """``run`` until cancelled. ``up`` says whether ``publish`` has a chance, ``trusted`` whether all others are back.

    Everyone hears himself on a transport, so silence for SILENT_BEATS heartbeats means that this connection is dead,
    whatever the socket says.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        beat: Callable[["Link"], bytes],
        heard: Callable[[bytes], None],
        opened: Callable[["Link", bool], None],
        heartbeat_s: float,
        timeout_s: float,
        backoff_s: tuple[float, float],
    ) -> None:
        """``opened`` is told whether something may have been missed before.

        ``backoff_s`` is the first and the longest wait before connecting again.
        """
        self.name = transport.name
        self.up = False
        self.tried = asyncio.Event()
        """Set after the first attempt to open, whatever came of it."""
        self.carried = 0
        """The number of our last message that went over this link."""
        self.settled = 0
        """Up to where all our messages were sent, over any link, when this link last beat."""
        self._transport = transport
        self._beat = beat
        self._heard = heard
        self._opened = opened
        self._heartbeat_s = heartbeat_s
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._lost = asyncio.Event()
        self._reason = ""
        self._silent = 0
        self._proven = False
        self._trusted_at = 0.0

    async def run(self) -> None:
        failures = 0
        while True:
            self._lost, self._reason, self._silent, self._proven = asyncio.Event(), "", 0, False
            try:
                await self._session(self._lost)
            except (TransportError, TimeoutError) as error:
                self._reason = self._reason or str(error) or "no answer in time"
            except Exception as error:  # noqa: BLE001 - boundary, logged
                self._reason = repr(error)
                _log.exception("bus transport failed", transport=self.name)
            finally:
                self.up = False
                await self._transport.close()
            # What opens but never brings back even our own heartbeat counts as failing.
            failures = 0 if self._proven else failures + 1
            if failures < 2:
                _log.warning("bus transport lost", transport=self.name, reason=self._reason)
            self.tried.set()
            first, longest = self._backoff_s
            await asyncio.sleep(min(longest, first * 2 ** min(failures, 30)) * random.uniform(0.5, 1.0))

    @property
    def trusted(self) -> bool:
        """Up, and when it had been lost, for long enough that the other instances are connected again, too."""
        return self.up and time.monotonic() >= self._trusted_at

    async def publish(self, data: bytes) -> None:
        """Raises TransportError, and then the link is down until it has connected again."""
        if not self.up:
            raise TransportError(f"{self.name} is not connected")
        session = self._lost
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._transport.publish(data)
        except TimeoutError:
            problem = f"no answer within {self._timeout_s:g} s"
        except TransportError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - boundary, logged
            problem = repr(error)
            _log.exception("bus transport failed", transport=self.name)
        else:
            return
        self._end(session, problem)
        raise TransportError(f"{self.name}: {problem}")

    async def _session(self, session: asyncio.Event) -> None:
        async with asyncio.timeout(self._timeout_s * _OPEN_TIMEOUTS):
            await self._transport.open(self._on_data, lambda reason: self._end(session, reason))
        if session.is_set():
            return
        again = self.tried.is_set()
        # Others connect again up to the longest back-off later; until then they would miss what goes over it.
        self._trusted_at = time.monotonic() + self._backoff_s[1] + self._heartbeat_s if again else 0.0
        self.up = True
        if again:
            _log.info("bus transport connected again", transport=self.name)
        self._opened(self, again)
        self.tried.set()
        while self._silent < SILENT_BEATS:
            await self.publish(self._beat(self))
            self._silent += 1
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    await session.wait()
                return
            except TimeoutError:
                continue
        self._reason = f"nothing comes back, not even our own heartbeats, for {SILENT_BEATS} of them"

    def _on_data(self, data: bytes) -> None:
        self._silent = 0
        self._proven = True
        self._heard(data)

    def _end(self, session: asyncio.Event, reason: str) -> None:
        if session is self._lost and not session.is_set():
            self.up = False
            self._reason = reason
            session.set()
