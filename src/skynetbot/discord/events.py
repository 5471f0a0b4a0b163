"""Our event manager in front of hikari's: messages take the short way, raw listeners get plain payloads.

hikari's factory builds its objects only for events that somebody listens to through hikari; nobody does so far.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import hikari
import msgspec
from hikari.impl import event_manager as hikari_event_manager
from typing_extensions import override

from skynetbot.discord.messages import Message, message_from_payload
from skynetbot.discord.state.errors import MalformedPayload
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics

__all__ = ["EventManager", "MessageHandler", "RawHandler"]

_log = get_logger(__name__)

MessageHandler = Callable[[Message], None]
RawHandler = Callable[[Mapping[str, Any]], None]


class EventManager(hikari_event_manager.EventManagerImpl):
    """Synchronous delivery: a handler that has to wait hands its work to an owned task.

    A plain call costs a tenth of a task, and keeps the order in which Discord sent.
    """

    def __init__(self, *args: Any, metrics: Metrics, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._metrics = metrics
        self.messages_received = 0
        metrics.read_at_exposition(
            "skynetbot_gateway_messages",
            "MESSAGE_CREATE dispatches received.",
            lambda: self.messages_received,
        )
        self._on_message: MessageHandler = _ignore_message
        self._on_message_update: MessageHandler = _ignore_message
        self._raw: dict[str, list[RawHandler]] = {}
        self.brake: Callable[[], Awaitable[None]] = _never_brake
        """Awaited now and then between frames: while it waits nothing is read, and Discord holds what comes."""

    def on_message(self, handler: MessageHandler, *, edits: MessageHandler | None = None) -> None:
        """Deliver every MESSAGE_CREATE to ``handler`` (one only: the pipeline), edits likewise."""
        self._on_message = handler
        self._on_message_update = edits or _ignore_message

    def on_raw(self, event: str, handler: RawHandler) -> None:
        """Deliver the plain payload of each dispatch named ``event`` before hikari sees it."""
        self._raw.setdefault(event, []).append(handler)

    @override
    def consume_raw_event(self, event_name: str, shard: hikari.api.GatewayShard, payload: Any) -> None:
        if event_name == "MESSAGE_CREATE":
            message = self._read_message(event_name, payload)
            if message is not None:
                self.consume_message(message)
            return
        self._metrics.gateway_events.labels(event_name if event_name.lower() in self._consumers else "unknown").inc()
        if event_name == "MESSAGE_UPDATE":
            message = self._read_message(event_name, payload)
            if message is not None:
                self._deliver(event_name, self._on_message_update, message)
            return
        for handler in self._raw.get(event_name, ()):
            self._deliver(event_name, handler, payload)
        self._hand_to_hikari(event_name, shard, payload)

    async def breathe(self) -> None:
        """Let everything else run, and wait while what we bring is too much."""
        await asyncio.sleep(0)
        await self.brake()

    def consume_message(self, message: Message) -> None:
        """The short way of a MESSAGE_CREATE that the shard has decoded already."""
        self.messages_received += 1
        try:
            self._on_message(message)
        except Exception:  # noqa: BLE001 - boundary, logged
            self._metrics.gateway_rejects.labels("MESSAGE_CREATE", "handler").inc()
            _log.exception("handler failed", dispatch="MESSAGE_CREATE")

    def _hand_to_hikari(self, event_name: str, shard: hikari.api.GatewayShard, payload: Any) -> None:
        consumer = self._consumers.get(event_name.lower())
        if consumer is None:
            # Discord adds events before it documents them; a bot that knows less must simply go on.
            self._metrics.gateway_rejects.labels("unknown", "unknown").inc()
            return
        if not consumer.is_enabled:
            return
        try:
            consumer.callback(shard, payload)
        except hikari.UnrecognisedEntityError:
            self._metrics.gateway_rejects.labels(event_name, "unrecognised").inc()
        except Exception:  # noqa: BLE001 - boundary, logged
            # One of the four supervisors: hikari's factories are strict, and an odd payload must not end the shard.
            self._metrics.gateway_rejects.labels(event_name, "malformed").inc()
            _log.exception("dispatch could not be read", dispatch=event_name)

    def _read_message(self, event_name: str, payload: Any) -> Message | None:
        try:
            return message_from_payload(payload)
        except (msgspec.ValidationError, TypeError) as error:
            self._metrics.gateway_rejects.labels(event_name, "malformed").inc()
            _log.warning("message could not be read", dispatch=event_name, error=str(error))
            return None

    def _deliver(self, event_name: str, handler: Callable[[Any], None], payload: Any) -> None:
        try:
            handler(payload)
        except MalformedPayload as error:
            self._metrics.gateway_rejects.labels(event_name, "malformed").inc()
            _log.warning("dispatch could not be read", dispatch=event_name, error=error.problem)
        except Exception:  # noqa: BLE001 - boundary, logged
            self._metrics.gateway_rejects.labels(event_name, "handler").inc()
            _log.exception("handler failed", dispatch=event_name)


async def _never_brake() -> None:
    return None


def _ignore_message(_: Message) -> None:
    return None
