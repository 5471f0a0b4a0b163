"""The journal's bytes. A record is one write to the file:

    length u32 | crc32 u32 of the payload | payload = first sequence number u64 | MessagePack array of groups

A group is the array of operations that one caller handed in together; it has one sequence number, and is applied
wholly or not at all. All numbers are little-endian. A record whose length or checksum does not hold ends the segment.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.writes.operations import Operation

__all__ = [
    "HEADER_SIZE",
    "Group",
    "UnknownOperation",
    "encode_group",
    "encode_record",
    "header",
    "read_header",
    "read_records",
]

_FRAME: Final = struct.Struct("<II")
_SEQUENCE: Final = struct.Struct("<Q")
_ARRAY32: Final = struct.Struct(">BI")
_MAGIC: Final = b"SKYNETJ1"
_HEADER: Final = struct.Struct("<8s16sQ")
HEADER_SIZE: Final = _HEADER.size
_MAX_RECORD: Final = 1 << 30

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[list[Operation]])


class UnknownOperation(SkynetBotError):
    """A whole record holds what this version cannot read: start the newer version again."""


class Group(msgspec.Struct, frozen=True):
    """Operations that were handed in together, and their place in the journal."""

    sequence: int
    operations: list[Operation]


def header(writer: bytes, first_sequence: int) -> bytes:
    """A segment's first bytes; ``writer`` is 16 bytes."""
    return _HEADER.pack(_MAGIC, writer, first_sequence)


def read_header(data: bytes) -> tuple[bytes, int] | None:
    """(writer, first sequence number); None when this is no segment."""
    if len(data) < HEADER_SIZE:
        return None
    magic, writer, first = _HEADER.unpack_from(data)
    return (writer, first) if magic == _MAGIC else None


def encode_group(operations: Sequence[Operation]) -> bytes:
    return _encoder.encode(operations)


def encode_record(first_sequence: int, groups: Sequence[bytes]) -> bytes:
    """One record of already encoded groups, whose sequence numbers are consecutive."""
    payload = b"".join((_SEQUENCE.pack(first_sequence), _ARRAY32.pack(0xDD, len(groups)), *groups))
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def read_records(data: bytes, offset: int = HEADER_SIZE) -> Iterator[tuple[int, list[Group]]]:
    """Yield (offset after the record, its groups) until the data ends or a record does not hold."""
    view = memoryview(data)
    while offset + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, offset)
        start = offset + _FRAME.size
        end = start + length
        if not _SEQUENCE.size < length <= _MAX_RECORD or end > len(data):
            return
        payload = view[start:end]
        if zlib.crc32(payload) != checksum:
            return
        (first,) = _SEQUENCE.unpack_from(payload)
        try:
            groups = _decoder.decode(payload[_SEQUENCE.size :])
        except msgspec.ValidationError as error:
            message = f"The journal holds operations of a newer version ({error}). Start that version again."
            raise UnknownOperation(message) from error
        offset = end
        yield offset, [Group(first + place, operations) for place, operations in enumerate(groups)]
