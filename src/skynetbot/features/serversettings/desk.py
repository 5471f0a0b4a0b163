"""What all subcommands of /settings share: who asks with which level, and refusals in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from skynetbot.discord.commands import CommandContext, UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.membership import level_here
from skynetbot.features.serversettings.wording import clipped, conflict_text
from skynetbot.guildconfig.levels import LOOK_LEVEL, level_name
from skynetbot.guildconfig.outcomes import (
    Author,
    NotAllowed,
    SettingsConflict,
    SettingsMoved,
    UnknownFeature,
    UnknownRevision,
)
from skynetbot.guildconfig.schema import Schema, SettingsRejected
from skynetbot.guildconfig.transfer import ImportRejected

__all__ = ["Desk"]

_MAX_MESSAGE: Final = 1_900


class Desk:
    def __init__(self, services: FeatureServices) -> None:
        self.services = services
        self.settings = services.settings

    async def author(self, context: CommandContext) -> Author:
        """The invoker with their level, who may at least look.

        Raises:
            UserError: they have no level at all.
        """
        level = await self.level(context)
        if level < LOOK_LEVEL:
            needed = level_name(LOOK_LEVEL)
            raise UserError(
                f"Looking at the settings needs {needed}; you have {level_name(level)}. Whoever may Manage Server "
                "has level 3; administrators give levels to roles with `/settings set feature:access`."
            )
        interaction = context.interaction
        return Author(interaction.invoker.id, interaction.invoker_name, "discord", level)

    async def level(self, context: CommandContext) -> int:
        return await level_here(self.services, context)

    def schema(self, context: CommandContext) -> Schema[Any]:
        with self.refusals():
            return self.settings.schema(context.text("feature") or "")

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn what the service refuses into an answer."""
        try:
            yield
        except (NotAllowed, UnknownFeature, UnknownRevision, SettingsMoved) as error:
            raise UserError(str(error)) from error
        except SettingsRejected as rejected:
            raise UserError("\n".join(rejected.errors.values())) from rejected
        except ImportRejected as rejected:
            problems = "\n".join(f"• {problem}" for problem in rejected.problems)
            raise UserError(clipped(f"Nothing was changed:\n{problems}", _MAX_MESSAGE)) from rejected
        except SettingsConflict as conflict:
            schema = self.settings.schemas[conflict.feature]
            raise UserError(
                "Nothing was changed: this was changed again since, and undoing would overwrite it.\n"
                f"{conflict_text(schema, conflict)}\n"
                "Set it by hand with `/settings set`, or undo the later change first."
            ) from conflict
