"""What the dashboard needs to know of servers' settings, and the ways in which a change does not happen."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from skynetbot.errors import SkynetBotError

__all__ = [
    "Actor",
    "ChangeRecord",
    "FieldDiff",
    "FieldView",
    "ImportRejected",
    "NotAllowed",
    "Plan",
    "SectionDiff",
    "SectionView",
    "SettingsConflict",
    "SettingsMoved",
    "SettingsPort",
    "SettingsRejected",
    "Standing",
    "UndoConflict",
    "UnknownChange",
    "UnknownFeature",
]


class UnknownFeature(SkynetBotError):
    """No feature of that name has settings."""


class UnknownChange(SkynetBotError):
    """The server's history has no such change."""


class NotAllowed(SkynetBotError):
    """The actor's level does not reach; the text says which is needed and who gives it."""


class SettingsMoved(SkynetBotError):
    """Something was changed since the preview that was confirmed; nothing was done."""


class SettingsRejected(SkynetBotError):
    """Some values cannot be saved; ``errors`` has one sentence for each field, and nothing was changed."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors.items()))
        self.errors = errors


class ImportRejected(SkynetBotError):
    """The document cannot be taken; ``problems`` has a sentence for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class Standing(msgspec.Struct, frozen=True):
    """Where a member stands in a server, as Discord tells it."""

    is_owner: bool
    permissions: int
    role_ids: tuple[int, ...]


class Actor(msgspec.Struct, frozen=True):
    """Who changes something, with which level and from where."""

    id: int
    name: str
    level: int
    source: str = "dashboard"


class FieldView(msgspec.Struct, frozen=True):
    """One setting as a form needs it; ``kind`` is bool, int, text, choice, lines, channel, channels or roles."""

    name: str
    label: str
    help: str
    kind: str
    value: Any
    default: Any
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    choices: tuple[tuple[str, str], ...] = ()


class SectionView(msgspec.Struct, frozen=True):
    """One feature's settings in one server."""

    feature: str
    title: str
    help: str
    version: int
    fields: tuple[FieldView, ...]
    refusal: str = ""
    """Why the reader may not change them; empty: they may."""


class FieldDiff(msgspec.Struct, frozen=True):
    """One field before and after; ``field`` describes it, its value is what stands now."""

    field: FieldView
    before: Any
    after: Any


class SectionDiff(msgspec.Struct, frozen=True):
    feature: str
    title: str
    fields: tuple[FieldDiff, ...]


class Plan(msgspec.Struct, frozen=True):
    """What would be changed, and the server's revision at which that is so."""

    revision: int
    sections: tuple[SectionDiff, ...]


class ChangeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the history; ``at`` is seconds since 1970."""

    number: int
    section: SectionDiff
    version: int
    author_id: int
    author_name: str
    source: str
    at: float


class SettingsConflict(SkynetBotError):
    """Somebody changed the same fields in between; nothing was changed."""

    def __init__(
        self,
        current: SectionView,
        fields: Mapping[str, tuple[Any, Any]] | None = None,
        merged: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{current.feature} is at version {current.version} by now")
        self.current = current
        self.fields = dict(fields or {})
        """By field: (theirs, which stands; mine, which was not saved)."""
        self.merged = dict(merged or {})
        """What else was wished and is in nobody's way; not saved either."""


class UndoConflict(SkynetBotError):
    """A change cannot be undone because its fields were changed again: (what stands; what undoing wanted)."""

    def __init__(self, section: SectionDiff) -> None:
        super().__init__(f"{section.title} was changed again since; undoing would overwrite that.")
        self.section = section


class SettingsPort(Protocol):
    """Every change may raise NotAllowed besides what it names."""

    async def level(self, guild_id: int, standing: Standing) -> int:
        """0 everyone, 1 trusted, 2 moderator, 3 manager, 4 administrator."""
        ...

    async def sections(self, guild_id: int, level: int) -> Sequence[SectionView]:
        """Every feature's settings as somebody with this level sees them."""
        ...

    async def section(self, guild_id: int, feature: str, level: int) -> SectionView:
        """Raises UnknownFeature."""
        ...

    async def update(
        self, guild_id: int, feature: str, changes: Mapping[str, Any], *, actor: Actor, expected_version: int | None
    ) -> SectionView:
        """Save and return what stands. Raises UnknownFeature, SettingsRejected or SettingsConflict."""
        ...

    async def reset(self, guild_id: int, feature: str, *, actor: Actor) -> bool:
        """Give the defaults; whether that changed anything. Raises UnknownFeature."""
        ...

    async def history(
        self, guild_id: int, *, feature: str | None, before: int | None, limit: int
    ) -> Sequence[ChangeRecord]:
        """The newest first; ``before`` pages on from a number."""
        ...

    async def undo(self, guild_id: int, number: int, *, actor: Actor) -> Sequence[SectionDiff]:
        """Take one change back; what that changed. Raises UnknownChange, UndoConflict or SettingsRejected."""
        ...

    async def plan_restore(self, guild_id: int, number: int, *, actor: Actor) -> Plan:
        """What going back to right after a change would change. Raises UnknownChange."""
        ...

    async def restore(
        self, guild_id: int, number: int, *, actor: Actor, expected_revision: int | None
    ) -> Sequence[SectionDiff]:
        """Raises UnknownChange or SettingsMoved."""
        ...

    async def export(self, guild_id: int) -> bytes:
        """All settings as a JSON document."""
        ...

    async def plan_import(self, guild_id: int, document: bytes, *, actor: Actor) -> Plan:
        """Raises ImportRejected."""
        ...

    async def import_document(
        self, guild_id: int, document: bytes, *, actor: Actor, expected_revision: int | None
    ) -> Sequence[SectionDiff]:
        """Raises ImportRejected or SettingsMoved."""
        ...
