"""The parts of Discord's gateway payloads that the state takes over, typed; unknown fields are passed over.

Ids come as strings and become integers. What Discord may leave out or null has a default here.
Source: https://discord.com/developers/docs/events/gateway-events and the resources that it names.
"""

from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec

from skynetbot.discord.state.errors import MalformedPayload

__all__ = [
    "ChannelPayload",
    "ChannelRef",
    "GuildPayload",
    "GuildRef",
    "MemberGone",
    "MemberPayload",
    "MessagePayload",
    "Overwrite",
    "PartialMember",
    "Ready",
    "Role",
    "RoleChange",
    "RoleGone",
    "ThreadList",
    "User",
    "bits",
    "read",
]

Snowflake = Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
Small = Annotated[int, msgspec.Meta(ge=-(1 << 31), le=(1 << 31) - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)]
Bits = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]

Payload = TypeVar("Payload", bound=msgspec.Struct)


class GuildRef(msgspec.Struct, frozen=True):
    """READY's guilds, GUILD_DELETE, and GUILD_CREATE of a guild in an outage."""

    id: Snowflake
    unavailable: bool | None = None


class User(msgspec.Struct, frozen=True):
    id: Snowflake


class Ready(msgspec.Struct, frozen=True):
    user: User
    guilds: list[GuildRef]
    shard: tuple[Count, Annotated[int, msgspec.Meta(ge=1)]] | None = None
    """(number, count); left out for bots that did not send one."""


class Overwrite(msgspec.Struct, frozen=True):
    id: Snowflake
    type: Small
    allow: Bits = 0
    deny: Bits = 0


class ThreadMetadata(msgspec.Struct, frozen=True):
    archived: bool | None = None


class ChannelPayload(msgspec.Struct, frozen=True):
    """A channel or a thread. Inside GUILD_CREATE ``guild_id`` is left out; without it elsewhere it is a direct one."""

    id: Snowflake
    type: Small
    guild_id: Snowflake | None = None
    name: str | None = None
    position: Small | None = None
    parent_id: Snowflake | None = None
    nsfw: bool | None = None
    rate_limit_per_user: Count | None = None
    permission_overwrites: list[Overwrite] | None = None
    thread_metadata: ThreadMetadata | None = None


class ChannelRef(msgspec.Struct, frozen=True):
    id: Snowflake
    guild_id: Snowflake | None = None


class ThreadList(msgspec.Struct, frozen=True):
    guild_id: Snowflake
    threads: list[ChannelPayload]
    channel_ids: list[Snowflake] | None = None
    """The parents that are synchronised; left out, it is the whole guild."""


class Role(msgspec.Struct, frozen=True):
    id: Snowflake
    name: str
    permissions: Bits
    position: Small = 0
    color: Count = 0
    managed: bool = False


class RoleChange(msgspec.Struct, frozen=True):
    guild_id: Snowflake
    role: Role


class RoleGone(msgspec.Struct, frozen=True):
    guild_id: Snowflake
    role_id: Snowflake


class PartialMember(msgspec.Struct, frozen=True):
    """The member inside a message, which comes without its user."""

    roles: list[Snowflake]
    joined_at: Time | None = None
    communication_disabled_until: Time | msgspec.UnsetType | None = msgspec.UNSET


class MemberPayload(PartialMember, frozen=True, kw_only=True):
    user: User
    guild_id: Snowflake | None = None


class MemberGone(msgspec.Struct, frozen=True):
    guild_id: Snowflake
    user: User


class GuildPayload(msgspec.Struct, frozen=True):
    """GUILD_CREATE, and GUILD_UPDATE, which has none of the fields from ``member_count`` on."""

    id: Snowflake
    name: str
    owner_id: Snowflake
    icon: str | None = None
    features: list[str] = []
    system_channel_id: Snowflake | None = None
    roles: list[Role] | None = None
    member_count: Count | None = None
    channels: list[ChannelPayload] = []
    threads: list[ChannelPayload] = []
    members: list[MemberPayload] = []


class MessagePayload(msgspec.Struct, frozen=True):
    author: User
    guild_id: Snowflake | None = None
    member: PartialMember | None = None
    webhook_id: Snowflake | None = None


_MASK: Final = (1 << 64) - 1


def bits(permissions: int) -> int:
    """The first 64 bits, which pack; Discord leaves the length open and has given a meaning to 53 so far."""
    return permissions & _MASK


def read(event: str, payload: Any, form: type[Payload]) -> Payload:
    """The payload in its documented form.

    Raises:
        MalformedPayload: it has another one; the message names the field.
    """
    try:
        return msgspec.convert(payload, form, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedPayload(event, str(error)) from error
