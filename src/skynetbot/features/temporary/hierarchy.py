"""Pure rules: who may act on whom and with which role. Each answers with a sentence why not, or with nothing."""

from collections.abc import Collection
from typing import Final

from skynetbot.discord.guilds import Standing
from skynetbot.discord.state.permissions import Permission
from skynetbot.guildconfig.levels import AccessSettings, level_of

__all__ = ["MODERATOR_LEVEL", "NAMES", "own_lack", "person_refusal", "right_refusal", "role_refusal"]

MODERATOR_LEVEL: Final = 2
NAMES: Final = {
    Permission.BAN_MEMBERS: "Ban Members",
    Permission.MODERATE_MEMBERS: "Moderate Members",
    Permission.MANAGE_ROLES: "Manage Roles",
    Permission.MANAGE_CHANNELS: "Manage Channels",
    Permission.MANAGE_THREADS: "Manage Threads",
}


def right_refusal(permissions: int, needed: int, access: AccessSettings, *, owner: bool, roles: Collection[int]) -> str:
    """``permissions`` are the moderator's where they want to act."""
    if owner or permissions & (needed | Permission.ADMINISTRATOR):
        return ""
    if level_of(access, is_owner=False, permissions=permissions, role_ids=roles) >= MODERATOR_LEVEL:
        return ""
    return f"You need the permission '{NAMES[needed]}', or a role of level 2 (moderator), for this."


def own_lack(standing: Standing, guild_id: int, needed: int, channel_id: int | None, now: float) -> str:
    """Whether the bot itself lacks a permission, as far as the gateway has told; Discord has the last word."""
    held = standing.permissions(guild_id, standing.own_id or 0, None, channel_id, now)
    if held & (needed | Permission.ADMINISTRATOR):
        return ""
    where = "" if channel_id is None else " in that channel"
    return f"I lack the permission '{NAMES[needed]}'{where}. Give it to my role and try again."


def person_refusal(
    standing: Standing,
    guild_id: int,
    owner_id: int,
    actor: tuple[int, Collection[int]],
    target: tuple[int, Collection[int]],
) -> str:
    """``actor`` and ``target`` are ids with roles; who is no member has none."""
    target_id, target_roles = target
    own_id = standing.own_id or 0
    if target_id == actor[0]:
        return "You cannot do that to yourself."
    if target_id == own_id:
        return "I cannot do that to myself."
    if target_id == owner_id:
        return "Nobody can do that to the owner of the server."
    if not standing.may_act_on(guild_id, *actor, target_id, target_roles):
        return "Their highest role is not below yours, so you cannot act on them."
    if not standing.may_act_on(guild_id, own_id, None, target_id, target_roles):
        return "Their highest role is not below mine, so Discord does not let me. Move my role above theirs."
    return ""


def role_refusal(
    standing: Standing, guild_id: int, owner_id: int, actor: tuple[int, Collection[int]], role_id: int
) -> str:
    """Whether the actor may hand this role out, and the bot can."""
    role = standing.role(guild_id, role_id)
    if role is None or role_id == guild_id:
        return "That is no role that members can be given."
    if role.managed:
        return "That role belongs to an app or to Discord; nobody can give it."
    own = standing.member(guild_id, standing.own_id or 0)
    if own is None or role.rank >= _highest(standing, guild_id, own.roles):
        return "That role is not below mine, so Discord does not let me. Move my role above it."
    actor_id, actor_roles = actor
    if actor_id == owner_id:
        return ""
    if role.rank >= _highest(standing, guild_id, actor_roles):
        return "That role is not below your highest one, so you cannot give or take it."
    held = standing.permissions(guild_id, actor_id, actor_roles, None, 0.0)
    # With Manage Roles Discord itself would let them; a level alone must not give anybody more than they have.
    if not held & (Permission.MANAGE_ROLES | Permission.ADMINISTRATOR) and role.permissions & ~held:
        return "That role has permissions that you do not have, so giving it needs 'Manage Roles'."
    return ""


def _highest(standing: Standing, guild_id: int, role_ids: Collection[int]) -> tuple[int, int]:
    roles = (standing.role(guild_id, role_id) for role_id in role_ids if role_id != guild_id)
    return max((role.rank for role in roles if role is not None), default=(-1, 0))
