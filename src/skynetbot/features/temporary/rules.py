"""Pure rules: overwrites of locks, the length of Discord's timeouts, and what an event says of a measure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.views import OverwriteView
from skynetbot.features.temporary.measures import Before, Measure

__all__ = [
    "EVENTS",
    "everyone_before",
    "in_place",
    "locked",
    "next_renewal",
    "restored",
    "target_of",
    "timeout_end",
]

# https://discord.com/developers/docs/resources/guild#modify-guild-member: at most 28 days. A day less, for clocks that
# differ, and renewed with days to spare, for outages.
TIMEOUT_S: Final = 27 * 86_400.0
RENEW_AFTER_S: Final = 23 * 86_400.0

EVENTS: Final = (
    "GUILD_BAN_ADD",
    "GUILD_BAN_REMOVE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
)


def everyone_before(guild_id: int, overwrites: Sequence[OverwriteView], slow_mode_s: int = 0) -> Before:
    """What a channel says of @everyone, who is the role with the server's id."""
    found = next((each for each in overwrites if each.id == guild_id and each.type == 0), None)
    if found is None:
        return Before(slow_mode_s=slow_mode_s)
    return Before(allow=found.allow, deny=found.deny, slow_mode_s=slow_mode_s)


def locked(now: Before, bits: int) -> tuple[int, int]:
    """(allow, deny) with these bits denied and all others as they are."""
    return now.allow & ~bits, now.deny | bits


def restored(now: Before, before: Before, bits: int) -> tuple[int, int]:
    """(allow, deny) with these bits as they were before the lock; what others changed meanwhile stays changed."""
    return now.allow & ~bits | before.allow & bits, now.deny & ~bits | before.deny & bits


def timeout_end(expires_at: float, now: float) -> float:
    """Until when to time out now; what is left after that is renewed."""
    return min(expires_at, now + TIMEOUT_S)


def next_renewal(expires_at: float, now: float) -> float | None:
    """When a timeout of `timeout_end` is to be renewed; None when it lasts to the end."""
    return now + RENEW_AFTER_S if expires_at > now + TIMEOUT_S else None


def target_of(event: str, payload: Mapping[str, Any]) -> int:
    """The member, channel or role that an event is about."""
    if event.startswith(("CHANNEL", "THREAD")):
        return int(payload["id"])
    return int(payload["role_id"] if event == "GUILD_ROLE_DELETE" else payload["user"]["id"])


def in_place(measure: Measure, event: str, payload: Mapping[str, Any], now: float) -> bool | None:
    """Whether the event shows the measure's effect in Discord, or shows it gone; None when it says nothing of it."""
    match measure.info.thing, event:
        case "ban", "GUILD_BAN_ADD" | "GUILD_BAN_REMOVE":
            return event == "GUILD_BAN_ADD"
        case "mute", "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_ADD" if "communication_disabled_until" in payload:
            until = payload["communication_disabled_until"]
            return until is not None and datetime.fromisoformat(until).timestamp() > now
        case "role", "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_ADD":
            return str(measure.role_id) in payload.get("roles", ())
        case "role", "GUILD_ROLE_DELETE":
            return False
        case "lock" | "slowmode", "CHANNEL_DELETE" | "THREAD_DELETE":
            return False
        case "lock", "CHANNEL_UPDATE":
            everyone = next(
                (each for each in payload.get("permission_overwrites") or () if int(each["id"]) == measure.guild_id),
                None,
            )
            return everyone is not None and bool(int(everyone["deny"]) & Permission.SEND_MESSAGES)
        case "slowmode", "CHANNEL_UPDATE" | "THREAD_UPDATE":
            return int(payload.get("rate_limit_per_user") or 0) == measure.seconds
    return None
