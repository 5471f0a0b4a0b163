"""Interactions under way: their timers, the modals they have opened, and what the person who began one is told."""

import asyncio
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Interaction
from discord_emulator.rest.call import Call

__all__ = [
    "AUTOCOMPLETE",
    "COMMAND",
    "COMPONENT",
    "KEPT",
    "MODAL",
    "TOKEN_LIFE_S",
    "Waiting",
    "metadata",
    "tell_invoker",
]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
TOKEN_LIFE_S: Final = 900.0
KEPT: Final = 10_000


class Waiting:
    """The timers of interactions that nobody has answered yet; owned here, cancelled at the end."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._modals: dict[tuple[int, int, str], Interaction] = {}

    def show_modal(self, interaction: Interaction, custom_id: str) -> None:
        """Remember what opened a modal: only the person who sees it may submit it, and once."""
        while len(self._modals) >= KEPT:
            del self._modals[next(iter(self._modals))]
        self._modals[interaction.user_id, interaction.application_id, custom_id] = interaction

    def take_modal(self, user_id: int, application_id: int, custom_id: str) -> Interaction | None:
        return self._modals.pop((user_id, application_id, custom_id), None)

    def start(self, call: Call, interaction: Interaction) -> None:
        self._tasks[interaction.id] = asyncio.create_task(self._expire(call, interaction))

    def answered(self, interaction: Interaction) -> None:
        task = self._tasks.pop(interaction.id, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = tuple(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _expire(self, call: Call, interaction: Interaction) -> None:
        await asyncio.sleep(call.context.interaction_timeout_s)
        self._tasks.pop(interaction.id, None)
        tell_invoker(call, interaction, "INTERACTION_FAILURE", {"reason_code": 2})


def tell_invoker(call: Call, interaction: Interaction, name: str, data: dict[str, Any]) -> None:
    """An event that only the person's own clients get."""
    body = {"id": str(interaction.id), "nonce": interaction.nonce, **data}
    receivers = frozenset({interaction.user_id})
    call.world.publish(name, body, guild_id=interaction.guild_id, channel_id=interaction.channel_id, user_ids=receivers)


def metadata(call: Call, interaction: Interaction) -> dict[str, Any]:
    """``interaction_metadata``: who asked for this message, and by what."""
    metadata: dict[str, Any] = {
        "id": str(interaction.id),
        "type": interaction.type,
        "user": payloads.user_payload(call.world.user(interaction.user_id)),
        "authorizing_integration_owners": {"0": str(interaction.guild_id or 0)},
    }
    if interaction.type == COMMAND:
        metadata["name"] = _full_name(interaction.data)
        metadata["command_type"] = interaction.data.get("type", 1)
    if interaction.type == COMPONENT and interaction.source_message_id is not None:
        metadata["interacted_message_id"] = str(interaction.source_message_id)
    if interaction.opened_by is not None:
        metadata["triggering_interaction_metadata"] = interaction.opened_by
    return metadata


def _full_name(data: dict[str, Any]) -> str:
    """The command's name with its group and subcommand, as messages tell it."""
    names = [str(data.get("name") or "")]
    inner = data.get("options")
    while inner and inner[0].get("type") in (1, 2):
        names.append(str(inner[0]["name"]))
        inner = inner[0].get("options")
    return " ".join(names)
