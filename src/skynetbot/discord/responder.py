"""Answers to interactions, over hikari's REST client."""

from collections.abc import Sequence
from typing import Final

import hikari
from hikari.impl import special_endpoints

from skynetbot.discord.commands import Reply
from skynetbot.discord.interactions import Interaction

__all__ = ["HikariResponder"]

_ACCENT: Final = 0x6D5DF6


class HikariResponder:
    """Sends each answer as the interaction's first response."""

    def __init__(self, rest: hikari.api.RESTClient) -> None:
        self._rest = rest

    async def reply(self, interaction: Interaction, reply: Reply) -> None:
        embeds = [_embed(reply)] if reply.title or reply.description or reply.fields else []
        await self._rest.create_interaction_response(
            interaction.id,
            interaction.token,
            hikari.ResponseType.MESSAGE_CREATE,
            reply.content or hikari.UNDEFINED,
            embeds=embeds or hikari.UNDEFINED,
            attachments=[hikari.Bytes(file.content, file.name) for file in reply.files] or hikari.UNDEFINED,
            flags=hikari.MessageFlag.EPHEMERAL if reply.ephemeral else hikari.UNDEFINED,
            mentions_everyone=False,
            role_mentions=False,
            user_mentions=False,
        )

    async def choices(self, interaction: Interaction, choices: Sequence[tuple[str, str]]) -> None:
        await self._rest.create_autocomplete_response(
            interaction.id,
            interaction.token,
            [special_endpoints.AutocompleteChoiceBuilder(label[:100], value[:100]) for label, value in choices],
        )


def _embed(reply: Reply) -> hikari.Embed:
    embed = hikari.Embed(title=reply.title or None, description=reply.description or None, color=_ACCENT)
    for name, value, inline in reply.fields:
        embed.add_field(name, value, inline=inline)
    if reply.footer:
        embed.set_footer(reply.footer)
    return embed
