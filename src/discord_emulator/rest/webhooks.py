"""Webhooks, and the routes that answers to interactions share with them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Message, Webhook
from discord_emulator.permissions import Permission
from discord_emulator.rest import answers
from discord_emulator.rest.call import Call, Handler, Route, snowflake
from discord_emulator.rest.composing import compose, edit_fields
from discord_emulator.rest.errors import ApiError, invalid_form, missing_access, not_found
from discord_emulator.rest.forms import MessageForm, WebhookForm

__all__ = ["ROUTES"]

_CREATE, _UPDATE, _DELETE = 50, 51, 52
_MAX_WEBHOOKS: Final = 15


async def create(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    guild, name = call.guild_of(channel), _name(call)
    if sum(w.channel_id == channel.id for w in call.world.webhooks.values()) >= _MAX_WEBHOOKS:
        raise ApiError(400, 30007, f"Maximum number of webhooks reached ({_MAX_WEBHOOKS})")
    webhook = call.world.create_webhook(channel, name, call.me.id)
    call.world.audit(guild, _CREATE, call.me.id, webhook.id, call.reason)
    return payloads.webhook_payload(webhook, call.me)


async def of_channel(call: Call) -> list[dict[str, Any]]:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    return [_payload(call, w) for w in call.world.webhooks.values() if w.channel_id == channel.id]


async def of_guild(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_WEBHOOKS)
    return [_payload(call, w) for w in call.world.webhooks.values() if w.guild_id == guild.id]


async def read(call: Call) -> dict[str, Any]:
    return _payload(call, _own(call))


async def edit(call: Call) -> dict[str, Any]:
    webhook = _own(call)
    form = call.form(WebhookForm)
    if "name" in form:
        webhook.name = _name(call)
    guild = call.world.guilds[webhook.guild_id]
    if form.get("channel_id"):
        moved_to = snowflake(form["channel_id"], "channel_id")
        if moved_to not in guild.channels:
            raise not_found("channel")
        webhook.channel_id = moved_to
    call.world.audit(guild, _UPDATE, call.me.id, webhook.id, call.reason)
    call.world.webhooks_changed(_channel(call, webhook))
    return _payload(call, webhook)


async def delete(call: Call) -> None:
    webhook = _own(call)
    del call.world.webhooks[webhook.id]
    call.world.audit(call.world.guilds[webhook.guild_id], _DELETE, call.me.id, webhook.id, call.reason)
    call.world.webhooks_changed(_channel(call, webhook))


async def read_by_token(call: Call) -> dict[str, Any]:
    return payloads.webhook_payload(_by_token(call), None)


async def edit_by_token(call: Call) -> dict[str, Any]:
    webhook = _by_token(call)
    webhook.name = _name(call)
    call.world.webhooks_changed(_channel(call, webhook))
    return payloads.webhook_payload(webhook, None)


async def delete_by_token(call: Call) -> None:
    webhook = _by_token(call)
    del call.world.webhooks[webhook.id]
    call.world.webhooks_changed(_channel(call, webhook))


async def execute(call: Call) -> dict[str, Any] | None:
    webhook = _by_token(call)
    channel = _target(call, webhook)
    form = call.form(MessageForm)
    fields = compose(call, channel, form)
    message = call.world.create_message(
        channel,
        webhook.id,
        fields.pop("content", ""),
        **{**fields, "webhook_id": webhook.id, "webhook_name": form.get("username") or webhook.name},
    )
    if not call.flag("wait"):
        return None
    return call.world.message_data(message, viewer_id=webhook.id)


async def read_message(call: Call) -> dict[str, Any]:
    webhook = _by_token(call)
    return call.world.message_data(_message(call, webhook), viewer_id=webhook.id)


async def edit_message(call: Call) -> dict[str, Any]:
    webhook = _by_token(call)
    message = _message(call, webhook)
    form, channel = call.form(MessageForm), _target(call, webhook)
    changes = edit_fields(call, form, channel=channel, standing=message)
    call.world.edit_message(message, edited_at=call.world.time(), **changes)
    return call.world.message_data(message, viewer_id=webhook.id)


async def delete_message(call: Call) -> None:
    call.world.delete_message(_message(call, _by_token(call)))


def _name(call: Call) -> str:
    name = call.form(WebhookForm).get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 80:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")
    if "clyde" in name.lower() or "discord" in name.lower():
        raise invalid_form("name", "USERNAME_INVALID_CONTAINS", 'Username cannot contain "discord"')
    return name


def _own(call: Call) -> Webhook:
    webhook = call.world.webhooks.get(call.id("webhook_id"))
    if webhook is None:
        raise not_found("webhook")
    guild = call.world.guilds[webhook.guild_id]
    if call.me.id not in guild.members:
        raise missing_access()
    call.require(guild, Permission.MANAGE_WEBHOOKS)
    return webhook


def _by_token(call: Call) -> Webhook:
    webhook = call.world.webhooks.get(call.id("webhook_id"))
    if webhook is None:
        raise not_found("webhook")
    if webhook.token != call.parameters["token"]:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return webhook


def _channel(call: Call, webhook: Webhook) -> Channel:
    channel = call.world.channels.get(webhook.channel_id)
    if channel is None:
        raise not_found("channel")
    return channel


def _target(call: Call, webhook: Webhook) -> Channel:
    """The webhook's channel, or the thread of it that ``thread_id`` names."""
    channel = _channel(call, webhook)
    if "thread_id" not in call.query:
        return channel
    thread = call.world.channels.get(snowflake(call.query["thread_id"], "thread_id"))
    if thread is None or thread.parent_id != channel.id:
        raise not_found("channel")
    return thread


def _message(call: Call, webhook: Webhook) -> Message:
    message = call.world.message(_target(call, webhook).id, call.id("message_id"))
    if message is None or message.webhook_id != webhook.id:
        raise not_found("message")
    return message


def _payload(call: Call, webhook: Webhook) -> dict[str, Any]:
    return payloads.webhook_payload(webhook, call.world.user(webhook.user_id) if webhook.user_id else None)


def _either(answer: Callable[[Call], Awaitable[Any]], webhook: Callable[[Call], Awaitable[Any]]) -> Handler:
    """An interaction's token is a webhook's token to the outside; which one it is, only the world knows."""

    async def handler(call: Call) -> Any:
        return await (answer if call.parameters["token"] in call.world.interactions else webhook)(call)

    return handler


_BY_TOKEN: Final = "/webhooks/{webhook_id}/{token}"  # noqa: S105 - a path

ROUTES: Final = (
    Route("POST", "/channels/{channel_id}/webhooks", create),
    Route("GET", "/channels/{channel_id}/webhooks", of_channel),
    Route("GET", "/guilds/{guild_id}/webhooks", of_guild),
    Route("GET", "/webhooks/{webhook_id}", read),
    Route("PATCH", "/webhooks/{webhook_id}", edit),
    Route("DELETE", "/webhooks/{webhook_id}", delete),
    Route("GET", _BY_TOKEN, read_by_token, login=False),
    Route("PATCH", _BY_TOKEN, edit_by_token, login=False),
    Route("DELETE", _BY_TOKEN, delete_by_token, login=False),
    Route("POST", _BY_TOKEN, _either(answers.follow_up, execute), login=False),
    Route(
        "GET",
        _BY_TOKEN + "/messages/{message_id}",
        _either(answers.read_answer, read_message),
        login=False,
    ),
    Route(
        "PATCH",
        _BY_TOKEN + "/messages/{message_id}",
        _either(answers.edit_answer, edit_message),
        login=False,
    ),
    Route(
        "DELETE",
        _BY_TOKEN + "/messages/{message_id}",
        _either(answers.delete_answer, delete_message),
        login=False,
    ),
)
