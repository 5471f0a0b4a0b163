"""Between stored rows and typed values: what a body says, what a row of history says, what a merge comes to."""

from typing import Any

import msgspec

from skynetbot.guildconfig.differences import Merge, difference
from skynetbot.guildconfig.outcomes import Author, Revision, SettingsConflict
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.snapshot import GuildSettings
from skynetbot.storage.settings import SettingsChangeRow

__all__ = ["decoded", "merged", "revision_of"]


def decoded(schema: Schema[Any], body: bytes | None) -> msgspec.Struct:
    """The settings of a stored body; the defaults where nothing was saved."""
    value: msgspec.Struct = schema.defaults() if body is None else schema.decode(body)
    return value


def revision_of(row: SettingsChangeRow, schema: Schema[Any]) -> Revision:
    return Revision(
        number=row.revision,
        feature=row.feature,
        version=row.version,
        author=Author(row.author_id, row.author_name, row.source),
        at=row.at,
        changes=difference(decoded(schema, row.before), decoded(schema, row.after)),
    )


def merged(schema: Schema[Any], outcome: Merge, snapshot: GuildSettings) -> msgspec.Struct:
    """What stands with the merged fields.

    Raises:
        SettingsConflict: the merge has conflicts.
        SettingsRejected: both sides were allowed, their combination is not.
    """
    if outcome.conflicts:
        raise SettingsConflict(schema.feature, snapshot.version(schema.feature), outcome.conflicts, outcome.fields)
    current = snapshot.get(schema.struct)
    wanted: msgspec.Struct = schema.checked(msgspec.structs.replace(current, **outcome.fields))
    return wanted
