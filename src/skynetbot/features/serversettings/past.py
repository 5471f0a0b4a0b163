"""/settings history, undo and restore."""

from typing import Final

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.features.serversettings.desk import Desk
from skynetbot.features.serversettings.wording import revision_entry, shown_changes

__all__ = ["Past"]

_SHOWN: Final = 10


class Past:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def history(self, context: CommandContext) -> Reply:
        await self._desk.author(context)
        settings = self._desk.settings
        feature = self._desk.schema(context).feature if context.text("feature") else None
        revisions = await settings.history(context.guild_id, feature=feature, limit=_SHOWN)
        of = f" of {settings.schemas[feature].title}" if feature else ""
        if not revisions:
            return Reply(content=f"The settings{of} were never changed here.", ephemeral=True)
        entries = [revision_entry(settings.schemas[revision.feature], revision) for revision in revisions]
        return Reply(
            title=f"Last changes{of}",
            fields=tuple((name, value, False) for name, value in entries),
            footer="Take one back with /settings undo and its number; go back to a point with /settings restore",
            ephemeral=True,
        )

    async def undo(self, context: CommandContext) -> Reply:
        author = await self._desk.author(context)
        number = _number(context)
        with self._desk.refusals():
            changes = await self._desk.settings.undo(context.guild_id, number, author=author)
        if not changes:
            return Reply(content=f"Change #{number} is undone already; nothing had to be changed.", ephemeral=True)
        shown = shown_changes(dict(self._desk.settings.schemas), changes)
        return Reply(content=f"Undone: change #{number}. Later changes are kept.\n{shown}", ephemeral=True)

    async def restore(self, context: CommandContext) -> Reply:
        author = await self._desk.author(context)
        number = _number(context)
        confirmed = context.flag("confirm")
        with self._desk.refusals():
            changes = await self._desk.settings.restore(context.guild_id, number, author=author, dry_run=not confirmed)
        if not changes:
            return Reply(content=f"Everything is as it was right after change #{number} already.", ephemeral=True)
        shown = shown_changes(dict(self._desk.settings.schemas), changes)
        if confirmed:
            return Reply(content=f"Went back to right after change #{number}.\n{shown}", ephemeral=True)
        return Reply(
            content=f"Going back to right after change #{number} would change this; `confirm: True` does it.\n{shown}",
            ephemeral=True,
        )


def _number(context: CommandContext) -> int:
    text = (context.text("number") or "").strip().removeprefix("#")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UserError("Give the number of a change, such as 12. `/settings history` shows them.")
    return int(text)
