"""Who may run giveaways: moderators."""

from typing import Final

from skynetbot.discord.commands import CommandContext, UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.membership import level_here
from skynetbot.guildconfig.levels import level_name

__all__ = ["require_moderator"]

_MODERATOR: Final = 2


async def require_moderator(services: FeatureServices, context: CommandContext) -> None:
    """Raises UserError below level 2."""
    level = await level_here(services, context)
    if level < _MODERATOR:
        raise UserError(
            f"Running giveaways needs {level_name(_MODERATOR)}; you have {level_name(level)}. Whoever may Manage "
            "Server has level 3; administrators give levels to roles in the Access settings."
        )
