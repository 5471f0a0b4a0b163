"""Members: reading, searching, changing nick, roles and timeout, kicking."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.entities import Guild, Member
from discord_emulator.permissions import Permission, base_permissions, top_position
from discord_emulator.rest.call import Call, Route, snowflake
from discord_emulator.rest.errors import invalid_form, missing_permissions, not_found
from discord_emulator.rest.forms import MemberForm, PruneForm

__all__ = ["ROUTES"]

_KICK: Final = 20
_PRUNE: Final = 21
_MEMBER_UPDATE: Final = 24
_MEMBER_ROLES: Final = 25
_MAX_TIMEOUT_DAYS: Final = 28


async def list_members(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    limit = call.number("limit", 1, 1, 1000)
    after = snowflake(call.query.get("after", 0), "after")
    ids = sorted(user_id for user_id in guild.members if user_id > after)[:limit]
    return [_payload(call, guild.members[user_id]) for user_id in ids]


async def search(call: Call) -> list[dict[str, Any]]:
    guild = call.guild()
    query = call.query.get("query", "").lower()
    limit = call.number("limit", 1, 1, 1000)
    found = [
        member
        for member in guild.members.values()
        if (member.nick or "").lower().startswith(query)
        or call.world.user(member.user_id).username.lower().startswith(query)
    ]
    return [_payload(call, member) for member in found[:limit]]


async def read(call: Call) -> dict[str, Any]:
    return _payload(call, call.member(call.guild()))


async def edit(call: Call) -> dict[str, Any]:
    guild = call.guild()
    member = call.member(guild)
    form = call.form(MemberForm)
    changes: dict[str, Any] = {}
    if "nick" in form:
        own = member.user_id == call.me.id
        call.require(guild, Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES)
        changes["nick"] = _nick(form["nick"])
    if "roles" in form:
        call.require(guild, Permission.MANAGE_ROLES)
        wanted = [snowflake(role, "roles") for role in form["roles"] or ()]
        for role_id in set(wanted) ^ set(member.roles):
            _require_below(call, guild, role_id)
        changes["roles"] = wanted
    if "communication_disabled_until" in form:
        call.require(guild, Permission.MODERATE_MEMBERS)
        if base_permissions(guild, member.user_id) & Permission.ADMINISTRATOR:
            raise missing_permissions()
        changes["timeout_until"] = _timeout(call, form["communication_disabled_until"])
    for key, needed in (("mute", Permission.MUTE_MEMBERS), ("deaf", Permission.DEAFEN_MEMBERS)):
        if form.get(key) is not None:
            call.require(guild, needed)
            changes[key] = form[key]
    if member.user_id != call.me.id and not _outranks(call, guild, member):
        raise missing_permissions()
    call.world.update_member(guild, member, **changes)
    action = _MEMBER_ROLES if list(changes) == ["roles"] else _MEMBER_UPDATE
    call.world.audit(guild, action, call.me.id, member.user_id, call.reason)
    return _payload(call, member)


async def edit_me(call: Call) -> dict[str, Any]:
    guild = call.guild()
    member = guild.members[call.me.id]
    form = call.form(MemberForm)
    if "nick" in form:
        call.require(guild, Permission.CHANGE_NICKNAME)
        call.world.update_member(guild, member, nick=_nick(form["nick"]))
        call.world.audit(guild, _MEMBER_UPDATE, call.me.id, call.me.id, call.reason)
    return _payload(call, member)


async def kick(call: Call) -> None:
    guild = call.guild()
    call.require(guild, Permission.KICK_MEMBERS)
    member = call.member(guild)
    if not _outranks(call, guild, member):
        raise missing_permissions()
    call.world.remove_member(guild, member.user_id)
    call.world.audit(guild, _KICK, call.me.id, member.user_id, call.reason)


async def add_role(call: Call) -> None:
    _change_role(call, add=True)


async def remove_role(call: Call) -> None:
    _change_role(call, add=False)


async def prune_count(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.KICK_MEMBERS)
    days = call.number("days", 7, 1, 30)
    roles = [snowflake(text, "include_roles") for text in call.query.get("include_roles", "").split(",") if text]
    return {"pruned": len(_inactive(call, guild, days, roles))}


async def prune(call: Call) -> dict[str, Any]:
    guild = call.guild()
    call.require(guild, Permission.KICK_MEMBERS)
    form = call.form(PruneForm)
    days = form.get("days") or 7
    if not 1 <= days <= 30:
        raise invalid_form("days", "NUMBER_TYPE_RANGE", "int value should be between 1 and 30.")
    named = form.get("include_roles") or []
    roles = [snowflake(text, "include_roles") for text in (named.split(",") if isinstance(named, str) else named)]
    gone = _inactive(call, guild, days, roles)
    for user_id in gone:
        call.world.remove_member(guild, user_id)
    call.world.audit(guild, _PRUNE, call.me.id, None, call.reason)
    return {"pruned": len(gone) if form.get("compute_prune_count", True) else None}


def _inactive(call: Call, guild: Guild, days: int, roles: list[int]) -> list[int]:
    """Members without roles (other than ``roles``) who have said nothing for so long and joined before that."""
    now = call.world.time()
    horizon = now - timedelta(days=days)
    active = {
        message.author_id
        for channel_id in guild.channels
        for message in call.world.history(channel_id)
        if message.created_at >= horizon
    }
    return [
        member.user_id
        for member in guild.members.values()
        if member.user_id not in active
        and member.user_id != guild.owner_id
        and member.joined_at < horizon
        and not set(member.roles) - set(roles)
    ]


def _nick(raw: Any) -> str | None:
    if raw and len(raw) > 32:
        raise invalid_form("nick", "BASE_TYPE_MAX_LENGTH", "Must be 32 or fewer in length.")
    return raw or None


def _change_role(call: Call, *, add: bool) -> None:
    guild = call.guild()
    call.require(guild, Permission.MANAGE_ROLES)
    member, role = call.member(guild), call.role(guild)
    _require_below(call, guild, role.id)
    roles = [role_id for role_id in member.roles if role_id != role.id]
    call.world.update_member(guild, member, roles=[*roles, role.id] if add else roles)
    change = {"key": "$add" if add else "$remove", "new_value": [{"id": str(role.id), "name": role.name}]}
    call.world.audit(guild, _MEMBER_ROLES, call.me.id, member.user_id, call.reason, [change])


def _payload(call: Call, member: Member) -> dict[str, Any]:
    return payloads.member_payload(member, call.world.user(member.user_id))


def _outranks(call: Call, guild: Guild, member: Member) -> bool:
    return top_position(guild, call.me.id) > top_position(guild, member.user_id)


def _require_below(call: Call, guild: Guild, role_id: int) -> None:
    role = guild.roles.get(role_id)
    if role is None:
        raise not_found("role")
    if role.position >= top_position(guild, call.me.id) or role.managed:
        raise missing_permissions()


def _timeout(call: Call, raw: Any) -> datetime | None:
    if raw is None:
        return None
    try:
        until = datetime.fromisoformat(str(raw))
    except ValueError:
        message = "The string must be an ISO 8601 timestamp."
        raise invalid_form("communication_disabled_until", "DATE_TIME_TYPE_PARSE", message) from None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until - call.world.time() > timedelta(days=_MAX_TIMEOUT_DAYS):
        message = "Time out must be at most 28 days."
        raise invalid_form("communication_disabled_until", "MEMBER_COMMUNICATION_DISABLED_UNTIL_TOO_FAR", message)
    return until


_MEMBER: Final = "/guilds/{guild_id}/members/{user_id}"

ROUTES: Final = (
    Route("GET", "/guilds/{guild_id}/members", list_members),
    Route("GET", "/guilds/{guild_id}/members/search", search),
    Route("GET", "/guilds/{guild_id}/prune", prune_count),
    Route("POST", "/guilds/{guild_id}/prune", prune),
    Route("PATCH", "/guilds/{guild_id}/members/@me", edit_me),
    Route("GET", _MEMBER, read),
    Route("PATCH", _MEMBER, edit),
    Route("DELETE", _MEMBER, kick),
    Route("PUT", _MEMBER + "/roles/{role_id}", add_role),
    Route("DELETE", _MEMBER + "/roles/{role_id}", remove_role),
)
