"""What changed, ready to draw: of lists what was added and removed, of everything else before and after."""

from collections.abc import Iterable

import msgspec

from skynetbot.web.forms import in_words, labels_of
from skynetbot.web.ports import GuildDirectory
from skynetbot.web.settings_port import FieldDiff, SectionDiff

__all__ = ["DiffRow", "DiffSection", "diff_sections"]


class DiffRow(msgspec.Struct, frozen=True, kw_only=True):
    """One field; either ``added`` and ``removed`` say something, or ``before`` and ``after``."""

    label: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class DiffSection(msgspec.Struct, frozen=True):
    feature: str
    title: str
    rows: tuple[DiffRow, ...]


def diff_sections(sections: Iterable[SectionDiff], guilds: GuildDirectory, guild_id: int) -> tuple[DiffSection, ...]:
    return tuple(
        DiffSection(section.feature, section.title, tuple(_row(diff, guilds, guild_id) for diff in section.fields))
        for section in sections
    )


def _row(diff: FieldDiff, guilds: GuildDirectory, guild_id: int) -> DiffRow:
    field = diff.field
    references = guilds.channels(guild_id) if field.kind.startswith("channel") else guilds.roles(guild_id)
    labels = labels_of(field, references)
    if isinstance(diff.before, tuple | list) and isinstance(diff.after, tuple | list):
        added = tuple(in_words(field, [item], labels) for item in diff.after if item not in diff.before)
        removed = tuple(in_words(field, [item], labels) for item in diff.before if item not in diff.after)
        if added or removed:
            return DiffRow(label=field.label, added=added, removed=removed)
    return DiffRow(
        label=field.label, before=in_words(field, diff.before, labels), after=in_words(field, diff.after, labels)
    )
