"""Answers to interactions: the first within three seconds, more for a quarter of an hour by the token.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
"""

from typing import Any, Final

from discord_emulator.entities import Interaction, Message
from discord_emulator.rest.call import Call, Route
from discord_emulator.rest.composing import compose, edit_fields
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import Callback, ChoicesForm, MessageForm, ModalForm, check
from discord_emulator.rest.waiting import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL,
    TOKEN_LIFE_S,
    metadata,
    tell_invoker,
)

__all__ = ["ROUTES", "delete_answer", "edit_answer", "follow_up", "read_answer"]

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE = 4, 5, 6, 7
_EPHEMERAL: Final = 1 << 6
_LOADING: Final = 1 << 7
_CHAT_INPUT: Final = 1
_COMMAND_MESSAGE: Final = {1: 20, 2: 23, 3: 23}
_REPLY_MESSAGE: Final = 19


async def callback(call: Call) -> dict[str, Any] | None:
    interaction = _interaction(call)
    if interaction.id != call.id("interaction_id"):
        raise not_found("interaction")
    if interaction.acknowledged:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    age_s = (call.world.time() - interaction.created_at).total_seconds()
    if age_s > call.context.interaction_timeout_s:
        raise not_found("interaction")
    form = call.form(Callback)
    kind, data = form["type"], form.get("data") or {}
    message = _carry_out(call, interaction, kind, data)
    interaction.acknowledged = True
    call.context.rooms["interactions"].answered(interaction)
    if interaction.type != AUTOCOMPLETE:
        tell_invoker(call, interaction, "INTERACTION_SUCCESS", {})
    if not call.flag("with_response"):
        return None
    described: dict[str, Any] = {
        "id": str(interaction.id),
        "type": interaction.type,
        "response_message_loading": kind == DEFERRED,
        "response_message_ephemeral": interaction.ephemeral,
    }
    result: dict[str, Any] = {"interaction": described}
    if message is not None:
        described["response_message_id"] = str(message.id)
        if kind != DEFERRED_UPDATE:
            data = call.world.message_data(message, viewer_id=interaction.application_id)
            result["resource"] = {"type": kind, "message": data}
    if interaction.guild_id is not None:
        described["guild_id"] = str(interaction.guild_id)
    return result


def _carry_out(call: Call, interaction: Interaction, kind: Any, data: dict[str, Any]) -> Message | None:
    if kind in (MESSAGE, DEFERRED, UPDATE):
        check(data, MessageForm, under="data")
    match kind:
        case 4 if interaction.type != AUTOCOMPLETE:
            return _post_answer(call, interaction, data)
        case 5 if interaction.type != AUTOCOMPLETE:
            interaction.deferred = True
            return _post_answer(call, interaction, {"flags": data.get("flags") or 0}, loading=True)
        case 6 | 7 if interaction.type in (COMPONENT, MODAL) and interaction.source_message_id is not None:
            interaction.message_id = interaction.source_message_id
            channel = call.world.channels[interaction.channel_id]
            message = call.world.message(channel.id, interaction.source_message_id)
            if message is None:
                raise not_found("message")
            if kind == UPDATE:
                changes = edit_fields(call, data, channel=channel, standing=message)
                call.world.edit_message(message, edited_at=call.world.time(), **changes)
            return message
        case 8 if interaction.type == AUTOCOMPLETE:
            check(data, ChoicesForm, under="data")
            choices = data["choices"]
            if len(choices) > 25:
                raise invalid_form("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
            tell_invoker(call, interaction, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", {"choices": choices})
            return None
        case 9 if interaction.type in (COMMAND, COMPONENT):
            check(data, ModalForm, under="data")
            call.context.rooms["interactions"].show_modal(interaction, data["custom_id"])
            application = call.world.applications[interaction.application_id]
            shown = {
                **data,
                "channel_id": str(interaction.channel_id),
                "application": {"id": str(application.id), "name": application.name},
            }
            tell_invoker(call, interaction, "INTERACTION_MODAL_CREATE", shown)
            return None
        case _:
            raise invalid_form("type", "BASE_TYPE_CHOICES", "This type does not answer this interaction.")


def _post_answer(
    call: Call, interaction: Interaction, data: dict[str, Any], *, loading: bool = False, follow_up: bool = False
) -> Message:
    channel = call.world.channels[interaction.channel_id]
    fields: dict[str, Any] = (
        {"flags": (data.get("flags") or 0) & _EPHEMERAL} if loading else compose(call, channel, data)
    )
    if loading:
        fields["flags"] |= _LOADING
    interaction.ephemeral = bool(fields["flags"] & _EPHEMERAL)
    application = call.world.applications[interaction.application_id]
    kind = fields.get("type", 0)
    if interaction.type == COMMAND and not follow_up:
        kind = _COMMAND_MESSAGE[interaction.data.get("type", _CHAT_INPUT)]
    if follow_up and interaction.message_id is not None:
        kind = _REPLY_MESSAGE
        reference = {"type": 0, "message_id": str(interaction.message_id), "channel_id": str(channel.id)}
        if channel.guild_id is not None:
            reference["guild_id"] = str(channel.guild_id)
        fields["reference"] = reference
    content = fields.pop("content", "")
    message = call.world.create_message(
        channel,
        application.bot_user_id,
        content,
        **{
            **fields,
            "type": kind,
            "interaction": metadata(call, interaction),
            "webhook_id": application.id,
            "application_id": application.id,
        },
    )
    if not follow_up:
        interaction.message_id = message.id
    return message


# Follow-ups, by the interaction's token.


async def follow_up(call: Call) -> dict[str, Any]:
    interaction = _acknowledged(call)
    data = call.form(MessageForm)
    if interaction.deferred:
        # The first follow-up to a deferred answer takes its place.
        interaction.deferred = False
        message = _original(call, interaction)
        _fill(call, message, data)
    else:
        message = _post_answer(call, interaction, data, follow_up=True)
    return call.world.message_data(message, viewer_id=interaction.application_id)


async def read_answer(call: Call) -> dict[str, Any]:
    interaction = _acknowledged(call)
    return call.world.message_data(_answer_of(call, interaction), viewer_id=interaction.application_id)


async def edit_answer(call: Call) -> dict[str, Any]:
    interaction = _acknowledged(call)
    message = _answer_of(call, interaction)
    interaction.deferred = interaction.deferred and message.id != interaction.message_id
    _fill(call, message, call.form(MessageForm))
    return call.world.message_data(message, viewer_id=interaction.application_id)


async def delete_answer(call: Call) -> None:
    call.world.delete_message(_answer_of(call, _acknowledged(call)))


def _fill(call: Call, message: Message, data: dict[str, Any]) -> None:
    was_loading = bool(message.flags & _LOADING)
    fields = edit_fields(call, data, channel=call.world.channels[message.channel_id], standing=message)
    fields["flags"] = message.flags & ~_LOADING
    if not was_loading:
        fields["edited_at"] = call.world.time()
    call.world.edit_message(message, **fields)


def _answer_of(call: Call, interaction: Interaction) -> Message:
    if call.parameters.get("message_id", "@original") == "@original":
        return _original(call, interaction)
    message = call.world.message(interaction.channel_id, call.id("message_id"))
    if message is None or message.application_id != interaction.application_id:
        raise not_found("message")
    return message


def _original(call: Call, interaction: Interaction) -> Message:
    message = call.world.message(interaction.channel_id, interaction.message_id or 0)
    if message is None:
        raise not_found("message")
    return message


def _interaction(call: Call) -> Interaction:
    interaction = call.world.interactions.get(call.parameters["token"])
    if interaction is None:
        raise not_found("interaction")
    if (call.world.time() - interaction.created_at).total_seconds() > TOKEN_LIFE_S:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return interaction


def _acknowledged(call: Call) -> Interaction:
    interaction = _interaction(call)
    if not interaction.acknowledged:
        raise not_found("webhook")
    return interaction


ROUTES: Final = (
    Route("POST", "/interactions/{interaction_id}/{token}/callback", callback, login=False, limited=False),
)
