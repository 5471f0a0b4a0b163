"""/settings export and import."""

import msgspec

from skynetbot.discord.attachments import AttachmentRefused
from skynetbot.discord.commands import CommandContext, Reply, ReplyFile, UserError
from skynetbot.features.serversettings.desk import Desk
from skynetbot.features.serversettings.wording import shown_changes
from skynetbot.guildconfig.transfer import MAX_BYTES

__all__ = ["Transfer"]


class Transfer:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def export(self, context: CommandContext) -> Reply:
        await self._desk.author(context)
        document = await self._desk.settings.export(context.guild_id)
        content = msgspec.json.format(msgspec.json.encode(document), indent=2)
        return Reply(
            content="All settings of this server. `/settings import` takes the file, here or in another server.",
            files=(ReplyFile(f"settings-{context.guild_id}.json", content),),
            ephemeral=True,
        )

    async def import_(self, context: CommandContext) -> Reply:
        author = await self._desk.author(context)
        attachment = context.attachment("file")
        if attachment is None:
            raise UserError("Send the file that `/settings export` made, or another of the same form.")
        try:
            text = await self._desk.services.fetch_attachment(attachment, MAX_BYTES)
        except AttachmentRefused as error:
            raise UserError(str(error)) from error
        confirmed = context.flag("confirm")
        with self._desk.refusals():
            changes = await self._desk.settings.import_document(
                context.guild_id, text, author=author, dry_run=not confirmed
            )
        if not changes:
            return Reply(content="The settings are as in this file already.", ephemeral=True)
        shown = shown_changes(dict(self._desk.settings.schemas), changes)
        if confirmed:
            return Reply(content=f"Imported. `/settings history` shows how to take it back.\n{shown}", ephemeral=True)
        return Reply(
            content=f"This file would change the following; send it with `confirm: True` to do it.\n{shown}",
            ephemeral=True,
        )
