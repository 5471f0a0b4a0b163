"""/poll, its buttons and its jobs, wired."""

from typing import Final

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.polls.book import ANNOUNCE, END, PUBLISH, Book
from skynetbot.features.polls.desk import MOST_SEATS, Desk
from skynetbot.features.polls.keeper import Keeper
from skynetbot.features.polls.settings import SCHEMA
from skynetbot.features.polls.voting import Voting
from skynetbot.features.refreshing import Refresher
from skynetbot.jobs.kinds import JobKind

__all__ = ["SCHEMA", "build"]

_ID: Final = CommandOption(name="id", description="Which poll", required=True, autocomplete=True)
_CREATE: Final = (
    CommandOption(name="question", description="What is asked", required=True),
    CommandOption(name="options", description="2 to 25 with | between them: Pizza | Pasta | Soup", required=True),
    CommandOption(
        name="kind",
        description="One choice (normal), all that one accepts (approval), or an order (ranked)",
        choices=(("normal", "normal"), ("approval", "approval"), ("ranked", "ranked")),
    ),
    CommandOption(
        name="method",
        description="How it is counted; where you say nothing, the usual method of the kind",
        choices=(
            ("Plurality: most votes", "plurality"),
            ("Borda: points by place", "borda"),
            ("Instant runoff", "irv"),
            ("Schulze (Condorcet)", "schulze"),
            ("Single transferable vote", "stv"),
        ),
    ),
    CommandOption(
        name="seats",
        description="How many options win (1)",
        type=OptionType.INTEGER,
        minimum=1,
        maximum=MOST_SEATS,
    ),
    CommandOption(name="duration", description="Until when: 2 hours, 3 days, friday at 18:00, or never"),
    CommandOption(name="anonymous", description="Show nobody who voted what", type=OptionType.BOOLEAN),
    CommandOption(
        name="results",
        description="Shown while people vote (live), or only at the end (hidden)",
        choices=(("live", "live"), ("hidden", "hidden")),
    ),
    CommandOption(
        name="weights",
        description="Whether some roles have several votes, by the settings of Polls",
        choices=(("everybody has one vote", "none"), ("by role", "roles")),
    ),
    CommandOption(name="who", description="The only role that may vote", type=OptionType.ROLE),
)


def build(services: FeatureServices) -> Feature:
    book = Book(services)
    keeper = Keeper(services, book)
    live = Refresher(keeper.refresh, services.timers.scope("polls"))
    desk = Desk(services, book, keeper)
    plan = (
        ("create", "Ask a question and let members vote", desk.create, _CREATE),
        ("end", "End a poll now and count it", desk.end, (_ID,)),
        ("list", "The open polls", desk.list, ()),
        ("results", "Every round of the count, as text and as a file", desk.results, (_ID,)),
        ("cancel", "Take a poll back and delete its votes", desk.cancel, (_ID,)),
    )
    subcommands = tuple(
        Subcommand(name=name, description=description, handler=handler, options=options, completer=desk.complete)
        for name, description, handler, options in plan
    )
    return Feature(
        name="polls",
        title="Polls",
        summary="Polls with one choice, several or an order, counted by rules that everybody can check.",
        schema=SCHEMA,
        commands=(Command(name="poll", description="Polls", subcommands=subcommands, guild_only=True),),
        presses=Voting(services, book, keeper, live.changed).presses(),
        jobs=(
            JobKind(queue=PUBLISH, handler=keeper.on_publish),
            JobKind(queue=END, handler=keeper.on_end),
            JobKind(queue=ANNOUNCE, handler=keeper.on_announce),
        ),
        close=live.close,
    )
