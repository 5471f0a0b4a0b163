"""Webhooks, and the routes that answers to interactions share with them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Channel, Message, Webhook
from discord_emulator.permissions import Permission
from discord_emulator.rest import interactions
from discord_emulator.rest.call import Call, Handler, Route, snowflake
from discord_emulator.rest.composing import compose, edit_fields
from discord_emulator.rest.errors import ApiError, invalid_form, missing_access, not_found

__all__ = ["ROUTES"]


async def create(call: Call) -> dict[str, Any]:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    webhook = call.world.create_webhook(channel, _name(call), call.me.id)
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
    form = call.form()
    if "name" in form:
        webhook.name = _name(call)
    if form.get("channel_id"):
        webhook.channel_id = snowflake(form["channel_id"], "channel_id")
    call.world.webhooks_changed(_channel(call, webhook))
    return _payload(call, webhook)


async def delete(call: Call) -> None:
    webhook = _own(call)
    del call.world.webhooks[webhook.id]
    call.world.webhooks_changed(_channel(call, webhook))


async def read_by_token(call: Call) -> dict[str, Any]:
    return payloads.webhook_payload(_by_token(call), None)


async def delete_by_token(call: Call) -> None:
    webhook = _by_token(call)
    del call.world.webhooks[webhook.id]
    call.world.webhooks_changed(_channel(call, webhook))


async def execute(call: Call) -> dict[str, Any] | None:
    webhook = _by_token(call)
    channel = _channel(call, webhook)
    if "thread_id" in call.query:
        thread = call.world.channels.get(snowflake(call.query["thread_id"], "thread_id"))
        if thread is None or thread.parent_id != channel.id:
            raise not_found("channel")
        channel = thread
    form = call.form()
    fields = compose(call, channel, form)
    message = call.world.create_message(
        channel,
        webhook.id,
        fields.pop("content", ""),
        **{**fields, "webhook_id": webhook.id, "webhook_name": form.get("username") or webhook.name},
    )
    if call.query.get("wait", "").lower() != "true":
        return None
    return call.world.message_data(message, viewer_id=webhook.id)


async def read_message(call: Call) -> dict[str, Any]:
    webhook = _by_token(call)
    return call.world.message_data(_message(call, webhook), viewer_id=webhook.id)


async def edit_message(call: Call) -> dict[str, Any]:
    webhook = _by_token(call)
    message = _message(call, webhook)
    call.world.edit_message(message, edited_at=call.world.time(), **edit_fields(call, call.form()))
    return call.world.message_data(message, viewer_id=webhook.id)


async def delete_message(call: Call) -> None:
    call.world.delete_message(_message(call, _by_token(call)))


def _name(call: Call) -> str:
    name = call.form().get("name")
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


def _message(call: Call, webhook: Webhook) -> Message:
    message = call.world.message(webhook.channel_id, call.id("message_id"))
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
    Route("DELETE", _BY_TOKEN, delete_by_token, login=False),
    Route("POST", _BY_TOKEN, _either(interactions.follow_up, execute), login=False, limited=False),
    Route(
        "GET",
        _BY_TOKEN + "/messages/{message_id}",
        _either(interactions.read_answer, read_message),
        login=False,
        limited=False,
    ),
    Route(
        "PATCH",
        _BY_TOKEN + "/messages/{message_id}",
        _either(interactions.edit_answer, edit_message),
        login=False,
        limited=False,
    ),
    Route(
        "DELETE",
        _BY_TOKEN + "/messages/{message_id}",
        _either(interactions.delete_answer, delete_message),
        login=False,
        limited=False,
    ),
)
