"""Who may run giveaways, and where: moderators, in channels in which they may write themselves."""

from typing import Final

from skynetbot.discord.commands import CommandContext, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.discord.state.views import THREAD_TYPES
from skynetbot.features.contract import FeatureServices
from skynetbot.guildconfig.levels import access_of, level_name, level_of

__all__ = ["require_moderator", "require_writing"]

_MODERATOR: Final = 2


async def require_moderator(services: FeatureServices, context: CommandContext) -> None:
    """Raises UserError below level 2."""
    interaction = context.interaction
    guild = services.guilds.get(context.guild_id)
    level = level_of(
        access_of(await services.settings.snapshot(context.guild_id)),
        is_owner=guild is not None and guild.owner_id == interaction.invoker.id,
        permissions=interaction.permissions,
        role_ids=interaction.member.roles if interaction.member is not None else (),
    )
    if level < _MODERATOR:
        raise UserError(
            f"Running giveaways needs {level_name(_MODERATOR)}; you have {level_name(level)}. Whoever may Manage "
            "Server has level 3; administrators give levels to roles in the Access settings."
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
