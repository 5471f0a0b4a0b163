"""One guild as it lies in memory: immutable ``bytes`` for each section, and how sections are read and written.

A change makes new bytes for its section only and shares the others, so a guild is either the old one or the new one.
"""

import struct
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from sys import getsizeof
from typing import Final

import msgspec

from skynetbot.discord.state.members import MemberTable
from skynetbot.discord.state.views import FEATURES, ChannelView, GuildView, RoleView

__all__ = [
    "DecodedGuild",
    "DecodedGuilds",
    "GuildHead",
    "PackedGuild",
    "check",
    "pack_channels",
    "pack_head",
    "pack_roles",
    "unpack_channels",
    "unpack_roles",
    "view_of",
]


class GuildHead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    icon: str | None
    owner_id: int
    features: int
    """Bit n is `FEATURES[n]`."""
    system_channel_id: int | None


class PackedGuild(msgspec.Struct, frozen=True, array_like=True, gc=False):
    head: bytes
    roles: bytes
    channels: bytes
    threads: bytes
    """Active ones."""
    members: bytes
    """A `MemberTable`."""
    member_count: int

    def with_members(self, members: bytes) -> "PackedGuild":
        return msgspec.structs.replace(self, members=members)

    def nbytes(self) -> int:
        """What it takes in memory; bytes that guilds share count for each."""
        sections = (self.head, self.roles, self.channels, self.threads, self.members)
        return getsizeof(self) + sum(map(getsizeof, sections)) + getsizeof(self.member_count)


_encode_into: Final = msgspec.msgpack.Encoder().encode_into
_read_head: Final = msgspec.msgpack.Decoder(GuildHead).decode
_read_channels: Final = msgspec.msgpack.Decoder(tuple[ChannelView, ...]).decode
_read_roles: Final = msgspec.msgpack.Decoder(tuple[RoleView, ...]).decode


def _encode(value: object) -> bytes:
    # What msgspec's `encode` returns keeps the spare room of its buffer, a fifth of a guild's channels.
    buffer = bytearray()
    _encode_into(value, buffer)
    return bytes(buffer)


_NONE: Final = _encode(())


def pack_head(head: GuildHead) -> bytes:
    return _encode(head)


def pack_channels(channels: Iterable[ChannelView]) -> bytes:
    # Most guilds have no active thread, and share these bytes.
    packed = list(channels)
    return _encode(packed) if packed else _NONE


def pack_roles(roles: Iterable[RoleView]) -> bytes:
    return _encode(list(roles))


def unpack_channels(section: bytes) -> dict[int, ChannelView]:
    return {channel.id: channel for channel in _read_channels(section)}


def unpack_roles(section: bytes) -> dict[int, RoleView]:
    return {role.id: role for role in _read_roles(section)}


def check(guild: PackedGuild) -> None:
    """Read every section once.

    Raises:
        ValueError: one of them is not what it should be.
    """
    _read_head(guild.head)
    _read_roles(guild.roles)
    _read_channels(guild.channels)
    _read_channels(guild.threads)
    try:
        MemberTable(guild.members).check()
    except (struct.error, OverflowError) as error:
        raise ValueError(str(error)) from error


class DecodedGuild:
    """The sections that somebody asked for, each decoded once for its bytes."""

    __slots__ = ("_channels", "_head", "_packed", "_roles", "_threads")

    def __init__(self, packed: PackedGuild) -> None:
        self._packed = packed
        self._head: GuildHead | None = None
        self._roles: Mapping[int, RoleView] | None = None
        self._channels: Mapping[int, ChannelView] | None = None
        self._threads: Mapping[int, ChannelView] | None = None

    def follow(self, packed: PackedGuild) -> None:
        """Take over a later state of the guild; what it shares with the earlier one stays decoded."""
        was = self._packed
        if packed is was:
            return
        self._packed = packed
        self._head = self._head if packed.head is was.head else None
        self._roles = self._roles if packed.roles is was.roles else None
        self._channels = self._channels if packed.channels is was.channels else None
        self._threads = self._threads if packed.threads is was.threads else None

    @property
    def head(self) -> GuildHead:
        if self._head is None:
            self._head = _read_head(self._packed.head)
        return self._head

    @property
    def roles(self) -> Mapping[int, RoleView]:
        if self._roles is None:
            self._roles = unpack_roles(self._packed.roles)
        return self._roles

    @property
    def channels(self) -> Mapping[int, ChannelView]:
        if self._channels is None:
            self._channels = unpack_channels(self._packed.channels)
        return self._channels

    @property
    def threads(self) -> Mapping[int, ChannelView]:
        if self._threads is None:
            self._threads = unpack_channels(self._packed.threads)
        return self._threads

    def channel(self, channel_id: int) -> ChannelView | None:
        """A channel or an active thread."""
        return self.channels.get(channel_id) or self.threads.get(channel_id)


class DecodedGuilds:
    """The guilds asked for last, at most ``bound``; a few dozen KiB each."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._guilds: OrderedDict[int, DecodedGuild] = OrderedDict()

    def __len__(self) -> int:
        return len(self._guilds)

    def of(self, guild_id: int, packed: PackedGuild) -> DecodedGuild:
        decoded = self._guilds.get(guild_id)
        if decoded is None:
            decoded = self._guilds[guild_id] = DecodedGuild(packed)
            if len(self._guilds) > self._bound:
                self._guilds.popitem(last=False)
        else:
            decoded.follow(packed)
            self._guilds.move_to_end(guild_id)
        return decoded

    def forget(self, guild_id: int) -> None:
        self._guilds.pop(guild_id, None)

    def clear(self) -> None:
        self._guilds.clear()


def view_of(guild_id: int, packed: PackedGuild, *, available: bool) -> GuildView:
    """The guild's own fields; not through `DecodedGuilds`, since lists of all guilds would sweep it."""
    head = _read_head(packed.head)
    return GuildView(
        id=guild_id,
        name=head.name,
        icon=head.icon,
        owner_id=head.owner_id,
        member_count=packed.member_count,
        features=tuple(name for bit, name in enumerate(FEATURES) if head.features >> bit & 1),
        system_channel_id=head.system_channel_id,
        available=available,
    )
