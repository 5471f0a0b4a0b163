"""Notices in the gateway's events that somebody ended a measure by hand, and who comes back during one.

Only what was seen in place can be seen to go: an event from just before a measure shows its effect missing, too. So
each measure is watched from its order on, and counts as lifted when an event shows its effect gone after one that
showed it. After a start, what has been in force for a while counts as seen: Discord sends again at most the last
seconds. What is missed (while the bot is away longer) costs nothing but that the case stays open until its time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from skynetbot.discord.events import RawHandler
from skynetbot.features.contract import FeatureServices
from skynetbot.features.temporary import wording
from skynetbot.features.temporary.ledger import APPLY, END, KEEP, Ledger, Record, Tell
from skynetbot.features.temporary.measures import ACTIVE, APPLYING, Measure
from skynetbot.features.temporary.rules import EVENTS, in_place, target_of
from skynetbot.features.temporary.settings import TemporarySettings
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError

__all__ = ["Watch"]

_log = get_logger(__name__)
_BACKLOG: Final = 10_000
_SENT_AGAIN_S: Final = 60.0
_PAUSE_S: Final = 0.1
_PATIENCE_S: Final = 30.0


class _Watched(msgspec.Struct):
    id: int
    measure: Measure
    seen: bool


class Watch:
    """Events are looked at in their order by one task, which starts with the first of them."""

    def __init__(self, services: FeatureServices, ledger: Ledger) -> None:
        self._services = services
        self._ledger = ledger
        self._guilds: dict[int, dict[int, dict[int, _Watched]]] = {}
        """Of each server that was loaded: target -> document -> what is watched."""
        self._events: asyncio.Queue[tuple[str, Mapping[str, Any]]] = asyncio.Queue(_BACKLOG)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader: asyncio.Task[None] | None = None
        ledger.on_closed = self.forget

    def handlers(self) -> Mapping[str, RawHandler]:
        return {event: self._handler(event) for event in EVENTS}

    def add(self, record: Record) -> None:
        """Watch a measure that was just ordered in a server that is loaded."""
        if record.measure.stays:
            self._put(self._guilds[record.measure.guild_id], _Watched(record.id, record.measure, seen=False))

    def forget(self, measure: Measure, id_: int) -> None:
        targets = self._guilds.get(measure.guild_id, {})
        watched = targets.get(measure.target_id, {})
        watched.pop(id_, None)
        if not watched:
            targets.pop(measure.target_id, None)

    async def load(self, guild_id: int) -> None:
        """Read what is to be watched in a server, if that was not done yet."""
        if guild_id in self._guilds:
            return
        records = [r for state in (ACTIVE, APPLYING) for r in await self._ledger.in_state(guild_id, state)]
        guild: dict[int, dict[int, _Watched]] = {}
        old = self._services.process.started_at - _SENT_AGAIN_S
        for record in records:
            active_at = record.measure.active_at
            if record.measure.stays:
                seen = active_at is not None and active_at < old
                self._put(guild, _Watched(record.id, record.measure, seen=seen))
        self._guilds.setdefault(guild_id, guild)

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._reader] if self._reader is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _put(self, guild: dict[int, dict[int, _Watched]], watched: _Watched) -> None:
        guild.setdefault(watched.measure.target_id, {}).setdefault(watched.id, watched)

    def _handler(self, event: str) -> RawHandler:
        def handle(payload: Mapping[str, Any]) -> None:
            guild = self._guilds.get(int(payload.get("guild_id") or 0))
            if guild is not None and event != "GUILD_ROLE_DELETE" and target_of(event, payload) not in guild:
                return
            if self._reader is None:
                self._reader = asyncio.get_running_loop().create_task(self._read(), name="temporary measures")
            try:
                self._events.put_nowait((event, payload))
            except asyncio.QueueFull:
                _log.warning("too many events to look for lifted measures", dispatch=event)

        return handle

    async def _read(self) -> None:
        while True:
            event, payload = await self._events.get()
            try:
                await self._look(event, payload)
            except (StorageError, KeyError, ValueError, TypeError, AttributeError) as error:
                # A payload of another form than documented, or the database is away: the jobs end everything anyway.
                _log.warning("event not looked at", dispatch=event, error=repr(error))

    async def _look(self, event: str, payload: Mapping[str, Any]) -> None:
        guild_id = int(payload.get("guild_id") or 0)
        if not guild_id:
            return
        await self.load(guild_id)
        target = target_of(event, payload)
        guild = self._guilds[guild_id]
        if event == "GUILD_ROLE_DELETE":
            found = [each for watched in guild.values() for each in watched.values() if each.measure.role_id == target]
        else:
            found = list(guild.get(target, {}).values())
        for watched in found:
            here = in_place(watched.measure, event, payload, self._services.now())
            if here is None:
                continue
            if here:
                watched.seen = True
            elif event == "GUILD_MEMBER_ADD":
                watched.seen = False
                self._start(self._returned(watched.id))
            elif watched.seen or event.endswith("_DELETE"):
                self._start(self._gone(watched.id))

    def _start(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except StorageError as error:
                _log.warning("a lifted measure could not be recorded", error=str(error))

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _gone(self, id_: int) -> None:
        """Close the case, unless it was one of our own steps that ended it: those are waited for."""

        async def close(record: Record) -> bool:
            settings = (await self._services.settings.snapshot(record.measure.guild_id)).get(TemporarySettings)
            text = wording.over(record.measure, "ended by hand in Discord")
            log = settings.log_channel
            return await self._ledger.lift(record, [] if log is None else [Tell("channel", log, text)])

        await self._when_idle(id_, close)

    async def _returned(self, id_: int) -> None:
        async def keep(record: Record) -> bool:
            await self._ledger.keep_up(record)
            return True

        await self._when_idle(id_, keep)

    async def _when_idle(self, id_: int, act: Callable[[Record], Awaitable[bool]]) -> None:
        deadline = self._services.now() + _PATIENCE_S
        while self._services.now() < deadline:
            record = await self._ledger.get(id_)
            if record is None or record.state not in (ACTIVE, APPLYING):
                return
            if record.state == ACTIVE and not await self._in_hand(record) and await act(record):
                return
            await asyncio.sleep(_PAUSE_S)

    async def _in_hand(self, record: Record) -> bool:
        for queue, key in ((END, str(record.id)), (KEEP, str(record.id)), (APPLY, record.measure.thing_key)):
            if await self._ledger.in_hand(queue, key):
                return True
        return False
