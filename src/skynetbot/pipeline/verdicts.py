"""What a stage can decide, with the evidence for it."""

from typing import Literal

import msgspec

__all__ = ["DeleteMessage", "Effect", "LogToChannel", "Verdict", "WarnMember"]


class DeleteMessage(msgspec.Struct, frozen=True, tag=True):
    """Delete the judged message."""


class WarnMember(msgspec.Struct, frozen=True, tag=True):
    """Tell the author what was wrong, in the channel or directly."""

    text: str
    where: Literal["channel", "direct"] = "channel"


class LogToChannel(msgspec.Struct, frozen=True, tag=True):
    """Post a line for moderators."""

    channel_id: int
    text: str


Effect = DeleteMessage | WarnMember | LogToChannel


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A stage's decision on one message. ``stop`` ends the message's way; later stages do not see it."""

    feature: str
    rule: str
    summary: str
    reason: str
    settings_version: int
    effects: tuple[Effect, ...]
    evidence: dict[str, str] = {}
    stop: bool = True
