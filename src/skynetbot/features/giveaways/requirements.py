"""Pure rules: who may take part, and in words what somebody lacks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

__all__ = ["Requirements", "Standing", "account_made_at", "missing", "spoken", "timestamp_of"]

_DAY_S: Final = 86_400
# https://discord.com/developers/docs/reference#snowflakes
_DISCORD_EPOCH_MS: Final = 1_420_070_400_000


class Requirements(msgspec.Struct, frozen=True, kw_only=True):
    """0 and None ask for nothing."""

    role_id: int | None = None
    min_messages: int = 0
    joined_days: int = 0
    account_days: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What counts of a member."""

    has_role: bool
    messages: int
    joined_at: float | None
    """Seconds since 1970; None when Discord did not say."""
    made_at: float
    """When the account was made."""


def account_made_at(user_id: int) -> float:
    return ((user_id >> 22) + _DISCORD_EPOCH_MS) / 1_000


def timestamp_of(text: str | None) -> float | None:
    """Seconds since 1970 of Discord's ISO 8601; None when there is none or it is not one."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None


def missing(requirements: Requirements, standing: Standing, now: float) -> Sequence[str]:
    """A sentence for each requirement that is not met, with what the person has; none when all are."""
    lacks: list[str] = []
    if requirements.role_id is not None and not standing.has_role:
        lacks.append(f"You need the role <@&{requirements.role_id}>.")
    if standing.messages < requirements.min_messages:
        lacks.append(
            f"You need {_count(requirements.min_messages, 'message')} in this server; I counted "
            f"{standing.messages:,} of yours."
        )
    if requirements.joined_days:
        if standing.joined_at is None:
            lacks.append("Discord does not tell me when you joined this server. Try again in a moment.")
        elif (since := standing.joined_at + requirements.joined_days * _DAY_S) > now:
            lacks.append(
                f"You need to be in this server for {_count(requirements.joined_days, 'day')}; you are from "
                f"<t:{int(since)}:f> on."
            )
    if requirements.account_days and (old := standing.made_at + requirements.account_days * _DAY_S) > now:
        lacks.append(
            f"Your Discord account needs to be {_count(requirements.account_days, 'day')} old; it is from "
            f"<t:{int(old)}:f> on."
        )
    return lacks


def spoken(requirements: Requirements) -> Sequence[str]:
    """What is asked for, one a line, for the post."""
    lines: list[str] = []
    if requirements.role_id is not None:
        lines.append(f"Have the role <@&{requirements.role_id}>")
    if requirements.min_messages:
        lines.append(f"{_count(requirements.min_messages, 'message')} or more in this server")
    if requirements.joined_days:
        lines.append(f"In this server for {_count(requirements.joined_days, 'day')}")
    if requirements.account_days:
        lines.append(f"Account at least {_count(requirements.account_days, 'day')} old")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
