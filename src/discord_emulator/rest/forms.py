"""The bodies that requests may have, as types: a value of the wrong type is a 50035 with its path, never a crash.

Every field may be left out and most may be null; what is too long or too many, the handlers check.
Source: https://discord.com/developers/docs/reference#error-messages
"""

import re
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from discord_emulator.rest.components import CustomId, Label45, MessageComponent, ModalComponent
from discord_emulator.rest.errors import ApiError, invalid_form

__all__ = [
    "Ban",
    "BulkBan",
    "BulkDelete",
    "Callback",
    "ChannelForm",
    "ChoicesForm",
    "CommandForm",
    "DirectChannel",
    "Form",
    "GuildForm",
    "InviteForm",
    "MemberForm",
    "MessageForm",
    "ModalForm",
    "Moved",
    "OverwriteForm",
    "PermissionsForm",
    "PruneForm",
    "RoleForm",
    "StartedInteraction",
    "ThreadForm",
    "UserForm",
    "WebhookForm",
    "check",
]

Id = str | int
Bits = str | int
_WHERE: Final = re.compile(r" - at `\$(.*)`$")
_MISSING: Final = re.compile(r"^Object missing required field `(.*)`$")


class Form(msgspec.Struct, kw_only=True):
    """A JSON object."""


class _Named(Form):
    name: str | None = None
    value: str | None = None
    text: str | None = None
    url: str | None = None
    inline: bool | None = None


class _Embed(Form):
    title: str | None = None
    description: str | None = None
    url: str | None = None
    color: int | None = None
    timestamp: str | None = None
    footer: _Named | None = None
    author: _Named | None = None
    image: _Named | None = None
    thumbnail: _Named | None = None
    fields: list[_Named] | None = None


class _Attachment(Form):
    id: Id | None = None
    filename: str | None = None
    description: str | None = None


class _AllowedMentions(Form):
    parse: list[str] | None = None
    users: list[Id] | None = None
    roles: list[Id] | None = None
    replied_user: bool | None = None


class _Reference(Form):
    message_id: Id | None = None
    channel_id: Id | None = None
    guild_id: Id | None = None
    type: int | None = None
    fail_if_not_exists: bool | None = None


class MessageForm(Form):
    """A message to post or the changes to one; webhooks also take a name and a picture."""

    content: str | None = None
    embeds: list[_Embed] | None = None
    embed: _Embed | None = None
    components: list[MessageComponent] | None = None
    attachments: list[_Attachment] | None = None
    allowed_mentions: _AllowedMentions | None = None
    message_reference: _Reference | None = None
    flags: int | None = None
    tts: bool | None = None
    nonce: Id | None = None
    enforce_nonce: bool | None = None
    username: str | None = None
    avatar_url: str | None = None


class BulkDelete(Form):
    messages: list[Id]


class OverwriteForm(Form):
    id: Id | None = None
    type: int | None = None
    allow: Bits | None = None
    deny: Bits | None = None


class ChannelForm(Form):
    name: str | None = None
    type: int | None = None
    topic: str | None = None
    nsfw: bool | None = None
    position: int | None = None
    parent_id: Id | None = None
    rate_limit_per_user: int | None = None
    permission_overwrites: list[OverwriteForm] | None = None
    archived: bool | None = None
    locked: bool | None = None
    auto_archive_duration: int | None = None
    bitrate: int | None = None
    user_limit: int | None = None


class Moved(Form):
    id: Id
    position: int | None = None


class ThreadForm(Form):
    name: str
    type: int | None = None
    auto_archive_duration: int | None = None
    rate_limit_per_user: int | None = None
    message: MessageForm | None = None


class InviteForm(Form):
    max_age: int | None = None
    max_uses: int | None = None
    temporary: bool | None = None


class GuildForm(Form):
    name: str | None = None
    description: str | None = None
    icon: str | None = None
    verification_level: int | None = None
    system_channel_id: Id | None = None


class MemberForm(Form):
    nick: str | None = None
    roles: list[Id] | None = None
    communication_disabled_until: str | None = None
    mute: bool | None = None
    deaf: bool | None = None


class _Colors(Form):
    primary_color: int | None = None


class RoleForm(Form):
    name: str | None = None
    permissions: Bits | None = None
    color: int | None = None
    colors: _Colors | None = None
    hoist: bool | None = None
    mentionable: bool | None = None


class Ban(Form):
    delete_message_seconds: int | None = None
    delete_message_days: int | None = None


class BulkBan(Form):
    user_ids: list[Id]
    delete_message_seconds: int | None = None


class PruneForm(Form):
    days: int | None = None
    compute_prune_count: bool | None = None
    include_roles: list[Id] | str | None = None


class WebhookForm(Form):
    name: str | None = None
    channel_id: Id | None = None


class UserForm(Form):
    username: str | None = None


class DirectChannel(Form):
    recipient_id: Id


class _Choice(Form):
    name: str
    value: str | int | float


class _Option(Form):
    type: int
    name: str
    description: str | None = None
    required: bool | None = None
    choices: list[_Choice] | None = None
    options: list["_Option"] | None = None
    autocomplete: bool | None = None


class CommandForm(Form):
    name: str | None = None
    type: int | None = None
    description: str | None = None
    options: list[_Option] | None = None
    default_member_permissions: Bits | None = None
    dm_permission: bool | None = None
    contexts: list[int] | None = None
    integration_types: list[int] | None = None
    nsfw: bool | None = None


class _CommandPermission(Form):
    id: Id
    type: int
    permission: bool


class PermissionsForm(Form):
    permissions: list[_CommandPermission]


class _Chosen(Form):
    """An option as a person filled it in."""

    name: str
    type: int
    value: str | int | float | bool | None = None
    focused: bool | None = None
    options: list["_Chosen"] | None = None


class _Filled(Form):
    """A component of a submitted modal."""

    type: int
    id: int | None = None
    custom_id: str | None = None
    value: str | bool | None = None
    values: list[str] | None = None
    component: "_Filled | None" = None
    components: list["_Filled"] | None = None


class _Started(Form):
    id: Id | None = None
    name: str | None = None
    type: int | None = None
    target_id: Id | None = None
    options: list[_Chosen] | None = None
    custom_id: str | None = None
    component_type: int | None = None
    values: list[str] | None = None
    components: list[_Filled] | None = None
    attachments: list[Any] | None = None


class StartedInteraction(Form):
    """What a person's client sends to start an interaction."""

    type: int
    application_id: Id
    channel_id: Id
    guild_id: Id | None = None
    message_id: Id | None = None
    nonce: Id | None = None
    data: _Started | None = None


class ChoicesForm(Form):
    """What autocomplete offers."""

    choices: list[_Choice]


class ModalForm(Form):
    """A dialogue to show."""

    custom_id: CustomId
    title: Label45
    components: Annotated[list[ModalComponent], Meta(min_length=1, max_length=5)]


class Callback(Form):
    """A bot's answer to an interaction."""

    type: int
    data: dict[str, Any] | None = None


def check(body: Any, shape: Any, *, under: str = "") -> None:
    """Compare a decoded body with its type; ``under`` is where in the whole body it stands.

    Raises:
        ApiError: 50035, with the path of the first value that has another type.
    """
    try:
        msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise _described(str(error), under) from None


def _described(text: str, under: str) -> ApiError:
    found = _WHERE.search(text)
    inside = found.group(1).replace("[", ".").replace("]", "").strip(".") if found is not None else ""
    path = ".".join(part for part in (under, inside) if part)
    reason = _WHERE.sub("", text)
    missing = _MISSING.match(reason)
    if missing is not None:
        return invalid_form(f"{path}.{missing.group(1)}".strip("."), "BASE_TYPE_REQUIRED", "This field is required")
    return invalid_form(path or "_", "BASE_TYPE_BAD_TYPE", f"{reason}.")
