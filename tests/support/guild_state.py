"""The bot's state of a guild beside what the local Discord says of it, and payloads for a guild of one's own."""

from typing import Any

from discord_emulator.entities import Channel, Guild
from skynetbot.discord.state.state import GuildState

BOT = 900_000_000_000_000_001


def seen(state: GuildState, guild_id: int) -> dict[str, Any]:
    """Everything that the state says of the guild, as plain data; empty if it does not know it."""
    guild = state.get(guild_id)
    if guild is None:
        return {}
    return {
        "guild": (guild.name, guild.icon, guild.owner_id, guild.member_count, guild.system_channel_id),
        "channels": {
            channel.id: (
                (channel.type, channel.name, channel.position, channel.parent_id, channel.nsfw, channel.slow_mode_s),
                {o.id: (o.type, o.allow, o.deny) for o in channel.overwrites},
            )
            for channel in state.channels(guild_id)
        },
        "threads": {
            thread.id: (thread.type, thread.name, thread.parent_id, thread.slow_mode_s)
            for thread in state.threads(guild_id)
        },
        "roles": {
            role.id: (role.name, role.position, role.permissions, role.color, role.managed)
            for role in state.roles(guild_id)
        },
        "members": {
            member.id: (member.roles, member.joined_at, member.timeout_until) for member in state.members(guild_id)
        },
    }


def told(guild: Guild) -> dict[str, Any]:
    """The same of the local Discord's guild."""

    def channel_facts(channel: Channel) -> Any:
        return (
            (
                channel.type,
                channel.name,
                channel.position,
                channel.parent_id,
                channel.nsfw,
                channel.rate_limit_per_user,
            ),
            {o.id: (o.type, o.allow, o.deny) for o in channel.overwrites},
        )

    return {
        "guild": (guild.name, guild.icon, guild.owner_id, len(guild.members), guild.system_channel_id),
        "channels": {channel.id: channel_facts(channel) for channel in guild.channels.values()},
        "threads": {
            thread.id: (thread.type, thread.name, thread.parent_id, thread.rate_limit_per_user)
            for thread in guild.threads.values()
            if not thread.archived
        },
        "roles": {
            role.id: (role.name, role.position, role.permissions, role.color, role.managed)
            for role in guild.roles.values()
        },
        "members": {
            member.user_id: (
                tuple(sorted(set(member.roles))),
                int(member.joined_at.timestamp()),
                member.timeout_until.timestamp() if member.timeout_until is not None else None,
            )
            for member in guild.members.values()
        },
    }


def role(role_id: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(role_id),
        "name": f"role {role_id}",
        "permissions": "0",
        "position": 1,
        "color": 0,
        "managed": False,
        **fields,
    }


def channel(channel_id: int, **fields: Any) -> dict[str, Any]:
    return {"id": str(channel_id), "type": 0, "name": f"channel-{channel_id}", "position": 0, **fields}


def thread(thread_id: int, parent_id: int, *, archived: bool = False, **fields: Any) -> dict[str, Any]:
    metadata = {"archived": archived, "locked": False}
    return channel(thread_id, type=11, parent_id=str(parent_id), thread_metadata=metadata, **fields)


def overwrite(target: int, *, allow: int = 0, deny: int = 0, person: bool = False) -> dict[str, Any]:
    return {"id": str(target), "type": int(person), "allow": str(allow), "deny": str(deny)}


def member(user_id: int, *roles: int, timeout: str | None = None) -> dict[str, Any]:
    return {
        "user": {"id": str(user_id), "username": f"user {user_id}"},
        "roles": [str(role_id) for role_id in roles],
        "joined_at": "2024-05-01T12:00:00.250000+00:00",
        "communication_disabled_until": timeout,
    }


def guild_create(guild_id: int, *, owner: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(guild_id),
        "name": f"guild {guild_id}",
        "icon": None,
        "owner_id": str(owner),
        "features": [],
        "system_channel_id": None,
        "roles": [role(guild_id, name="@everyone", position=0)],
        "channels": [],
        "threads": [],
        "members": [member(BOT)],
        "member_count": 1,
        "unavailable": False,
        **fields,
    }


def ready(*guild_ids: int, shard: tuple[int, int] | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "user": {"id": str(BOT), "username": "bot"},
        "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
    }
    return payload if shard is None else {**payload, "shard": list(shard)}
