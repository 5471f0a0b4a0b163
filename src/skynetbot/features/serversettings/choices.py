"""Autocomplete of /settings: features, fields, values, and recent changes to undo."""

from collections.abc import Sequence
from typing import Final

from skynetbot.discord.commands import CommandContext, UserError
from skynetbot.features.serversettings.desk import Desk
from skynetbot.features.serversettings.wording import change_lines, clipped
from skynetbot.guildconfig.outcomes import Revision
from skynetbot.guildconfig.schema import FieldSpec

__all__ = ["Choices"]

_MAX: Final = 25
_MAX_LABEL: Final = 100


class Choices:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        try:
            await self._desk.author(context)
        except UserError:
            return ()
        wanted = typed.strip().removeprefix("#").lower()
        pairs = await self._pairs(context, option)
        return [pair for pair in pairs if wanted in pair[0].lower() or wanted in pair[1].lower()][:_MAX]

    async def _pairs(self, context: CommandContext, option: str) -> Sequence[tuple[str, str]]:
        settings = self._desk.settings
        if option == "feature":
            return [(schema.title, schema.feature) for schema in settings.schemas.values()]
        if option == "number":
            revisions = await settings.history(context.guild_id, limit=_MAX)
            return [(self._label(revision), str(revision.number)) for revision in revisions]
        schema = settings.schemas.get(context.text("feature") or "")
        if schema is None:
            return ()
        if option == "setting":
            return [(spec.label, spec.name) for spec in schema.fields]
        return self._values(context.guild_id, schema.field(context.text("setting") or ""))

    def _label(self, revision: Revision) -> str:
        schema = self._desk.settings.schemas[revision.feature]
        # Choices are plain text: no bold, and mentions would show as they are.
        said = "; ".join(change_lines(schema, revision.changes)).replace("**", "")
        return clipped(f"#{revision.number} {schema.title} by {revision.author.name} – {said}", _MAX_LABEL)

    def _values(self, guild_id: int, spec: FieldSpec | None) -> list[tuple[str, str]]:
        guilds = self._desk.services.guilds
        match spec.kind if spec else None:
            case "bool":
                return [("On", "on"), ("Off", "off")]
            case "choice":
                return [(label, value) for value, label in spec.choices] if spec else []
            case "channel" | "channels":
                return [(f"#{ref.name}", str(ref.id)) for ref in guilds.channels(guild_id)]
            case "roles":
                return [(f"@{ref.name}", str(ref.id)) for ref in guilds.roles(guild_id)]
            case _:
                return []
