"""What travels between processes: frames in MessagePack, each naming the instance that speaks and its numbers."""

from typing import Any, Final, TypeAlias

import msgspec

from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.errors import SkynetBotError

__all__ = [
    "Beat",
    "Bye",
    "Frame",
    "FrameUnreadable",
    "MessageNotPlain",
    "Messages",
    "decode",
    "encode",
    "pack",
    "unpack",
]


class MessageNotPlain(SkynetBotError):
    """Only plain values travel; the publisher has to be changed."""


class FrameUnreadable(SkynetBotError):
    """Not one of our frames, or of a version that we do not know."""


class _Frame(msgspec.Struct, frozen=True, array_like=True, tag_field="kind"):
    instance: str


class Messages(_Frame, frozen=True, array_like=True, tag="messages"):
    """Consecutive messages of an instance; ``first`` is the number of the first one, and numbers begin at 1."""

    first: int
    packed: list[msgspec.Raw]


class Beat(_Frame, frozen=True, array_like=True, tag="beat"):
    """Sent all the time: ``last`` is the number up to which everything was sent (0 for nothing yet)."""

    last: int


class Bye(_Frame, frozen=True, array_like=True, tag="bye"):
    """The instance ends; ``last`` is the number of its last message, sent or not."""

    last: int


Frame: TypeAlias = Messages | Beat | Bye

_frames: Final = msgspec.msgpack.Decoder(Frame)
_messages: Final = msgspec.msgpack.Decoder(tuple[str, Any])
_encoder: Final = msgspec.msgpack.Encoder()


def encode(frame: Frame) -> bytes:
    return _encoder.encode(frame)


def decode(data: bytes) -> Frame:
    """Raises FrameUnreadable."""
    try:
        frame: Frame = _frames.decode(data)
        return frame
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameUnreadable(str(error)) from error


def pack(topic: str, message: Any, limit: int) -> msgspec.Raw:
    """One message for a `Messages` frame.

    What is plain but cannot travel (more than ``limit`` bytes, an int of more than 64 bits, half a surrogate pair)
    becomes a message on GAP_TOPIC, so that the others know that they miss something.

    Raises:
        MessageNotPlain: a value in it would arrive as something else.
    """
    if alien := _alien(message):
        raise MessageNotPlain(
            f"A {alien} cannot travel on the topic {topic!r}. Publish None, bool, int, float, str, bytes, "
            "or lists, tuples and dicts of them."
        )
    try:
        packed = _encoder.encode((topic, message))
        problem = None if len(packed) <= limit else f"{len(packed)} bytes are more than {limit}"
    except (OverflowError, UnicodeEncodeError) as error:
        packed, problem = b"", str(error)
    if problem is not None:
        packed = _encoder.encode((GAP_TOPIC, f"a message on {topic} could not travel: {problem}"))
    return msgspec.Raw(packed)


def unpack(packed: msgspec.Raw) -> tuple[str, Any]:
    """Topic and message. Raises FrameUnreadable."""
    try:
        return _messages.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameUnreadable(str(error)) from error


def _alien(value: Any) -> str | None:
    """The type of a part of ``value`` that would not arrive as what it is; None when there is no such part."""
    if value is None or isinstance(value, str | int | float | bytes):
        return None
    if isinstance(value, list | tuple):
        return next(filter(None, map(_alien, value)), None)
    if isinstance(value, dict):
        return next(filter(None, map(_alien, (*value, *value.values()))), None)
    return type(value).__name__
