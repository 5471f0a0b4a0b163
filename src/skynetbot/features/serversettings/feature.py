"""/settings with its subcommands: the same settings that the dashboard shows as forms."""

from typing import Final

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.serversettings.choices import Choices
from skynetbot.features.serversettings.desk import Desk
from skynetbot.features.serversettings.editing import Editing
from skynetbot.features.serversettings.past import Past
from skynetbot.features.serversettings.transfer import Transfer

__all__ = ["build"]


def _option(
    name: str, description: str, *, required: bool = True, complete: bool = True, kind: int = OptionType.STRING
) -> CommandOption:
    return CommandOption(name=name, description=description, type=kind, required=required, autocomplete=complete)


_FEATURE: Final = _option("feature", "Which feature")
_SETTING: Final = _option("setting", "Which setting")
_VALUE: Final = _option("value", "The new value; separate words of a list with commas")
_FILE: Final = _option("file", "A file that /settings export made", complete=False, kind=OptionType.ATTACHMENT)
_CONFIRM: Final = _option(
    "confirm",
    "Do it; without this you only see what would change",
    required=False,
    complete=False,
    kind=OptionType.BOOLEAN,
)


def build(services: FeatureServices) -> Feature:
    desk = Desk(services)
    editing, past, transfer, choices = Editing(desk), Past(desk), Transfer(desk), Choices(desk)
    plan = (
        ("show", "Show a feature's settings", editing.show, (_FEATURE,)),
        ("set", "Change one setting", editing.set, (_FEATURE, _SETTING, _VALUE)),
        ("reset", "Give a feature its default settings", editing.reset, (_FEATURE,)),
        ("history", "Show who changed what", past.history, (_option("feature", "Only this feature", required=False),)),
        ("undo", "Take one change back; later changes stay", past.undo, (_option("number", "Which change"),)),
        (
            "restore",
            "Make all settings as they were right after a change",
            past.restore,
            (_option("number", "Right after which change; 0 is before the first"), _CONFIRM),
        ),
        ("export", "Get all settings as a file", transfer.export, ()),
        ("import", "Take settings from a file", transfer.import_, (_FILE, _CONFIRM)),
    )
    return Feature(
        name="serversettings",
        title="Settings",
        summary=(
            "Shows and changes this server's settings; the dashboard shows the same ones as forms. Who may change what "
            "is set under the feature `access`."
        ),
        commands=(
            Command(
                name="settings",
                # No Discord permission hides it: a level may come from a role, and is checked by each subcommand.
                description="Show or change this server's settings",
                guild_only=True,
                subcommands=tuple(
                    Subcommand(
                        name=name, description=about, handler=handler, completer=choices.complete, options=options
                    )
                    for name, about, handler, options in plan
                ),
            ),
        ),
    )
