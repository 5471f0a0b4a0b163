"""The whole state as bytes, for a restart that resumes its sessions: RESUME brings no GUILD_CREATE.

A header (magic, version, byte order, BLAKE2b of the rest) and a msgpack body. Member tables lie in the machine's byte
order, so a dump is for the same kind of machine.
"""

import hashlib
import struct
import sys
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from skynetbot.discord.state.errors import DumpRejected
from skynetbot.discord.state.packed import PackedGuild, check

__all__ = ["Dump", "Saved", "from_bytes", "to_bytes"]

Dump: TypeAlias = bytes
"""A saved state."""

_MAGIC: Final = b"SKYGUILD"
_VERSION: Final = 1
_HEADER: Final = struct.Struct(">8sH6s32s")
_BYTE_ORDER: Final = sys.byteorder.encode()


class Saved(msgspec.Struct, frozen=True, array_like=True):
    own_id: int | None
    unavailable: frozenset[int]
    guilds: dict[int, PackedGuild]


_decode: Final = msgspec.msgpack.Decoder(Saved).decode


def to_bytes(own_id: int | None, unavailable: frozenset[int], guilds: Mapping[int, PackedGuild]) -> Dump:
    body = msgspec.msgpack.encode(Saved(own_id, unavailable, dict(guilds)))
    return _HEADER.pack(_MAGIC, _VERSION, _BYTE_ORDER, _digest(body)) + body


def from_bytes(data: Dump) -> Saved:
    """Raises: DumpRejected: it is no dump, damaged, or of another version or kind of machine."""
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise DumpRejected("This is no saved guild state.")
    _, version, byte_order, digest = _HEADER.unpack_from(data)
    if version != _VERSION:
        raise DumpRejected(f"The saved guild state has version {version}; this program reads version {_VERSION}.")
    if byte_order.rstrip(b"\0") != _BYTE_ORDER:
        raise DumpRejected("The saved guild state comes from a machine with another byte order.")
    body = data[_HEADER.size :]
    if _digest(body) != digest:
        raise DumpRejected("The saved guild state is damaged: its checksum does not fit.")
    try:
        saved = _decode(body)
        for guild in saved.guilds.values():
            check(guild)
    except (msgspec.DecodeError, ValueError) as error:
        raise DumpRejected(f"The saved guild state cannot be read: {error}") from error
    return saved


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=32).digest()
