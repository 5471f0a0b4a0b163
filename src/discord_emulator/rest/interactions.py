"""Interactions as they begin: a person's client uses a command, a component or a modal, and the bot hears of it.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Application, Channel, Guild, Interaction, Message
from discord_emulator.permissions import Permission, channel_permissions
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import invalid_form, not_found
from discord_emulator.rest.forms import StartedInteraction
from discord_emulator.rest.resolving import resolve, take_files, target_of
from discord_emulator.rest.waiting import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    KEPT,
    MODAL,
    TOKEN_LIFE_S,
    metadata,
    tell_invoker,
)

__all__ = ["ROUTES"]

_CHAT_INPUT: Final = 1


async def create(call: Call) -> None:
    form = call.form(StartedInteraction)
    kind = form["type"]
    if kind not in (COMMAND, COMPONENT, AUTOCOMPLETE, MODAL):
        raise invalid_form("type", "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 4, 5}.")
    channel = call.world.channels.get(snowflake(form.get("channel_id"), "channel_id"))
    if channel is None:
        raise not_found("channel")
    call.require_in(channel, Permission.USE_COMMANDS if kind in (COMMAND, AUTOCOMPLETE) else 0)
    application = call.world.applications.get(snowflake(form.get("application_id"), "application_id"))
    if application is None:
        raise not_found("application")
    data = {key: value for key, value in (form.get("data") or {}).items() if key != "resolved"}
    guild = call.world.guilds.get(channel.guild_id or 0)
    message: Message | None = None
    if form.get("message_id"):
        message = call.world.message(channel.id, snowflake(form["message_id"], "message_id"))
        if message is None:
            raise not_found("message")
    if kind in (COMMAND, AUTOCOMPLETE):
        command = call.world.commands.get(snowflake(data.get("id"), "data.id"))
        if command is None or command.application_id != application.id:
            raise not_found("application command")
        if command.guild_id not in (None, channel.guild_id) or not _has_bot(guild, application):
            raise not_found("application command")
        data |= {"name": command.name, "type": command.body.get("type") or 1}
        if command.guild_id is not None:
            data["guild_id"] = str(command.guild_id)
        if data["type"] != _CHAT_INPUT:
            data["resolved"] = target_of(call, channel, data)
        if kind == COMMAND:
            data = take_files(call, data)
    opened_by: Interaction | None = None
    if kind == MODAL:
        opened_by = call.context.rooms["interactions"].take_modal(
            call.me.id, application.id, str(data.get("custom_id"))
        )
        if opened_by is None:
            raise invalid_form("data.custom_id", "MODAL_NOT_SHOWN", "This modal is not open.")
        if message is None and opened_by.source_message_id is not None:
            message = call.world.message(channel.id, opened_by.source_message_id)
    if resolved := resolve(call, guild, data):
        data["resolved"] = resolved
    _forget_old(call)
    interaction = call.world.create_interaction(
        type=kind,
        application_id=application.id,
        user_id=call.me.id,
        channel=channel,
        data=data,
        nonce=str(form["nonce"]) if form.get("nonce") is not None else None,
        source_message_id=message.id if message else None,
        opened_by=metadata(call, opened_by) if opened_by is not None else None,
    )
    tell_invoker(call, interaction, "INTERACTION_CREATE", {})
    _tell_bot(call, interaction, channel, guild, message)
    if kind != AUTOCOMPLETE:
        call.context.rooms["interactions"].start(call, interaction)


def _has_bot(guild: Guild | None, application: Application) -> bool:
    return guild is None or application.bot_user_id in guild.members


def _forget_old(call: Call) -> None:
    """Tokens live for a quarter of an hour; the interactions of dead ones are let go, oldest first."""
    interactions, now = call.world.interactions, call.world.time()
    while interactions:
        token, oldest = next(iter(interactions.items()))
        if (now - oldest.created_at).total_seconds() <= TOKEN_LIFE_S and len(interactions) < KEPT:
            return
        del interactions[token]


def _tell_bot(
    call: Call, interaction: Interaction, channel: Channel, guild: Guild | None, message: Message | None
) -> None:
    world = call.world
    payload: dict[str, Any] = {
        "id": str(interaction.id),
        "application_id": str(interaction.application_id),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": payloads.channel_payload(channel, world.user),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(channel.guild_id or 0)},
        "context": 0 if guild is not None else 1,
        "attachment_size_limit": 10_485_760,
        "app_permissions": "0",
    }
    if guild is not None:
        bot_permissions = channel_permissions(guild, channel, interaction.application_id, world.time())
        own_permissions = channel_permissions(guild, channel, call.me.id, world.time())
        payload |= {
            "guild_id": str(guild.id),
            "guild_locale": "en-US",
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "app_permissions": str(bot_permissions),
            "member": {
                **payloads.member_payload(guild.members[call.me.id], call.me),
                "permissions": str(own_permissions),
            },
        }
    else:
        payload["user"] = payloads.user_payload(call.me)
    if message is not None:
        payload["message"] = world.message_data(message, viewer_id=interaction.application_id)
    bot_id = world.applications[interaction.application_id].bot_user_id
    world.publish(
        "INTERACTION_CREATE", payload, guild_id=channel.guild_id, channel_id=channel.id, user_ids=frozenset({bot_id})
    )


ROUTES: Final = (Route("POST", "/interactions", create),)
