"""Carries verdicts out in Discord and records each with its evidence, whatever became of it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from skynetbot.bus.local import LocalBus
from skynetbot.discord.effects import DiscordEffects, EffectRefused
from skynetbot.discord.messages import Message
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.pipeline.verdicts import DeleteMessage, Effect, LogToChannel, Verdict, WarnMember
from skynetbot.storage.actions import ActionRepository, ActionRow
from skynetbot.storage.errors import StorageError

__all__ = ["VerdictRunner", "actions_topic"]

_log = get_logger(__name__)
_WORKERS: Final = 16
_QUEUE_BOUND: Final = 1_000

actions_topic: Final = "actions.recorded"
"""Bus topic; the message is the id of the server whose record has a new line."""


class VerdictRunner:
    """Verdicts on one member run one after another; different members never wait for each other's worker."""

    def __init__(
        self,
        effects: DiscordEffects,
        actions: ActionRepository,
        bus: LocalBus,
        metrics: Metrics,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._effects = effects
        self._actions = actions
        self._bus = bus
        self._metrics = metrics
        self._now = now
        self._queues: list[asyncio.Queue[tuple[Message, Verdict]]] = [
            asyncio.Queue(_QUEUE_BOUND) for _ in range(_WORKERS)
        ]
        self.shed = 0

    def submit(self, message: Message, verdict: Verdict) -> None:
        """Queue a verdict; when a member's queue is full it is shed, visibly."""
        author_id = message.author.id if message.author else 0
        queue = self._queues[hash((message.guild_id, author_id)) % _WORKERS]
        try:
            queue.put_nowait((message, verdict))
        except asyncio.QueueFull:
            self.shed += 1
            self._metrics.effects.labels(verdict.feature, "shed").inc()
            _log.error("verdict shed", feature=verdict.feature, guild=message.guild_id, message=message.id)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number, queue in enumerate(self._queues):
                group.create_task(self._work(queue), name=f"verdicts {number}")

    async def drain(self) -> None:
        """Return when everything submitted so far has been carried out and recorded."""
        await asyncio.gather(*(queue.join() for queue in self._queues))

    def stats(self) -> dict[str, int]:
        return {"waiting": sum(queue.qsize() for queue in self._queues), "shed": self.shed}

    async def _work(self, queue: asyncio.Queue[tuple[Message, Verdict]]) -> None:
        while True:
            message, verdict = await queue.get()
            try:
                await self._carry_out(message, verdict)
            except Exception:  # noqa: BLE001 - boundary, logged
                # A supervisor: one verdict that cannot be recorded must not stop the member's next one.
                self._metrics.effects.labels(verdict.feature, "failed").inc()
                _log.exception("verdict not carried out", feature=verdict.feature, message=message.id)
            finally:
                queue.task_done()

    async def _carry_out(self, message: Message, verdict: Verdict) -> None:
        outcomes: dict[str, str] = {}
        for effect in verdict.effects:
            kind = type(effect).__name__
            try:
                await self._apply(message, verdict, effect)
            except EffectRefused as refused:
                outcomes[kind] = refused.reason
                self._metrics.effects.labels(kind, "refused").inc()
            else:
                outcomes[kind] = "done"
                self._metrics.effects.labels(kind, "done").inc()
        refused_kinds = [kind for kind, outcome in outcomes.items() if outcome != "done"]
        row = ActionRow(
            at=self._now(),
            guild_id=message.guild_id or 0,
            feature=verdict.feature,
            kind=verdict.rule if not refused_kinds else f"{verdict.rule} (incomplete)",
            subject=message.author_name,
            summary=verdict.summary,
            reason=verdict.reason,
            channel_id=message.channel_id,
            user_id=message.author.id if message.author else None,
            message_id=message.id,
            settings_version=verdict.settings_version,
            evidence={**verdict.evidence, **outcomes},
        )
        try:
            await self._actions.add(row)
        except StorageError as error:
            _log.error("action not recorded", action=row.kind, guild=row.guild_id, error=str(error))
            raise
        self._bus.publish(actions_topic, row.guild_id)

    async def _apply(self, message: Message, verdict: Verdict, effect: Effect) -> None:
        match effect:
            case DeleteMessage():
                await self._effects.delete_message(message.channel_id, message.id, reason=verdict.reason)
            case WarnMember(text, "direct"):
                if message.author is not None:
                    await self._effects.send_direct_message(message.author.id, text)
            case WarnMember(text, _):
                author_id = message.author.id if message.author else 0
                await self._effects.send_message(
                    message.channel_id, f"<@{author_id}> {text}", mention_users=[author_id]
                )
            case LogToChannel(channel_id, text):
                await self._effects.send_message(channel_id, text)
