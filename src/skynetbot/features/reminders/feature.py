"""/remindme, /reminders and /timezone, and the job that reminds."""

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.reminders.desk import Desk
from skynetbot.features.reminders.firing import QUEUE, Firing
from skynetbot.features.reminders.settings import SCHEMA
from skynetbot.jobs.kinds import JobKind

__all__ = ["build"]

_ID = CommandOption(name="reminder", description="Which one", required=True, autocomplete=True)
_WHAT = CommandOption(
    name="what",
    description="When and what, such as: tomorrow at 5pm call mum · every monday at 9 standup",
    required=True,
)


def build(services: FeatureServices) -> Feature:
    desk = Desk(services)
    firing = Firing(services)
    return Feature(
        name="reminders",
        title="Reminders",
        summary="Reminds you of something, once or again and again, in your own time zone.",
        schema=SCHEMA,
        commands=(
            Command(
                name="remindme",
                description="Be reminded of something",
                handler=desk.remind_me,
                options=(
                    _WHAT,
                    CommandOption(
                        name="here", description="In this channel instead of by direct message", type=OptionType.BOOLEAN
                    ),
                ),
            ),
            Command(
                name="reminders",
                description="Your reminders",
                subcommands=(
                    Subcommand(name="list", description="What is pending", handler=desk.list),
                    Subcommand(
                        name="edit",
                        description="Say anew when and what",
                        handler=desk.edit,
                        completer=desk.complete,
                        options=(_ID, _WHAT),
                    ),
                    Subcommand(
                        name="cancel",
                        description="Forget a reminder",
                        handler=desk.cancel,
                        completer=desk.complete,
                        options=(_ID,),
                    ),
                ),
            ),
            Command(
                name="timezone",
                description="Choose the time zone in which I understand you",
                handler=desk.time_zone,
                completer=desk.complete_zone,
                options=(
                    CommandOption(name="zone", description="Such as Europe/Berlin", required=True, autocomplete=True),
                    CommandOption(
                        name="day_first", description="Whether 5/3 is the fifth of March", type=OptionType.BOOLEAN
                    ),
                ),
            ),
        ),
        presses={"snooze": desk.snooze, "done": desk.done},
        jobs=(JobKind(queue=QUEUE, handler=firing.fire, concurrency=32),),
    )
