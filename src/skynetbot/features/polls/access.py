"""Who may create polls, and who may end those of others."""

from typing import Final

from skynetbot.discord.commands import CommandContext, UserError
from skynetbot.discord.state.permissions import Permission
from skynetbot.features.contract import FeatureServices
from skynetbot.features.membership import level_here
from skynetbot.features.polls.model import Poll
from skynetbot.features.polls.settings import CREATORS, PollSettings
from skynetbot.guildconfig.levels import level_name

__all__ = ["require_creator", "require_keeper"]

_MODERATOR: Final = 2
_WRITING: Final = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS


async def require_creator(services: FeatureServices, context: CommandContext, settings: PollSettings) -> None:
    """Raises UserError below the level of the settings, and where the person may not write."""
    needed = CREATORS.index(settings.creators)
    level = await level_here(services, context)
    if level < needed:
        raise UserError(
            f"Creating polls needs {level_name(needed)} here; you have {level_name(level)}. Managers can change that "
            "in the settings of Polls."
        )
    may = context.interaction.permissions
    if not may & (_WRITING | Permission.ADMINISTRATOR):
        raise UserError("You may not write in this channel yourself. Create the poll in another one.")


async def require_keeper(services: FeatureServices, context: CommandContext, poll: Poll) -> None:
    """Raises UserError for whoever neither created the poll nor moderates."""
    if poll.creator_id == context.interaction.invoker.id:
        return
    if await level_here(services, context) < _MODERATOR:
        raise UserError(f"Only <@{poll.creator_id}>, who created poll {poll.id}, and moderators can do that.")
