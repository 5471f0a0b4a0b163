"""Entities in the form in which API v10 sends them: pure functions, ids and permissions as strings.

Shapes: https://discord.com/developers/docs/resources; checked against Discord's OpenAPI document in the tests.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from discord_emulator.entities import (
    Application,
    AuditEntry,
    Ban,
    Channel,
    Command,
    Guild,
    Invite,
    Member,
    Message,
    Overwrite,
    Role,
    User,
    Webhook,
)

__all__ = [
    "application_payload",
    "audit_entry_payload",
    "ban_payload",
    "channel_payload",
    "command_payload",
    "guild_create_payload",
    "guild_payload",
    "invite_payload",
    "me_payload",
    "member_payload",
    "message_payload",
    "overwrite_payload",
    "role_payload",
    "timestamp",
    "user_payload",
    "webhook_payload",
]

_DM = 1
_VOICES = (2, 13)
_CATEGORY = 4
_THREADS = (10, 11, 12)


def timestamp(at: datetime | None) -> str | None:
    """ISO 8601 with microseconds and offset, as Discord writes it."""
    return at.isoformat(timespec="microseconds") if at is not None else None


def user_payload(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "username": user.username,
        "global_name": user.global_name,
        "avatar": user.avatar,
        "avatar_decoration_data": None,
        "collectibles": None,
        "discriminator": "0000" if user.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        "clan": None,
        **({"bot": True} if user.bot else {}),
    }


def me_payload(user: User, *, with_email: bool = False) -> dict[str, Any]:
    """The user as they see themselves."""
    return {
        **user_payload(user),
        "mfa_enabled": False,
        "locale": "en-US",
        "premium_type": 0,
        "verified": True,
        "email": user.email if with_email else None,
        "banner": None,
        "accent_color": None,
        "banner_color": None,
    }


def application_payload(application: Application, bot: User, owner: User, guild_count: int = 0) -> dict[str, Any]:
    # The LIMITED flags: what a bot in under 100 servers has when the portal's switch is on.
    flags = 0
    if application.privileged_intents & (1 << 1):
        flags |= 1 << 15
    if application.privileged_intents & (1 << 8):
        flags |= 1 << 13
    if application.privileged_intents & (1 << 15):
        flags |= 1 << 19
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": application.description,
        "type": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "bot": user_payload(bot),
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "eligible_oauth2_scopes": [],
        "owner": user_payload(owner),
        "team": None,
        "redirect_uris": list(application.redirect_uris),
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "explicit_content_filter": 0,
        "event_webhooks_url": None,
        "event_webhooks_status": 1,
        "event_webhooks_types": [],
        "approximate_guild_count": guild_count,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "integration_types_config": {"0": {}},
        "summary": "",
        "hook": True,
        "storefront_available": False,
        "is_monetized": False,
        "is_verified": False,
        "is_discoverable": False,
    }


def role_payload(role: Role) -> dict[str, Any]:
    return {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "managed": role.managed,
        "mentionable": role.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
        **({"tags": {"bot_id": str(role.bot_id)}} if role.bot_id is not None else {}),
    }


def overwrite_payload(overwrite: Overwrite) -> dict[str, Any]:
    return {
        "id": str(overwrite.id),
        "type": overwrite.type,
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def channel_payload(channel: Channel, user_of: Callable[[int], User]) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": str(channel.id),
        "type": channel.type,
        "last_message_id": str(channel.last_message_id) if channel.last_message_id else None,
        "flags": 0,
    }
    if channel.type == _DM:
        return {**base, "recipients": [user_payload(user_of(user)) for user in channel.recipients]}
    base |= {
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "parent_id": str(channel.parent_id) if channel.parent_id else None,
        "rate_limit_per_user": channel.rate_limit_per_user,
        "nsfw": channel.nsfw,
    }
    if channel.type in _THREADS:
        created = timestamp(channel.created_at)
        return {
            **base,
            "owner_id": str(channel.owner_id),
            "message_count": 0,
            "member_count": min(50, max(1, len(channel.thread_members))),
            "total_message_sent": 0,
            "thread_metadata": {
                "archived": channel.archived,
                "archive_timestamp": created,
                "auto_archive_duration": channel.auto_archive_minutes,
                "locked": channel.locked,
                "create_timestamp": created,
            },
        }
    base |= {
        "position": channel.position,
        "permission_overwrites": [overwrite_payload(overwrite) for overwrite in channel.overwrites],
    }
    if channel.type in _VOICES:
        base |= {"bitrate": channel.bitrate, "user_limit": channel.user_limit, "rtc_region": None}
    if channel.type != _CATEGORY:
        base["topic"] = channel.topic
    return base


def member_payload(member: Member, user: User | None) -> dict[str, Any]:
    """A member; without ``user`` in the partial form that stands inside messages."""
    payload: dict[str, Any] = {
        "nick": member.nick,
        "avatar": None,
        "banner": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "roles": [str(role) for role in member.roles],
        "joined_at": timestamp(member.joined_at),
        "premium_since": None,
        "deaf": member.deaf,
        "mute": member.mute,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": timestamp(member.timeout_until),
    }
    if user is not None:
        payload["user"] = user_payload(user)
    return payload


def ban_payload(ban: Ban, user: User) -> dict[str, Any]:
    return {"user": user_payload(user), "reason": ban.reason}


def guild_payload(guild: Guild, *, with_counts: bool = False) -> dict[str, Any]:
    """The guild as REST and GUILD_UPDATE send it, without channels and members."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": guild.icon,
        "description": guild.description,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(guild.owner_id),
        "application_id": None,
        "region": "us-east",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": str(guild.system_channel_id) if guild.system_channel_id else None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": guild.verification_level,
        "roles": [role_payload(role) for role in guild.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
        **({"approximate_member_count": len(guild.members), "approximate_presence_count": 1} if with_counts else {}),
    }


def guild_create_payload(
    guild: Guild, users: Mapping[int, User], member_ids: list[int], *, large_threshold: int, for_user: int
) -> dict[str, Any]:
    """GUILD_CREATE, with the members that the receiver's intents allow."""
    own = guild.members.get(for_user)
    return {
        **guild_payload(guild),
        "joined_at": timestamp(own.joined_at) if own else None,
        "large": len(guild.members) > large_threshold,
        "unavailable": False,
        "member_count": len(guild.members),
        "channels": [channel_payload(channel, users.__getitem__) for channel in guild.channels.values()],
        "threads": [channel_payload(t, users.__getitem__) for t in guild.threads.values() if not t.archived],
        "members": [member_payload(guild.members[user_id], users[user_id]) for user_id in member_ids],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def webhook_payload(webhook: Webhook, user: User | None) -> dict[str, Any]:
    return {
        "id": str(webhook.id),
        "type": 1,
        "guild_id": str(webhook.guild_id),
        "channel_id": str(webhook.channel_id),
        "name": webhook.name,
        "avatar": None,
        "application_id": str(webhook.application_id) if webhook.application_id else None,
        "token": webhook.token,
        **({"user": user_payload(user)} if user is not None else {}),
    }


def message_payload(
    message: Message,
    user_of: Callable[[int], User],
    *,
    viewer_id: int | None = None,
    member: Member | None = None,
    referenced: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A message as REST sends it; with ``member`` (of the author) in the gateway's form."""
    if message.webhook_id is not None and message.application_id is None:
        author: dict[str, Any] = {
            **user_payload(User(id=message.webhook_id, username=message.webhook_name or "Webhook", bot=True)),
        }
    else:
        author = user_payload(user_of(message.author_id))
    payload: dict[str, Any] = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "type": message.type,
        "content": message.content,
        "author": author,
        "attachments": message.attachments,
        "embeds": message.embeds,
        "mentions": [user_payload(user_of(user)) for user in message.mentions],
        "mention_roles": [str(role) for role in message.mention_roles],
        "mention_everyone": message.mention_everyone,
        "pinned": message.pinned,
        "tts": message.tts,
        "timestamp": timestamp(message.created_at),
        "edited_timestamp": timestamp(message.edited_at),
        "flags": message.flags,
        "components": message.components,
    }
    if message.reactions:
        payload["reactions"] = [
            {
                "count": len(reaction.users),
                "count_details": {"burst": 0, "normal": len(reaction.users)},
                "burst_colors": [],
                "me": viewer_id in reaction.users,
                "me_burst": False,
                "emoji": {
                    "id": str(reaction.emoji_id) if reaction.emoji_id else None,
                    "name": reaction.emoji_name,
                },
            }
            for reaction in message.reactions
        ]
    if message.webhook_id is not None:
        payload["webhook_id"] = str(message.webhook_id)
    if message.application_id is not None:
        payload["application_id"] = str(message.application_id)
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.interaction is not None:
        payload["interaction_metadata"] = message.interaction
    if message.reference is not None:
        payload["message_reference"] = message.reference
        payload["referenced_message"] = referenced
    if member is not None:
        payload["member"] = member_payload(member, None)
        payload["guild_id"] = str(message.guild_id)
    elif message.guild_id is not None and viewer_id is None:
        payload["guild_id"] = str(message.guild_id)
    return payload


def command_payload(command: Command) -> dict[str, Any]:
    body = command.body
    needed = body.get("default_member_permissions")
    return {
        "id": str(command.id),
        "application_id": str(command.application_id),
        "version": str(command.version),
        "type": body.get("type", 1),
        "name": command.name,
        "name_localizations": body.get("name_localizations"),
        "description": body.get("description") or "",
        "description_localizations": body.get("description_localizations"),
        "options": body.get("options") or [],
        "default_member_permissions": str(needed) if needed is not None else None,
        "dm_permission": body.get("dm_permission", True),
        "contexts": body.get("contexts"),
        "integration_types": body.get("integration_types") or [0],
        "nsfw": bool(body.get("nsfw", False)),
        **({"guild_id": str(command.guild_id)} if command.guild_id is not None else {}),
    }


def invite_payload(invite: Invite, guild: Guild, channel: Channel, inviter: User) -> dict[str, Any]:
    return {
        "type": 0,
        "code": invite.code,
        "guild": {
            key: value
            for key, value in guild_payload(guild).items()
            if key
            in (
                "id",
                "name",
                "icon",
                "description",
                "splash",
                "banner",
                "features",
                "verification_level",
                "vanity_url_code",
                "nsfw_level",
                "nsfw",
                "premium_subscription_count",
            )
        },
        "guild_id": str(guild.id),
        "channel": {"id": str(channel.id), "name": channel.name, "type": channel.type},
        "inviter": user_payload(inviter),
        "uses": invite.uses,
        "max_uses": invite.max_uses,
        "max_age": invite.max_age,
        "temporary": invite.temporary,
        "created_at": timestamp(invite.created_at),
        "expires_at": None,
        "flags": 0,
    }


def audit_entry_payload(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": str(entry.id),
        "user_id": str(entry.user_id),
        "target_id": str(entry.target_id) if entry.target_id is not None else None,
        "action_type": entry.action_type,
        "changes": entry.changes,
        **({"reason": entry.reason} if entry.reason else {}),
    }
