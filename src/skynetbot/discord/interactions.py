"""INTERACTION_CREATE as typed data: who asked what where, tolerant of missing fields.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skynetbot.discord.messages import Author

__all__ = [
    "APPLICATION_COMMAND",
    "AUTOCOMPLETE",
    "COMPONENT",
    "MODAL_SUBMIT",
    "Attachment",
    "CommandData",
    "Interaction",
    "OptionValue",
    "read_interaction",
]

APPLICATION_COMMAND: Final = 2
COMPONENT: Final = 3
AUTOCOMPLETE: Final = 4
MODAL_SUBMIT: Final = 5

_SUB_COMMAND: Final = 1
_SUB_COMMAND_GROUP: Final = 2

OptionValue = str | int | float | bool


class InteractionMember(msgspec.Struct, frozen=True):
    user: Author | None = None
    nick: str | None = None
    roles: list[int] = []
    permissions: int = 0


class Option(msgspec.Struct, frozen=True):
    name: str
    type: int
    value: OptionValue | None = None
    options: list["Option"] = []
    focused: bool = False


class Attachment(msgspec.Struct, frozen=True):
    """A file that a person sent with a command; ``url`` is where Discord keeps it."""

    id: int
    url: str
    filename: str = ""
    size: int = 0


class CommandData(msgspec.Struct, frozen=True):
    name: str = ""
    options: list[Option] = []
    resolved: dict[str, Any] = {}
    custom_id: str = ""
    """Of a component or a modal."""
    values: list[str] = []
    """What was chosen in a select."""
    components: list[Any] = []
    """What was typed into a modal, row by row."""


class InteractionMessage(msgspec.Struct, frozen=True):
    id: int
    channel_id: int | None = None


class Interaction(msgspec.Struct, frozen=True):
    """One press, command or key stroke of a person."""

    id: int
    token: str
    type: int
    application_id: int = 0
    guild_id: int | None = None
    channel_id: int | None = None
    member: InteractionMember | None = None
    user: Author | None = None
    data: CommandData | None = None
    message: InteractionMessage | None = None
    """The message that holds the component."""

    @property
    def invoker(self) -> Author:
        if self.member is not None and self.member.user is not None:
            return self.member.user
        return self.user or Author()

    @property
    def invoker_name(self) -> str:
        return (self.member.nick if self.member else None) or self.invoker.name

    @property
    def permissions(self) -> int:
        """The invoker's permissions in the channel, as computed by Discord; 0 in direct messages."""
        return self.member.permissions if self.member else 0

    def typed(self) -> dict[str, str]:
        """What was typed into a modal, by the fields' names."""
        rows = self.data.components if self.data is not None else []
        fields: dict[str, str] = {}
        for row in rows:
            # Rows of one field each; newer clients put the field under a label's "component".
            for field in row.get("components") or [row.get("component") or {}]:
                if "custom_id" in field:
                    fields[str(field["custom_id"])] = str(field.get("value") or "")
        return fields

    def attachment(self, attachment_id: str) -> Attachment | None:
        """An attachment by the id that an option names; None when the payload does not have it as documented."""
        found = self.data.resolved.get("attachments", {}) if self.data is not None else {}
        try:
            return msgspec.convert(found.get(attachment_id), Attachment, strict=False)
        except (msgspec.ValidationError, AttributeError):
            return None

    def path(self) -> tuple[tuple[str, ...], list[Option]]:
        """The command's full name, subcommands included, and the options of the innermost one."""
        if self.data is None:
            return (), []
        names = [self.data.name]
        options = self.data.options
        while len(options) == 1 and options[0].type in (_SUB_COMMAND, _SUB_COMMAND_GROUP):
            names.append(options[0].name)
            options = options[0].options
        return tuple(names), options


def read_interaction(payload: Mapping[str, Any]) -> Interaction:
    """Decode a payload; snowflakes become integers.

    Raises:
        msgspec.ValidationError: it has no id, token or type of the documented form.
    """
    # Option values must keep their JSON types (a string "5" is not 5), which lax conversion would not promise;
    # so only the ids are lax and the values are taken over from the payload as they are.
    interaction = msgspec.convert(payload, Interaction, strict=False)
    data = payload.get("data")
    if interaction.data is None or not isinstance(data, Mapping):
        return interaction
    options = [_exact(option) for option in data.get("options") or ()]
    return msgspec.structs.replace(interaction, data=msgspec.structs.replace(interaction.data, options=options))


def _exact(raw: Mapping[str, Any]) -> Option:
    return Option(
        name=raw["name"],
        type=raw["type"],
        value=raw.get("value"),
        options=[_exact(option) for option in raw.get("options") or ()],
        focused=bool(raw.get("focused")),
    )
