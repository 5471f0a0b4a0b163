"""MESSAGE_CREATE and MESSAGE_UPDATE decoded straight from the frame into the few fields that the bot reads.

A frame that starts like Discord's dispatch of a message is decoded by msgspec in one pass, before any object of
a library is built; everything else is decoded to plain dicts for the library's factory.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

__all__ = [
    "Author",
    "Message",
    "MessageFrame",
    "PartialMember",
    "decode_message_frame",
    "decode_payload",
    "message_from_payload",
]

MESSAGE_PREFIX: Final = b'{"t":"MESSAGE_CREATE"'


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who wrote; a missing id is 0, which belongs to nobody."""

    id: int = 0
    username: str | None = None
    global_name: str | None = None
    bot: bool | None = None

    @property
    def name(self) -> str:
        return self.global_name or self.username or str(self.id)


class PartialMember(msgspec.Struct, frozen=True):
    nick: str | None = None
    roles: list[int] | None = None


class Attachment(msgspec.Struct, frozen=True, gc=False):
    id: int = 0
    filename: str | None = None
    size: int | None = None


class Message(msgspec.Struct, frozen=True):
    """A message as the pipeline sees it. Discord may leave out or null any field, so each has a default."""

    id: int = 0
    channel_id: int = 0
    guild_id: int | None = None
    content: str | None = None
    author: Author | None = None
    member: PartialMember | None = None
    mentions: list[Author] | None = None
    mention_roles: list[int] | None = None
    mention_everyone: bool | None = None
    attachments: list[Attachment] | None = None
    webhook_id: int | None = None
    type: int | None = None
    edited_timestamp: str | None = None

    @property
    def text(self) -> str:
        return self.content or ""

    @property
    def from_person(self) -> bool:
        """Neither a bot nor a webhook nor Discord itself."""
        return self.author is not None and self.author.id != 0 and not self.author.bot and self.webhook_id is None

    @property
    def author_name(self) -> str:
        if self.member is not None and self.member.nick:
            return self.member.nick
        return self.author.name if self.author is not None else "unknown"

    @property
    def role_ids(self) -> list[int]:
        return (self.member.roles if self.member else None) or []


class MessageFrame(msgspec.Struct, frozen=True):
    """A dispatch of the gateway with a message in it."""

    op: int
    d: Message
    t: str | None = None
    s: int | None = None


# Lax mode turns Discord's snowflake strings into integers while decoding, which is cheaper than doing it later.
_decode_message_frame: Final = msgspec.json.Decoder(MessageFrame, strict=False).decode
decode_payload: Final = msgspec.json.Decoder().decode
"""Any other frame, to plain dicts, as hikari's factories take them."""


def decode_message_frame(data: bytes) -> MessageFrame | None:
    """The frame, if it starts like a MESSAGE_CREATE and all its fields have a documented form; else None.

    Raises:
        msgspec.DecodeError: it is not JSON.
    """
    if not data.startswith(MESSAGE_PREFIX):
        return None
    try:
        return _decode_message_frame(data)
    except msgspec.ValidationError:
        # Some field has a form that nobody documented; the event manager looks at such a message field by field.
        return None


def message_from_payload(payload: Mapping[str, Any]) -> Message:
    """A message from an already decoded payload; fields that do not have the documented form take their defaults.

    The ids and the author must be right, or there is nothing to act on.

    Raises:
        msgspec.ValidationError: id, channel or author cannot be read.
    """
    try:
        return msgspec.convert(payload, Message, strict=False)
    except msgspec.ValidationError:
        good: dict[str, Any] = {}
        for field in msgspec.structs.fields(Message):
            if field.name not in payload:
                continue
            try:
                good[field.name] = msgspec.convert(payload[field.name], field.type, strict=False)
            except msgspec.ValidationError:
                if field.name in ("id", "channel_id", "guild_id", "author"):
                    raise
        return Message(**good)
