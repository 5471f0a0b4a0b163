"""Takes each message through its guild's plan: observers count it, stages judge it, verdicts go to the runner."""

import time
from collections.abc import Callable, Sequence

from skynetbot.discord.messages import Message
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.pipeline.plans import Plan, PlanBook
from skynetbot.pipeline.runner import VerdictRunner

__all__ = ["Observer", "Pipeline"]

_log = get_logger(__name__)

Observer = Callable[[Message], None]
"""Sees every message of a person in a server, before any stage; it must not wait."""


class Pipeline:
    """Messages of one member are judged in the order in which Discord sent them, because judging never waits."""

    def __init__(self, plans: PlanBook, observers: Sequence[Observer], runner: VerdictRunner, metrics: Metrics) -> None:
        self._plans = plans
        self._observers = tuple(observers)
        self._runner = runner
        self._metrics = metrics
        self._observe_seconds = metrics.message_seconds.observe
        self.messages = 0
        metrics.read_at_exposition(
            "skynetbot_messages", "Messages of people that went through the pipeline.", lambda: self.messages
        )

    def on_message(self, message: Message) -> None:
        """One MESSAGE_CREATE."""
        if message.guild_id is None or not message.from_person:
            return
        started = time.perf_counter()
        for observer in self._observers:
            observer(message)
        plan = self._plans.get(message.guild_id)
        if plan is None:
            self._plans.when_ready(message.guild_id, lambda ready: self._judge(message, ready))
        elif plan.stages:
            self._judge(message, plan)
        self.messages += 1
        self._observe_seconds(time.perf_counter() - started)

    def on_edit(self, message: Message) -> None:
        """An edit is judged like a new message, and counted by nobody."""
        # Discord also sends MESSAGE_UPDATE when it adds a link preview; those carry no edit time.
        if message.guild_id is None or not message.from_person or message.edited_timestamp is None:
            return
        self._plans.when_ready(message.guild_id, lambda ready: self._judge(message, ready))

    def _judge(self, message: Message, plan: Plan) -> None:
        for name, stage in zip(plan.stage_names, plan.stages, strict=True):
            try:
                verdict = stage(message)
            except Exception:  # noqa: BLE001 - boundary, logged
                # A broken rule must not take the others with it; the metric and the log name it.
                self._metrics.gateway_rejects.labels("stage", name).inc()
                _log.exception("stage failed", stage=name, guild=message.guild_id, message=message.id)
                continue
            if verdict is not None:
                self._metrics.verdicts.labels(verdict.feature).inc()
                self._runner.submit(message, verdict)
                if verdict.stop:
                    return
