"""Interactions: people's clients start them, bots answer them, and nobody waits for ever.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Application, Channel, Guild, Interaction, Message
from discord_emulator.permissions import Permission, channel_permissions
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.composing import compose, edit_fields
from discord_emulator.rest.errors import ApiError, invalid_form, not_found
from discord_emulator.rest.forms import Callback, MessageForm, StartedInteraction
from discord_emulator.rest.resolving import resolve, target_of

__all__ = ["ROUTES", "Waiting", "delete_answer", "edit_answer", "follow_up", "read_answer"]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 1, 4, 5, 6, 7, 8, 9
_EPHEMERAL: Final = 1 << 6
_LOADING: Final = 1 << 7
_TOKEN_LIFE_S: Final = 900.0
_KEPT: Final = 10_000
_CHAT_INPUT: Final = 1
_COMMAND_MESSAGE: Final = {1: 20, 2: 23, 3: 23}
_REPLY_MESSAGE: Final = 19


class Waiting:
    """The timers of interactions that nobody has answered yet; owned here, cancelled at the end."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}

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
        _tell_invoker(call, interaction, "INTERACTION_FAILURE", {"reason_code": 2})


# A person's client starts an interaction.


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
    data = dict(form.get("data") or {})
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
    )
    _tell_invoker(call, interaction, "INTERACTION_CREATE", {})
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
        if (now - oldest.created_at).total_seconds() <= _TOKEN_LIFE_S and len(interactions) < _KEPT:
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


def _tell_invoker(call: Call, interaction: Interaction, name: str, data: dict[str, Any]) -> None:
    """An event that only the person's own clients get."""
    body = {"id": str(interaction.id), "nonce": interaction.nonce, **data}
    receivers = frozenset({interaction.user_id})
    call.world.publish(name, body, guild_id=interaction.guild_id, channel_id=interaction.channel_id, user_ids=receivers)


# The bot answers.


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
        _tell_invoker(call, interaction, "INTERACTION_SUCCESS", {})
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
            choices = data.get("choices")
            if choices is None:
                raise invalid_form("data.choices", "BASE_TYPE_REQUIRED", "This field is required")
            if len(choices) > 25:
                raise invalid_form("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
            _tell_invoker(call, interaction, "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", {"choices": choices})
            return None
        case 9 if interaction.type in (COMMAND, COMPONENT):
            _check_modal(data)
            application = call.world.applications[interaction.application_id]
            shown = {
                **data,
                "channel_id": str(interaction.channel_id),
                "application": {"id": str(application.id), "name": application.name},
            }
            _tell_invoker(call, interaction, "INTERACTION_MODAL_CREATE", shown)
            return None
        case _:
            raise invalid_form("type", "BASE_TYPE_CHOICES", "This type does not answer this interaction.")


def _check_modal(data: dict[str, Any]) -> None:
    if not data.get("custom_id"):
        raise invalid_form("data.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
    if not 1 <= len(data.get("title") or "") <= 45:
        raise invalid_form("data.title", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
    if not 1 <= len(data.get("components") or ()) <= 5:
        raise invalid_form("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")


def _full_name(data: dict[str, Any]) -> str:
    """The command's name with its group and subcommand, as messages tell it."""
    names = [str(data.get("name") or "")]
    inner = data.get("options")
    while inner and inner[0].get("type") in (1, 2):
        names.append(str(inner[0]["name"]))
        inner = inner[0].get("options")
    return " ".join(names)


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
            "interaction": metadata,
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
    if (call.world.time() - interaction.created_at).total_seconds() > _TOKEN_LIFE_S:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return interaction


def _acknowledged(call: Call) -> Interaction:
    interaction = _interaction(call)
    if not interaction.acknowledged:
        raise not_found("webhook")
    return interaction


ROUTES: Final = (
    Route("POST", "/interactions", create),
    Route("POST", "/interactions/{interaction_id}/{token}/callback", callback, login=False, limited=False),
)
