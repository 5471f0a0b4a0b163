"""A guild's plan: the stages that its settings switched on, compiled once and replaced when settings change."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from skynetbot.discord.messages import Message
from skynetbot.guildconfig.service import SettingsService
from skynetbot.guildconfig.snapshot import GuildSettings
from skynetbot.observability.logs import get_logger
from skynetbot.pipeline.verdicts import Verdict
from skynetbot.storage.errors import StorageError

__all__ = ["Plan", "PlanBook", "Stage", "StageSpec"]

_log = get_logger(__name__)

Stage = Callable[[Message], Verdict | None]
"""Judges one message inline; it must not wait on anything."""

_MAX_WAITING: Final = 10_000
"""Messages of one guild that may wait for its first plan; the load takes milliseconds."""
_RETRY_S: Final = 1.0


class StageSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A feature's stage: ``compile`` returns the check for a guild's settings, or None where it has nothing to do."""

    name: str
    order: int
    """Smaller runs earlier: cheap and often decisive first."""
    compile: Callable[[GuildSettings], Stage | None]


class Plan(msgspec.Struct, frozen=True):
    settings: GuildSettings
    stages: tuple[Stage, ...]
    stage_names: tuple[str, ...]


def compile_plan(settings: GuildSettings, specs: Sequence[StageSpec]) -> Plan:
    """Only what the guild switched on exists in the plan; nothing on costs nothing."""
    compiled = [(spec.name, spec.compile(settings)) for spec in sorted(specs, key=lambda spec: spec.order)]
    live = [(name, stage) for name, stage in compiled if stage is not None]
    return Plan(settings, tuple(stage for _, stage in live), tuple(name for name, _ in live))


class PlanBook:
    """The plans of this process's guilds. A guild without one keeps its messages, in order, until it is loaded."""

    def __init__(self, settings: SettingsService, specs: Sequence[StageSpec]) -> None:
        self._settings = settings
        self._specs = specs
        self._plans: dict[int, Plan] = {}
        self._waiting: dict[int, deque[Callable[[Plan], None]]] = {}
        self._loads: dict[int, asyncio.Task[None]] = {}
        self._stale: set[int] = set()
        self.shed = 0

    def get(self, guild_id: int) -> Plan | None:
        return self._plans.get(guild_id)

    def when_ready(self, guild_id: int, then: Callable[[Plan], None]) -> None:
        """Call ``then`` with the guild's plan, now or after its load; in order of asking."""
        plan = self._plans.get(guild_id)
        if plan is not None:
            then(plan)
            return
        waiting = self._waiting.setdefault(guild_id, deque())
        if len(waiting) >= _MAX_WAITING:
            self.shed += 1
            _log.error("message not judged: too many wait for the guild's settings", guild=guild_id, shed=self.shed)
            return
        waiting.append(then)
        self.refresh(guild_id)

    def refresh(self, guild_id: int) -> None:
        """Load the guild's settings (again) and swap the plan; the old one serves meanwhile."""
        if guild_id in self._loads:
            self._stale.add(guild_id)
            return
        task = asyncio.get_running_loop().create_task(self._load(guild_id), name=f"plan {guild_id}")
        self._loads[guild_id] = task

    def invalidate(self, guild_id: int) -> None:
        """The settings changed: messages from now on wait for the new plan, so that a save is in force at once."""
        self._plans.pop(guild_id, None)
        self.refresh(guild_id)

    def forget(self, guild_id: int) -> None:
        """The bot left the guild."""
        self._plans.pop(guild_id, None)

    async def close(self) -> None:
        loads = tuple(self._loads.values())
        for task in loads:
            task.cancel()
        await asyncio.gather(*loads, return_exceptions=True)

    def stats(self) -> dict[str, int]:
        return {
            "plans": len(self._plans),
            "loading": len(self._loads),
            "waiting": sum(len(waiting) for waiting in self._waiting.values()),
            "shed": self.shed,
        }

    async def _load(self, guild_id: int) -> None:
        try:
            while True:
                self._stale.discard(guild_id)
                try:
                    snapshot = await self._settings.snapshot(guild_id)
                except StorageError as error:
                    _log.error("settings cannot be read, trying again", guild=guild_id, error=str(error))
                    await asyncio.sleep(_RETRY_S)
                    continue
                if guild_id not in self._stale:
                    break
            plan = compile_plan(snapshot, self._specs)
            self._plans[guild_id] = plan
            for then in self._waiting.pop(guild_id, ()):
                then(plan)
        finally:
            self._loads.pop(guild_id, None)
