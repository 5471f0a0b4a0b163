"""The commands, jobs and events of temporary measures."""

from typing import Final

from skynetbot.discord.commands import Command, CommandOption, OptionType, Subcommand
from skynetbot.features.contract import Feature, FeatureServices
from skynetbot.features.temporary.cases import CaseOrders
from skynetbot.features.temporary.channels import ChannelOrders
from skynetbot.features.temporary.desk import Desk
from skynetbot.features.temporary.ledger import Ledger
from skynetbot.features.temporary.members import MemberOrders
from skynetbot.features.temporary.settings import SCHEMA
from skynetbot.features.temporary.steps import Steps
from skynetbot.features.temporary.watch import Watch

__all__ = ["SCHEMA", "build"]


def _option(name: str, description: str, kind: int = OptionType.STRING, *, required: bool = False) -> CommandOption:
    return CommandOption(name=name, description=description, type=kind, required=required)


_MEMBER: Final = _option("member", "Who", OptionType.USER, required=True)
_USER: Final = _option("user", "Who; a user id works, too", OptionType.USER, required=True)
_ROLE: Final = _option("role", "Which role", OptionType.ROLE, required=True)
_REASON: Final = _option("reason", "Why; it stands in the case and in Discord's audit log", required=True)
_WHY: Final = _option("reason", "Why; it stands in the case and in Discord's audit log")
_USUAL: Final = _option("duration", "How long, such as 90 minutes, 1h30m, 2d or 1w; the usual one if left out")
_DURATION: Final = _option("duration", "How long, such as 90 minutes, 1h30m, 2d or 1w; without it, until it is ended")
_CHANNEL: Final = _option("channel", "Which channel; this one if left out", OptionType.CHANNEL)
_DELETE_DAYS: Final = CommandOption(
    name="delete_days",
    description="Delete what they wrote in the last days, 0 to 7",
    type=OptionType.INTEGER,
    minimum=0,
    maximum=7,
)
_SECONDS: Final = CommandOption(
    name="seconds",
    description="Seconds between two messages of a member; 0 is no slow mode",
    type=OptionType.INTEGER,
    required=True,
    minimum=0,
    maximum=21_600,
)
_NUMBER: Final = _option("number", "The number of the case", OptionType.INTEGER, required=True)
_BEFORE: Final = _option("before", "Only cases before this number", OptionType.INTEGER)


def build(services: FeatureServices) -> Feature:
    ledger = Ledger(services)
    watch = Watch(services, ledger)
    steps = Steps(services, ledger)
    desk = Desk(services, ledger, watch)
    members, channels, cases = MemberOrders(desk), ChannelOrders(desk), CaseOrders(desk)
    # No Discord permission hides them: the right may come from a level, and is checked by each order.
    plain = (
        ("tempban", "Ban somebody for a time", members.tempban, (_MEMBER, _REASON, _USUAL, _DELETE_DAYS)),
        ("unban", "Lift a ban", members.unban, (_USER, _WHY)),
        ("mute", "Let a member read but not write for a time", members.mute, (_MEMBER, _REASON, _USUAL)),
        ("unmute", "Let a member write again", members.unmute, (_MEMBER, _WHY)),
        ("lock", "Let nobody write in a channel", channels.lock, (_REASON, _CHANNEL, _DURATION)),
        ("unlock", "Make a locked channel as it was before", channels.unlock, (_CHANNEL, _WHY)),
        ("slowmode", "Slow a channel down", channels.slowmode, (_SECONDS, _CHANNEL, _DURATION, _WHY)),
    )
    grouped = (
        (
            "temprole",
            "Roles for a time",
            (
                ("give", "Give a member a role for a time", members.give, (_MEMBER, _ROLE, _USUAL, _WHY)),
                ("list", "Who has which role for a time", members.list, ()),
                ("end", "Take such a role away now", members.end, (_MEMBER, _ROLE, _WHY)),
            ),
        ),
        (
            "case",
            "Moderation cases",
            (
                ("show", "Show one case and what came of it", cases.show, (_NUMBER,)),
                ("list", "Show a member's cases", cases.list, (_MEMBER, _BEFORE)),
            ),
        ),
    )
    return Feature(
        name="temporary",
        title="Temporary measures",
        summary="Bans, mutes, roles, locks and slow mode that end by themselves, each with a case.",
        schema=SCHEMA,
        commands=(
            *(
                Command(name=name, description=about, handler=handler, options=options, guild_only=True)
                for name, about, handler, options in plain
            ),
            *(
                Command(
                    name=name,
                    description=about,
                    guild_only=True,
                    subcommands=tuple(
                        Subcommand(name=sub, description=said, handler=handler, options=options)
                        for sub, said, handler, options in subs
                    ),
                )
                for name, about, subs in grouped
            ),
        ),
        jobs=steps.kinds(),
        events=watch.handlers(),
        close=watch.close,
    )
