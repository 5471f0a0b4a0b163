"""/announce: the form, the preview with its buttons, and the jobs that post."""

from typing import Final

from msgspec.structs import replace

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.announcements.desk import Desk
from skynetbot.features.announcements.drafting import Drafting
from skynetbot.features.announcements.managing import Managing
from skynetbot.features.announcements.posting import Posting
from skynetbot.features.announcements.settings import SCHEMA
from skynetbot.features.contract import Feature, FeatureServices

__all__ = ["SCHEMA", "build"]

_TARGET: Final = (
    CommandOption(name="channel", description="Where; this channel if left out", type=OptionType.CHANNEL),
    CommandOption(
        name="ping",
        description="Whom to ping; nobody if left out",
        choices=(("Nobody", "none"), ("@here", "here"), ("@everyone", "everyone")),
    ),
    CommandOption(name="role", description="A role to ping", type=OptionType.ROLE),
    CommandOption(
        name="crosspost",
        description="Publish it to the servers that follow the announcement channel",
        type=OptionType.BOOLEAN,
    ),
)
_ZONE: Final = CommandOption(name="zone", description="Time zone, such as Europe/Berlin", autocomplete=True)
_WHEN: Final = CommandOption(name="when", description="Such as: in 2h30m, 18:00, tomorrow at 9, 2027-03-05 18:00")
_REPEAT: Final = (
    CommandOption(
        name="every",
        description="How often",
        required=True,
        choices=(("Daily", "daily"), ("Weekly", "weekly"), ("Monthly", "monthly")),
    ),
    CommandOption(name="at", description="Time of day, such as 18:00", required=True),
    CommandOption(name="day", description="Weekly: mon, thu. Monthly: 15 or last. Today's if left out"),
    _ZONE,
)
_ID: Final = CommandOption(name="id", description="Which one", required=True, autocomplete=True)


def build(services: FeatureServices) -> Feature:
    desk = Desk(services)
    drafting, posting = Drafting(desk), Posting(services)
    managing = Managing(desk, drafting)
    plan = (
        ("now", "Write an announcement, look at it, and post it", drafting.now, _TARGET),
        (
            "schedule",
            "Write an announcement that is posted at a time",
            drafting.schedule,
            (replace(_WHEN, required=True), _ZONE, *_TARGET),
        ),
        ("repeat", "Write an announcement that is posted again and again", drafting.repeat, (*_REPEAT, *_TARGET)),
        ("list", "Show what waits and what was posted lately", managing.list, ()),
        ("edit", "Change the text of one, also after it was posted, or its time", managing.edit, (_ID, _WHEN, _ZONE)),
        ("cancel", "Cancel one that waits", managing.cancel, (_ID,)),
        (
            "preview",
            "Show one to you alone, or write one and look at it",
            drafting.preview,
            (replace(_ID, required=False),),
        ),
    )
    return Feature(
        name="announcements",
        title="Announcements",
        summary="Posts announcements now, at a time, or daily, weekly or monthly, and lets you look at them first.",
        schema=SCHEMA,
        commands=(
            Command(
                name="announce",
                # No Discord permission hides it: a level may come from a role, and is checked by each subcommand.
                description="Announce something now, later or again and again",
                guild_only=True,
                subcommands=tuple(
                    Subcommand(
                        name=name,
                        description=description,
                        handler=handler,
                        options=options,
                        completer=managing.complete,
                    )
                    for name, description, handler, options in plan
                ),
            ),
        ),
        presses={
            "typed": managing.typed,
            "timed": drafting.timed,
            "text": drafting.text,
            "when": drafting.when,
            "now": drafting.post_now,
            "confirm": drafting.confirm,
            "discard": drafting.discard,
        },
        jobs=tuple(posting.kinds()),
    )
