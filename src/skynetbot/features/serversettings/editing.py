"""/settings show, set and reset."""

from typing import Any

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.features.serversettings.desk import Desk
from skynetbot.features.serversettings.wording import shown_changes, shown_value, typed_value
from skynetbot.guildconfig.levels import access_of, level_name, level_to_change
from skynetbot.guildconfig.schema import FieldSpec

__all__ = ["Editing"]


class Editing:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, context: CommandContext) -> Reply:
        await self._desk.author(context)
        schema = self._desk.schema(context)
        snapshot = await self._desk.settings.snapshot(context.guild_id)
        value = snapshot.get(schema.struct)
        level = level_name(level_to_change(access_of(snapshot), schema))
        return Reply(
            title=schema.title,
            description=schema.help,
            fields=tuple(
                (f"{spec.label} (`{spec.name}`)", shown_value(spec, getattr(value, spec.name)), False)
                for spec in schema.fields
            ),
            footer=f"Version {snapshot.version(schema.feature)} · change with /settings set, which needs {level}",
            ephemeral=True,
        )

    async def set(self, context: CommandContext) -> Reply:
        author = await self._desk.author(context)
        schema = self._desk.schema(context)
        name = context.text("setting") or ""
        spec = schema.field(name)
        if spec is None:
            names = ", ".join(spec.name for spec in schema.fields)
            raise UserError(f"{schema.title} has no setting {name[:60]!r}. It has: {names}.")
        raw = typed_value(spec, context.text("value") or "")
        if spec.kind in ("channel", "channels", "roles"):
            self._require_known(context.guild_id, spec, raw)
        with self._desk.refusals():
            value, version = await self._desk.settings.update(
                context.guild_id, schema.feature, {name: raw}, author=author
            )
        shown = shown_value(spec, getattr(value, name))
        # Without a version nothing was ever saved, so the default was asked for.
        if version == 0:
            return Reply(content=f"Nothing to save: **{spec.label}** is {shown} by default.", ephemeral=True)
        return Reply(content=f"Saved (version {version}). **{spec.label}** is now: {shown}", ephemeral=True)

    async def reset(self, context: CommandContext) -> Reply:
        author = await self._desk.author(context)
        schema = self._desk.schema(context)
        with self._desk.refusals():
            changes = await self._desk.settings.reset(context.guild_id, schema.feature, author=author)
        if not changes:
            return Reply(content=f"{schema.title} has its defaults already.", ephemeral=True)
        shown = shown_changes(dict(self._desk.settings.schemas), changes)
        return Reply(content=f"Reset. `/settings undo` takes it back.\n{shown}", ephemeral=True)

    def _require_known(self, guild_id: int, spec: FieldSpec, raw: Any) -> None:
        is_role = spec.kind == "roles"
        guilds = self._desk.services.guilds
        known = {str(ref.id) for ref in (guilds.roles(guild_id) if is_role else guilds.channels(guild_id))}
        for item in raw if isinstance(raw, list) else [raw]:
            if item and item not in known:
                what = "role" if is_role else "text channel"
                raise UserError(f"{item[:60]!r} is no {what} of this server. Choose one from the list.")
