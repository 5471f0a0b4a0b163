"""/giveaway and its button, wired."""

from typing import Final

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.giveaways.book import ANNOUNCE, END, PUBLISH, REFRESH, Book
from skynetbot.features.giveaways.desk import Desk
from skynetbot.features.giveaways.joining import JoinDates, Joining
from skynetbot.features.giveaways.keeper import Keeper
from skynetbot.features.giveaways.settings import SCHEMA
from skynetbot.features.giveaways.starting import MOST_DAYS, MOST_MESSAGES, MOST_WINNERS, Starting
from skynetbot.features.giveaways.watch import MemberWatch
from skynetbot.features.refreshing import Refresher
from skynetbot.jobs.kinds import JobKind

__all__ = ["SCHEMA", "build"]


def _number(name: str, description: str, least: int, most: int) -> CommandOption:
    return CommandOption(name=name, description=description, type=OptionType.INTEGER, minimum=least, maximum=most)


_ID: Final = CommandOption(name="id", description="Which giveaway", required=True, autocomplete=True)
_START: Final = (
    CommandOption(name="prize", description="What there is to win", required=True),
    CommandOption(name="duration", description="How long it lasts, such as 30m, 1h30m, 2d", required=True),
    _number("winners", "How many winners (1)", 1, MOST_WINNERS),
    CommandOption(name="channel", description="Where to post it", type=OptionType.CHANNEL),
    CommandOption(name="role", description="Only for members with this role", type=OptionType.ROLE),
    _number("min_messages", "Only for members with so many messages here", 0, MOST_MESSAGES),
    _number("joined_days", "Only for members who joined so many days ago", 0, MOST_DAYS),
    _number("account_days", "Only for accounts that are so many days old", 0, MOST_DAYS),
)


def build(services: FeatureServices) -> Feature:
    book = Book(services)
    keeper = Keeper(services, book)
    counts = Refresher(keeper.refresh, services.timers.scope("giveaways"))
    dates = JoinDates()
    joining = Joining(services, book, dates, counts.changed)
    watch = MemberWatch(services, book, counts.changed)
    desk = Desk(services, book, keeper)
    plan = (
        ("start", "Start a giveaway", Starting(services, book, keeper, watch).start, _START),
        ("end", "End a giveaway now and draw its winners", desk.end, (_ID,)),
        (
            "reroll",
            "Draw again, without those who won before",
            desk.reroll,
            (_ID, _number("winners", "How many new winners (1)", 1, MOST_WINNERS)),
        ),
        ("cancel", "End a giveaway without winners", desk.cancel, (_ID,)),
        ("list", "Show this server's giveaways", desk.list, ()),
        ("verify", "Check a draw, or see what was promised for it", desk.verify, (_ID,)),
    )

    async def close() -> None:
        await counts.close()
        await watch.close()

    return Feature(
        name="giveaways",
        title="Giveaways",
        summary="Giveaways that members join by a button, with winners drawn in a way that everybody can check.",
        schema=SCHEMA,
        commands=(
            Command(
                name="giveaway",
                # No Discord permission hides it: anybody may look and check; the rest asks for a level.
                description="Start, end, draw again and check giveaways",
                guild_only=True,
                subcommands=tuple(
                    Subcommand(name=name, description=about, handler=handler, options=options, completer=desk.complete)
                    for name, about, handler, options in plan
                ),
            ),
        ),
        presses={"join": joining.join, "leave": joining.leave},
        jobs=(
            JobKind(queue=PUBLISH, handler=keeper.on_publish),
            JobKind(queue=END, handler=keeper.on_end),
            JobKind(queue=ANNOUNCE, handler=keeper.on_announce),
            JobKind(queue=REFRESH, handler=keeper.on_refresh),
        ),
        events={
            "INTERACTION_CREATE": dates.on_interaction,
            "GUILD_MEMBER_REMOVE": watch.on_remove,
            "GUILD_MEMBER_UPDATE": watch.on_update,
        },
        close=close,
    )
