"""From posts to what hikari's REST client takes."""

from collections.abc import Sequence
from typing import Any, Final

import hikari
from hikari.impl import special_endpoints

from skynetbot.discord.posts import Button, Component, Modal, Post

__all__ = ["message_arguments", "modal_rows"]

_ACCENT: Final = 0x6D5DF6
_MAX_CONTENT: Final = 2_000
_STYLES: Final[dict[str, Any]] = {
    "primary": hikari.ButtonStyle.PRIMARY,
    "secondary": hikari.ButtonStyle.SECONDARY,
    "success": hikari.ButtonStyle.SUCCESS,
    "danger": hikari.ButtonStyle.DANGER,
}


def message_arguments(post: Post, *, edit: bool = False) -> dict[str, Any]:
    """Keyword arguments of create_message, edit_message and interaction responses.

    An edit says everything, so that what the post does not have is removed from the message.
    """
    has_embed = bool(post.title or post.description or post.fields or post.image)
    arguments: dict[str, Any] = {
        "content": post.content[:_MAX_CONTENT] or (None if edit else hikari.UNDEFINED),
        "embeds": [_embed(post)] if has_embed else ([] if edit else hikari.UNDEFINED),
        "components": _rows(post.rows) if post.rows or edit else hikari.UNDEFINED,
        "mentions_everyone": post.pings.everyone,
        "role_mentions": list(post.pings.roles) or False,
        "user_mentions": list(post.pings.users) or False,
    }
    if post.files:
        arguments["attachments"] = [hikari.Bytes(file.content, file.name) for file in post.files]
    return arguments


def modal_rows(modal: Modal) -> Sequence[special_endpoints.ModalActionRowBuilder]:
    rows: list[special_endpoints.ModalActionRowBuilder] = []
    for field in modal.inputs:
        row = special_endpoints.ModalActionRowBuilder()
        row.add_text_input(
            field.name,
            field.label[:45],
            style=hikari.TextInputStyle.PARAGRAPH if field.long else hikari.TextInputStyle.SHORT,
            placeholder=field.placeholder[:100] or hikari.UNDEFINED,
            value=field.value[: field.most] or hikari.UNDEFINED,
            required=field.required,
            max_length=field.most,
        )
        rows.append(row)
    return rows


def _embed(post: Post) -> hikari.Embed:
    color = _ACCENT if post.color is None else post.color
    embed = hikari.Embed(title=post.title[:256] or None, description=post.description[:4096] or None, color=color)
    for name, value, inline in post.fields[:25]:
        embed.add_field(name[:256] or "\u200b", value[:1024] or "\u200b", inline=inline)
    if post.footer:
        embed.set_footer(post.footer[:2048])
    if post.image:
        embed.set_image(post.image if "://" in post.image else f"attachment://{post.image}")
    return embed


def _rows(rows: Sequence[Sequence[Component]]) -> list[special_endpoints.MessageActionRowBuilder]:
    built: list[special_endpoints.MessageActionRowBuilder] = []
    for components in rows:
        row = special_endpoints.MessageActionRowBuilder()
        for component in components:
            if isinstance(component, Button):
                emoji = component.emoji or hikari.UNDEFINED
                if component.url:
                    row.add_link_button(component.url, label=component.label[:80], emoji=emoji)
                else:
                    row.add_interactive_button(
                        _STYLES[component.style],
                        component.action,
                        label=component.label[:80],
                        emoji=emoji,
                        is_disabled=component.disabled,
                    )
                continue
            menu = row.add_text_menu(
                component.action,
                placeholder=component.placeholder[:150] or hikari.UNDEFINED,
                min_values=component.least,
                max_values=component.most,
                is_disabled=component.disabled,
            )
            for value, label, description in component.options:
                menu.add_option(
                    label[:100],
                    value,
                    description=description[:100] or hikari.UNDEFINED,
                    is_default=value in component.chosen,
                )
        built.append(row)
    return built
