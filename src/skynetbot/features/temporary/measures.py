"""What a measure is, as its document keeps it: what was ordered, what it changed, and what came of it. Pure."""

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["ACTIVE", "APPLYING", "FEATURE", "KINDS", "Before", "Kind", "KindInfo", "Measure"]

FEATURE: Final = "temporary"

APPLYING: Final = "applying"
"""Ordered; Discord has not confirmed it."""
ACTIVE: Final = "active"
"""Discord confirmed it, and it is to end."""
# Every other state is final, and `Measure.outcome` says what happened: done, refused, ended, lifted (by somebody in
# Discord), replaced (by a later case about the same thing).

Kind: TypeAlias = Literal["tempban", "unban", "mute", "unmute", "temprole", "untemprole", "lock", "unlock", "slowmode"]
Thing: TypeAlias = Literal["ban", "mute", "role", "lock", "slowmode"]


class KindInfo(msgspec.Struct, frozen=True):
    thing: Thing
    """What of the target it is about: of two measures about one thing, the later one replaces the earlier."""
    lasts: bool
    name: str
    of_channel: bool = False


KINDS: Final[dict[Kind, KindInfo]] = {
    "tempban": KindInfo("ban", True, "ban"),
    "unban": KindInfo("ban", False, "unban"),
    "mute": KindInfo("mute", True, "mute"),
    "unmute": KindInfo("mute", False, "unmute"),
    "temprole": KindInfo("role", True, "role for a time"),
    "untemprole": KindInfo("role", False, "role taken away"),
    "lock": KindInfo("lock", True, "lock", of_channel=True),
    "unlock": KindInfo("lock", False, "unlock", of_channel=True),
    "slowmode": KindInfo("slowmode", True, "slow mode", of_channel=True),
}


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel was like before it was changed."""

    allow: int = 0
    deny: int = 0
    """The overwrite of @everyone; nothing allowed and nothing denied is no overwrite."""
    slow_mode_s: int = 0


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds since 1970."""

    kind: Kind
    order: int = 0
    """The interaction that asked for it: after a crash Discord sends again what was not noted as handled."""
    case: int = 0
    guild_id: int
    target_id: int
    """A member or a channel."""
    target_name: str
    role_id: int = 0
    moderator_id: int
    moderator_name: str
    reason: str
    at: float
    expires_at: float | None = None
    delete_message_s: int = 0
    bits: int = 0
    """The permissions that a lock denies."""
    seconds: int = 0
    """Of a slow mode."""
    before: Before | None = None
    active_at: float | None = None
    outcome: str = ""
    """What came of it, in a sentence."""
    problem: str = ""
    """Why it could not be ended, or kept up, so far."""

    @property
    def info(self) -> KindInfo:
        return KINDS[self.kind]

    @property
    def thing_key(self) -> str:
        """The same for all measures that exclude each other."""
        return f"{self.info.thing}:{self.guild_id}:{self.target_id}:{self.role_id}"

    @property
    def stays(self) -> bool:
        """Whether it is in force after it was carried out: until its time, or (a lock) until somebody ends it."""
        return self.info.lasts and (self.expires_at is not None or self.kind == "lock")
