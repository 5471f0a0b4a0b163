"""/countdown, wired."""

from typing import Final

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.countdowns.desk import Desk
from skynetbot.features.countdowns.keeper import Keeper
from skynetbot.features.countdowns.records import NOTICE, RING
from skynetbot.features.countdowns.settings import SCHEMA
from skynetbot.jobs.kinds import JobKind

__all__ = ["SCHEMA", "build"]

_SET: Final = (
    CommandOption(name="name", description="What it counts down to", required=True),
    CommandOption(name="when", description="Such as: in 3 days, friday at 18:00, 24 december at noon", required=True),
    CommandOption(name="channel", description="Where to announce it", type=OptionType.CHANNEL),
    CommandOption(name="message", description="What to say at the end"),
    CommandOption(
        name="notices",
        description="What to say ahead",
        choices=(("Nothing", "none"), ("1 hour before", "hour"), ("1 day and 1 hour before", "day_and_hour")),
    ),
)
_NAME: Final = CommandOption(name="name", description="Which countdown", required=True, autocomplete=True)


def build(services: FeatureServices) -> Feature:
    keeper = Keeper(services)
    desk = Desk(services, keeper)
    return Feature(
        name="countdowns",
        title="Countdowns",
        summary="Counts down to what the server waits for, and says when it has come.",
        schema=SCHEMA,
        commands=(
            Command(
                name="countdown",
                description="Count down to something",
                guild_only=True,
                subcommands=(
                    Subcommand(name="set", description="Set a countdown", handler=desk.set, options=_SET),
                    Subcommand(name="list", description="Show this server's countdowns", handler=desk.list),
                    Subcommand(
                        name="cancel",
                        description="Cancel a countdown",
                        handler=desk.cancel,
                        options=(_NAME,),
                        completer=desk.complete,
                    ),
                ),
            ),
        ),
        jobs=(JobKind(queue=RING, handler=keeper.on_ring), JobKind(queue=NOTICE, handler=keeper.on_notice)),
    )
