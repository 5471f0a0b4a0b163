"""Answers to interactions, over hikari's REST client."""

from collections.abc import Sequence
from typing import Final

import hikari
from hikari.impl import special_endpoints

from skynetbot.discord.building import message_arguments, modal_rows
from skynetbot.discord.commands import Reply
from skynetbot.discord.interactions import COMPONENT, MODAL_SUBMIT, Interaction

__all__ = ["HikariResponder"]

_ON_A_MESSAGE: Final = (COMPONENT, MODAL_SUBMIT)


class HikariResponder:
    """Sends each answer as the interaction's first response."""

    def __init__(self, rest: hikari.api.RESTClient) -> None:
        self._rest = rest

    async def reply(self, interaction: Interaction, reply: Reply) -> None:
        if reply.modal is not None:
            modal = reply.modal
            await self._rest.create_modal_response(
                interaction.id,
                interaction.token,
                title=modal.title[:45],
                custom_id=modal.action,
                components=modal_rows(modal),
            )
            return
        update = reply.update and interaction.type in _ON_A_MESSAGE
        await self._rest.create_interaction_response(
            interaction.id,
            interaction.token,
            hikari.ResponseType.MESSAGE_UPDATE if update else hikari.ResponseType.MESSAGE_CREATE,
            flags=hikari.MessageFlag.EPHEMERAL if reply.ephemeral and not update else hikari.UNDEFINED,
            **message_arguments(reply, edit=update),
        )

    async def choices(self, interaction: Interaction, choices: Sequence[tuple[str, str]]) -> None:
        await self._rest.create_autocomplete_response(
            interaction.id,
            interaction.token,
            [special_endpoints.AutocompleteChoiceBuilder(label[:100], value[:100]) for label, value in choices],
        )
