"""From INTERACTION_CREATE to a handler and back: permission, errors as answers, an answer always within time."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from skynetbot.discord.commands import (
    ADMINISTRATOR,
    Command,
    CommandContext,
    PressContext,
    PressHandler,
    Reply,
    Responder,
    Subcommand,
    UserError,
)
from skynetbot.discord.interactions import (
    APPLICATION_COMMAND,
    AUTOCOMPLETE,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    Option,
    read_interaction,
)
from skynetbot.discord.posts import read_action_id
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics

__all__ = ["CommandRouter", "UseListener"]

_log = get_logger(__name__)
_MAX_RUNNING: Final = 500
"""Handlers at once; past it people are told to try again, which beats a queue nobody answers in 3 s."""
_MAX_CHOICES: Final = 25
_WENT_WRONG: Final = "That went wrong on my side, and my operator has been told (reference {})."

UseListener: TypeAlias = Callable[[Interaction, str], None]
"""Called after a command of ours ran, well or not, with its whole name."""


class CommandRouter:
    """Owns the tasks of running handlers; ``drain`` waits for them at shutdown."""

    def __init__(
        self,
        commands: Iterable[Command],
        responder: Responder,
        metrics: Metrics,
        *,
        latency_s: Callable[[], float],
        on_used: Iterable[UseListener] = (),
        presses: Mapping[tuple[str, str], PressHandler] | None = None,
    ) -> None:
        """``presses`` are the handlers of buttons, selects and modals by (feature, action)."""
        self._presses = dict(presses or {})
        self._leaves: dict[tuple[str, ...], tuple[Command, Subcommand]] = {
            path: (command, leaf) for command in commands for path, leaf in command.leaves().items()
        }
        self._responder = responder
        self._metrics = metrics
        self._latency_s = latency_s
        self._on_used = tuple(on_used)
        self._running: set[asyncio.Task[None]] = set()

    def on_interaction(self, payload: Mapping[str, Any]) -> None:
        """Take one INTERACTION_CREATE; returns at once."""
        try:
            interaction = read_interaction(payload)
        except (msgspec.ValidationError, KeyError, TypeError) as error:
            self._metrics.gateway_rejects.labels("INTERACTION_CREATE", "malformed").inc()
            _log.warning("interaction could not be read", error=str(error))
            return
        if interaction.type == APPLICATION_COMMAND:
            work = self._run(interaction)
        elif interaction.type == AUTOCOMPLETE:
            work = self._complete(interaction)
        elif interaction.type in (COMPONENT, MODAL_SUBMIT):
            work = self._press(interaction)
        else:
            return
        if len(self._running) >= _MAX_RUNNING:
            work.close()
            work = self._answer(interaction, Reply(content="I am very busy. Try again in a moment.", ephemeral=True))
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def drain(self, timeout_s: float = 5.0) -> None:
        """Wait for running handlers, then cancel what still runs."""
        if self._running:
            _, late = await asyncio.wait(tuple(self._running), timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def stats(self) -> dict[str, int]:
        return {"running": len(self._running), "commands": len(self._leaves)}

    async def _run(self, interaction: Interaction) -> None:
        path, options = interaction.path()
        name = " ".join(path)
        found = self._leaves.get(path)
        if found is None:
            self._metrics.commands.labels("unknown", "unknown").inc()
            text = f"I do not know `/{name}` any more. Reload Discord to see the current commands."
            await self._answer(interaction, Reply(content=text, ephemeral=True))
            return
        command, leaf = found
        outcome = "ok"
        try:
            _require_permissions(command, interaction)
            reply = await leaf.handler(self._context(interaction, options))
        except UserError as error:
            outcome = "refused"
            reply = Reply(content=str(error), ephemeral=True)
        except Exception:  # noqa: BLE001 - boundary, logged
            # A supervisor: whatever a handler does wrong, the person gets an answer and the operator a trace.
            outcome = "failed"
            _log.exception("command failed", command=name, interaction=interaction.id, guild=interaction.guild_id)
            reply = Reply(content=_WENT_WRONG.format(interaction.id), ephemeral=True)
        self._metrics.commands.labels(name, outcome).inc()
        for listener in self._on_used:
            listener(interaction, name)
        await self._answer(interaction, reply)

    async def _press(self, interaction: Interaction) -> None:
        feature, action, args = read_action_id(interaction.data.custom_id if interaction.data else "")
        handler = self._presses.get((feature, action))
        if handler is None:
            self._metrics.commands.labels("unknown", "unknown").inc()
            text = "That button is of an older version of me and does nothing any more."
            await self._answer(interaction, Reply(content=text, ephemeral=True))
            return
        context = PressContext(
            interaction, args, interaction.data.values if interaction.data else (), interaction.typed()
        )
        name = f"{feature}:{action}"
        outcome = "ok"
        try:
            reply = await handler(context)
        except UserError as error:
            outcome = "refused"
            reply = Reply(content=str(error), ephemeral=True)
        except Exception:  # noqa: BLE001 - boundary, logged
            outcome = "failed"
            _log.exception("press failed", action=name, interaction=interaction.id, guild=interaction.guild_id)
            reply = Reply(content=_WENT_WRONG.format(interaction.id), ephemeral=True)
        self._metrics.commands.labels(name, outcome).inc()
        await self._answer(interaction, reply)

    async def _complete(self, interaction: Interaction) -> None:
        path, options = interaction.path()
        found = self._leaves.get(path)
        focused = next((option for option in options if option.focused), None)
        choices: Sequence[tuple[str, str]] = ()
        if found is not None and focused is not None and found[1].completer is not None:
            try:
                _require_permissions(found[0], interaction)
                typed = str(focused.value or "")
                choices = await found[1].completer(self._context(interaction, options), focused.name, typed)
            except UserError:
                choices = ()
            except Exception:  # noqa: BLE001 - boundary, logged
                _log.exception("autocomplete failed", command=" ".join(path), interaction=interaction.id)
        try:
            await self._responder.choices(interaction, choices[:_MAX_CHOICES])
        except Exception:  # noqa: BLE001 - boundary, logged
            _log.exception("choices not delivered", interaction=interaction.id)

    async def _answer(self, interaction: Interaction, reply: Reply) -> None:
        try:
            await self._responder.reply(interaction, reply)
        except Exception:  # noqa: BLE001 - boundary, logged
            # The interaction is gone or Discord is down; nobody is left to tell but the operator.
            _log.exception("answer not delivered", interaction=interaction.id)

    def _context(self, interaction: Interaction, options: Sequence[Option]) -> CommandContext:
        values = {option.name: option.value for option in options if option.value is not None}
        return CommandContext(interaction, values, self._latency_s())


def _require_permissions(command: Command, interaction: Interaction) -> None:
    if command.guild_only and interaction.guild_id is None:
        raise UserError("This command works only in a server.")
    if command.permissions and not interaction.permissions & ADMINISTRATOR:
        missing = command.permissions & ~interaction.permissions
        if missing:
            raise UserError("You need the permission 'Manage Server' for this command.")
