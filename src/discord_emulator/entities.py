"""What lives in a local Discord, as plain mutable data: ids are integers, permissions are bits, times are aware."""

from datetime import datetime
from typing import Any

import msgspec

__all__ = [
    "Application",
    "AuditEntry",
    "Ban",
    "Channel",
    "Command",
    "Guild",
    "Interaction",
    "Invite",
    "Member",
    "Message",
    "Overwrite",
    "Reaction",
    "Role",
    "User",
    "Webhook",
]


class User(msgspec.Struct, kw_only=True):
    id: int
    username: str
    global_name: str | None = None
    avatar: str | None = None
    bot: bool = False
    token: str = ""
    email: str | None = None


class Application(msgspec.Struct, kw_only=True):
    id: int
    name: str
    owner_id: int
    bot_user_id: int
    client_secret: str
    description: str = ""
    redirect_uris: list[str] = []
    privileged_intents: int = (1 << 1) | (1 << 8) | (1 << 15)
    """Which of members, presences and message content the developer portal has switched on."""
    max_concurrency: int = 1
    session_starts_left: int = 1000


class Role(msgspec.Struct, kw_only=True):
    id: int
    name: str
    permissions: int = 0
    position: int = 0
    color: int = 0
    hoist: bool = False
    mentionable: bool = False
    managed: bool = False
    bot_id: int | None = None


class Overwrite(msgspec.Struct, kw_only=True):
    id: int
    type: int
    """0 for a role, 1 for a member."""
    allow: int = 0
    deny: int = 0


class Channel(msgspec.Struct, kw_only=True):
    id: int
    type: int
    guild_id: int | None = None
    name: str = ""
    topic: str | None = None
    position: int = 0
    parent_id: int | None = None
    nsfw: bool = False
    rate_limit_per_user: int = 0
    overwrites: list[Overwrite] = []
    last_message_id: int | None = None
    recipients: list[int] = []
    owner_id: int | None = None
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 1440
    created_at: datetime | None = None
    pins: list[int] = []
    bitrate: int = 64_000
    user_limit: int = 0
    thread_members: dict[int, datetime] = {}
    """Who is in a thread, and since when."""


class Member(msgspec.Struct, kw_only=True):
    user_id: int
    guild_id: int
    joined_at: datetime
    nick: str | None = None
    roles: list[int] = []
    timeout_until: datetime | None = None
    deaf: bool = False
    mute: bool = False


class Ban(msgspec.Struct, kw_only=True):
    user_id: int
    reason: str | None = None


class Guild(msgspec.Struct, kw_only=True):
    id: int
    name: str
    owner_id: int
    icon: str | None = None
    description: str | None = None
    roles: dict[int, Role] = {}
    channels: dict[int, Channel] = {}
    threads: dict[int, Channel] = {}
    members: dict[int, Member] = {}
    bans: dict[int, Ban] = {}
    system_channel_id: int | None = None
    verification_level: int = 0
    unavailable: bool = False
    audit_log: list["AuditEntry"] = []


class Reaction(msgspec.Struct, kw_only=True):
    emoji_id: int | None
    emoji_name: str
    users: list[int] = []


class Message(msgspec.Struct, kw_only=True):
    id: int
    channel_id: int
    author_id: int
    created_at: datetime
    guild_id: int | None = None
    content: str = ""
    embeds: list[dict[str, Any]] = []
    components: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    mentions: list[int] = []
    mention_roles: list[int] = []
    mention_everyone: bool = False
    reactions: list[Reaction] = []
    flags: int = 0
    type: int = 0
    tts: bool = False
    pinned: bool = False
    nonce: str | int | None = None
    edited_at: datetime | None = None
    webhook_id: int | None = None
    webhook_name: str | None = None
    application_id: int | None = None
    interaction: dict[str, Any] | None = None
    """The ``interaction_metadata`` of an answer to an interaction."""
    reference: dict[str, Any] | None = None


class Webhook(msgspec.Struct, kw_only=True):
    id: int
    channel_id: int
    guild_id: int
    name: str
    token: str
    user_id: int | None = None
    application_id: int | None = None


class Invite(msgspec.Struct, kw_only=True):
    code: str
    guild_id: int
    channel_id: int
    inviter_id: int
    created_at: datetime
    max_age: int = 86_400
    max_uses: int = 0
    uses: int = 0
    temporary: bool = False


class Command(msgspec.Struct, kw_only=True):
    id: int
    application_id: int
    name: str
    version: int
    guild_id: int | None = None
    body: dict[str, Any] = {}
    """Everything else as it was registered: description, options, permissions, contexts."""


class Interaction(msgspec.Struct, kw_only=True):
    id: int
    token: str
    type: int
    application_id: int
    user_id: int
    channel_id: int
    created_at: datetime
    guild_id: int | None = None
    data: dict[str, Any] = {}
    nonce: str | None = None
    acknowledged: bool = False
    deferred: bool = False
    ephemeral: bool = False
    message_id: int | None = None
    """The original answer, once there is one."""
    source_message_id: int | None = None
    """The message whose component was used."""
    opened_by: dict[str, Any] | None = None
    """For a submitted modal: the ``interaction_metadata`` of what opened it."""


class AuditEntry(msgspec.Struct, kw_only=True):
    id: int
    action_type: int
    user_id: int
    target_id: int | None = None
    reason: str | None = None
    changes: list[dict[str, Any]] = []
