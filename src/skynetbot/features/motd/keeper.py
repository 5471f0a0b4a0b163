"""Keeps exactly one job for each server that wants a message of the day, and none for the others."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from skynetbot.features.contract import FeatureServices
from skynetbot.features.motd.memory import Memory
from skynetbot.features.motd.rules import daily, first_due
from skynetbot.features.motd.settings import MotdSettings
from skynetbot.jobs.schedules import packed
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError
from skynetbot.storage.jobs import NewJob

__all__ = ["QUEUE", "Keeper"]

QUEUE: Final = "motd.post"

_log = get_logger(__name__)
_AGAIN_S: Final = 1.0
_PAGE: Final = 500


class Keeper:
    """Servers are looked at when their settings change, when Discord names them, and all jobs at each connection."""

    def __init__(self, services: FeatureServices, memory: Memory) -> None:
        self._services = services
        self._memory = memory
        self._waiting: dict[int, bool] = {}
        """Servers to look at, and whether the bot is in them."""
        self._look_at_all: list[Mapping[str, Any] | None] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # -- what happens; none of it waits ----------------------------------------------------------------------------

    def changed(self, guild_id: int) -> None:
        self._want(guild_id, here=True)

    def named(self, payload: Mapping[str, Any]) -> None:
        """GUILD_CREATE: at a start, or after an invitation. Most servers do not want this, and cost nothing."""
        guild_id = int(payload["id"])
        snapshot = self._services.settings.peek(guild_id)
        if snapshot is None or snapshot.get(MotdSettings).enabled:
            self._want(guild_id, here=True)

    def left(self, payload: Mapping[str, Any]) -> None:
        if not payload.get("unavailable"):
            self._want(int(payload["id"]), here=False)

    def ready(self, payload: Mapping[str, Any]) -> None:
        """READY names every server of the shard: jobs of servers that the bot was removed from meanwhile go."""
        self._look_at_all.append(payload)
        self._start()

    def resumed(self, _: Mapping[str, Any]) -> None:
        """After a crash the session goes on, and no server is named."""
        for guild in self._services.guilds.all():
            self.named({"id": guild.id})
        self._look_at_all.append(None)
        self._start()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # -- the work --------------------------------------------------------------------------------------------------

    async def sync(self, guild_id: int, *, here: bool = True) -> bool:
        """Make the job what the settings say; False when it is running just now, so ask again."""
        jobs, key = self._services.jobs, str(guild_id)
        settings = (await self._services.settings.snapshot(guild_id)).get(MotdSettings)
        job = await jobs.find(QUEUE, key)
        if not settings.enabled or not here:
            return job is None or await jobs.cancel(QUEUE, key)
        schedule = daily(settings.time, settings.zone)
        if job is not None and job.schedule == packed(schedule):
            # It may be overdue, and then it must keep its time: the runner knows how late is too late.
            return True
        _, kept = await self._memory.read(guild_id)
        due = first_due(schedule, self._services.now(), kept.due)
        if due is None:
            return True
        (id_,) = await jobs.schedule(
            NewJob(
                queue=QUEUE,
                key=key,
                due=due,
                guild_id=guild_id,
                title=f"Message of the day, daily at {settings.time} ({schedule.zone})",
                schedule=packed(schedule),
            )
        )
        return id_ is not None

    def _want(self, guild_id: int, *, here: bool) -> None:
        self._waiting[guild_id] = here
        self._start()

    def _start(self) -> None:
        self._wake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="messages of the day")

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            again = await self._look()
            if again:
                await asyncio.sleep(_AGAIN_S)
                for guild_id, here in again.items():
                    # What came meanwhile is newer.
                    self._waiting.setdefault(guild_id, here)
                self._wake.set()

    async def _look(self) -> dict[int, bool]:
        """One round; the servers that must be looked at again."""
        again: dict[int, bool] = {}
        while self._look_at_all:
            try:
                await self._look_at_jobs(self._look_at_all[0])
            except StorageError as error:
                _log.warning("messages of the day cannot be looked through", error=str(error))
                await asyncio.sleep(_AGAIN_S)
                continue
            del self._look_at_all[0]
        waiting, self._waiting = self._waiting, {}
        for guild_id, here in waiting.items():
            try:
                done = await self.sync(guild_id, here=here)
            except StorageError as error:
                _log.warning("message of the day not scheduled yet", guild=guild_id, error=str(error))
                done = False
            if not done:
                again[guild_id] = here
        return again

    async def _look_at_jobs(self, ready: Mapping[str, Any] | None) -> None:
        """Every job: of a server that does not want it any more, or that the bot was removed from, it goes."""
        after = (0.0, 0)
        while True:
            jobs = await self._services.jobs.repository.pending(queue=QUEUE, after=after, limit=_PAGE)
            for job in jobs:
                wants = (await self._services.settings.snapshot(job.guild_id)).get(MotdSettings).enabled
                gone = ready is not None and _is_gone(job.guild_id, ready)
                if gone or not wants:
                    self._waiting[job.guild_id] = not gone
            if len(jobs) < _PAGE:
                return
            after = (jobs[-1].due, jobs[-1].id)


def _is_gone(guild_id: int, ready: Mapping[str, Any]) -> bool:
    """Whether this shard would have the server, and has it not.

    https://discord.com/developers/docs/events/gateway#sharding
    """
    shard, count = ready.get("shard") or (0, 1)
    named = {int(guild["id"]) for guild in ready.get("guilds") or ()}
    return (guild_id >> 22) % count == shard and guild_id not in named
