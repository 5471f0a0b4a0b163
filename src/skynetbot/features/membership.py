"""What the person who asks may do: their level in the server, and whether they may write where they point."""

from skynetbot.discord.commands import CommandContext, PressContext, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.views import THREAD_TYPES
from skynetbot.features.contract import FeatureServices
from skynetbot.guildconfig.levels import access_of, level_of

__all__ = ["level_here", "require_writing"]


async def level_here(services: FeatureServices, context: CommandContext | PressContext) -> int:
    """The level of whoever asks, 0 to 4, in the server in which they ask (see `guildconfig.levels`)."""
    interaction = context.interaction
    guild = services.guilds.get(context.guild_id)
    return level_of(
        access_of(await services.settings.snapshot(context.guild_id)),
        is_owner=guild is not None and guild.owner_id == interaction.invoker.id,
        permissions=interaction.permissions,
        role_ids=interaction.member.roles if interaction.member is not None else (),
    )


def require_writing(context: CommandContext, channel_id: int) -> None:
    """Raises UserError when the invoker may not write in a channel that they named: I am not to do it for them."""
    data = context.interaction.data
    named = (data.resolved.get("channels") or {}).get(str(channel_id)) if data is not None else None
    if not isinstance(named, dict) or "permissions" not in named:
        return
    is_thread = named.get("type") in THREAD_TYPES
    needed = Permission.VIEW_CHANNEL
    needed |= Permission.SEND_MESSAGES_IN_THREADS if is_thread else Permission.SEND_MESSAGES
    if needed & ~int(named["permissions"]):
        raise UserError(f"You may not write in <#{channel_id}> yourself. Choose another channel.")
