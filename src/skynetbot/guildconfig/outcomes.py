"""Who changes settings, what was changed, and in which ways a change does not happen."""

from collections.abc import Mapping
from typing import Any

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.guildconfig.differences import FieldChange

__all__ = [
    "Author",
    "Changes",
    "NotAllowed",
    "Revision",
    "SettingsConflict",
    "SettingsMoved",
    "UnknownFeature",
    "UnknownRevision",
]

Changes = Mapping[str, tuple[FieldChange, ...]]
"""What differs, by feature; a feature of which nothing differs is not in it."""


class UnknownFeature(SkynetBotError):
    """No feature of that name has settings."""


class UnknownRevision(SkynetBotError):
    """The server has no change with that number."""


class NotAllowed(SkynetBotError):
    """The author's level does not reach for these features; nothing was changed. The text says who gives levels."""


class SettingsMoved(SkynetBotError):
    """Something was changed since the look on which this decision rests; nothing was overwritten."""

    def __init__(self) -> None:
        super().__init__("These settings were changed since you looked. Look again at what this would change.")


class SettingsConflict(SkynetBotError):
    """Somebody changed the same fields meanwhile; nothing was overwritten."""

    def __init__(
        self,
        feature: str,
        current_version: int,
        fields: Mapping[str, tuple[Any, Any]],
        merged: Mapping[str, Any] | None = None,
    ) -> None:
        names = ", ".join(fields) or "these settings"
        super().__init__(f"{names} of {feature} changed meanwhile. Look at the current values and save again.")
        self.feature = feature
        self.current_version = current_version
        self.fields = dict(fields)
        """By field: (theirs, which stands; mine, which was not saved)."""
        self.merged = dict(merged or {})
        """What else was wished and is in nobody's way; not saved either."""


class Author(msgspec.Struct, frozen=True):
    """Who changes something, and from where (``discord``, ``dashboard``, ``api``, ``import`` ...)."""

    id: int
    name: str
    source: str = "discord"
    level: int | None = None
    """What they may change (see `levels`); None is the program itself, which may change everything."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One change in a server's history. ``at`` is seconds since 1970."""

    number: int
    feature: str
    version: int
    author: Author
    at: float
    changes: tuple[FieldChange, ...]
