"""Slash commands as data: what a feature declares, and the context that a handler gets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from skynetbot.discord.interactions import Attachment, Interaction, OptionValue
from skynetbot.discord.posts import Modal, Post, PostFile
from skynetbot.errors import SkynetBotError

__all__ = [
    "ADMINISTRATOR",
    "MANAGE_GUILD",
    "Command",
    "CommandContext",
    "CommandOption",
    "OptionType",
    "PressContext",
    "PressHandler",
    "Reply",
    "ReplyFile",
    "Responder",
    "Subcommand",
    "UserError",
]

ADMINISTRATOR: Final = 1 << 3
MANAGE_GUILD: Final = 1 << 5


class OptionType:
    """https://discord.com/developers/docs/interactions/application-commands (option types)."""

    STRING: Final = 3
    INTEGER: Final = 4
    BOOLEAN: Final = 5
    USER: Final = 6
    CHANNEL: Final = 7
    ROLE: Final = 8
    ATTACHMENT: Final = 11


class UserError(SkynetBotError):
    """The person asked for something that cannot be; the message is shown to them alone and says what to do."""


ReplyFile = PostFile


class Reply(Post, frozen=True, kw_only=True):
    """An answer; only the invoker sees it when ``ephemeral``.

    To a press of a button or a choice it may be an ``update`` of the message that holds it. A ``modal`` opens a form
    instead of answering.
    """

    ephemeral: bool = False
    update: bool = False
    modal: Modal | None = None


class Responder(Protocol):
    """How answers reach Discord."""

    async def reply(self, interaction: Interaction, reply: Reply) -> None: ...

    async def choices(self, interaction: Interaction, choices: Sequence[tuple[str, str]]) -> None: ...


class CommandContext(msgspec.Struct, frozen=True):
    """What a handler knows: the interaction, its options by name, and how far the answer is from the question."""

    interaction: Interaction
    options: Mapping[str, OptionValue]
    gateway_latency_s: float = float("nan")

    @property
    def guild_id(self) -> int:
        """Raises UserError in direct messages."""
        if self.interaction.guild_id is None:
            raise UserError("This command works only in a server.")
        return self.interaction.guild_id

    def text(self, name: str) -> str | None:
        value = self.options.get(name)
        return None if value is None else str(value)

    def snowflake(self, name: str) -> int | None:
        value = self.options.get(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        """A yes or no; no when it was not given."""
        return self.options.get(name) is True

    def attachment(self, name: str) -> Attachment | None:
        """The file that was sent with the command, as Discord describes it; its content is not here."""
        value = self.options.get(name)
        return None if value is None else self.interaction.attachment(str(value))


class PressContext(msgspec.Struct, frozen=True):
    """What the handler of a button, a select or a modal knows."""

    interaction: Interaction
    args: Sequence[str]
    """What the custom id says after feature and action."""
    values: Sequence[str] = ()
    """What was chosen in a select."""
    fields: Mapping[str, str] = {}
    """What was typed into a modal, by name."""

    @property
    def guild_id(self) -> int:
        """Raises UserError in direct messages."""
        if self.interaction.guild_id is None:
            raise UserError("This works only in a server.")
        return self.interaction.guild_id

    @property
    def user_id(self) -> int:
        return self.interaction.invoker.id

    def number(self, place: int) -> int:
        """An argument that is a number. Raises UserError when it is not, as from an old message."""
        if place >= len(self.args) or not self.args[place].isdigit():
            raise UserError("This message is of an older version of me. Ask again with the command.")
        return int(self.args[place])


PressHandler = Callable[[PressContext], Awaitable[Reply]]
Handler = Callable[[CommandContext], Awaitable[Reply]]
Completer = Callable[[CommandContext, str, str], Awaitable[Sequence[tuple[str, str]]]]
"""(context, option name, what is typed so far) -> (label, value) pairs, at most 25."""


class CommandOption(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    type: int = OptionType.STRING
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    autocomplete: bool = False
    minimum: int | None = None
    maximum: int | None = None


class Subcommand(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    handler: Handler
    options: tuple[CommandOption, ...] = ()
    completer: Completer | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A slash command of one feature; either it has a handler, or subcommands that have one each."""

    name: str
    description: str
    handler: Handler | None = None
    options: tuple[CommandOption, ...] = ()
    completer: Completer | None = None
    subcommands: tuple[Subcommand, ...] = ()
    permissions: int = 0
    """Discord permissions of which the invoker needs all; Administrator passes always."""
    guild_only: bool = False

    def leaves(self) -> Mapping[tuple[str, ...], Subcommand]:
        """Everything that can be invoked, by full name."""
        if self.handler is not None:
            leaf = Subcommand(
                name=self.name,
                description=self.description,
                handler=self.handler,
                options=self.options,
                completer=self.completer,
            )
            return {(self.name,): leaf}
        return {(self.name, sub.name): sub for sub in self.subcommands}
