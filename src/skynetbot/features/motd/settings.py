"""What a server decides about its message of the day."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from skynetbot.features.motd.rules import clock_seconds, zone_of
from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "MotdSettings"]


class MotdSettings(msgspec.Struct, frozen=True, kw_only=True):
    enabled: Annotated[bool, msgspec.Meta(title="Post a message every day")] = False
    channel: Annotated[int | None, msgspec.Meta(title="Channel", extra={"kind": "channel"})] = None
    messages: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            title="Messages",
            description=r"One a line; \n within a line begins a new one in Discord.",
            max_length=366,
            extra={"kind": "lines", "item_length": 2000},
        ),
    ] = ()
    time: Annotated[
        str,
        msgspec.Meta(
            title="Time",
            description=(
                "Such as 09:00. Should I be offline then, I post up to two hours late; after that the day is left out."
            ),
            max_length=5,
        ),
    ] = "09:00"
    zone: Annotated[
        str,
        msgspec.Meta(title="Time zone", description="Of the time above, such as Europe/Berlin.", max_length=60),
    ] = "UTC"
    order: Annotated[
        Literal["rotate", "random"],
        msgspec.Meta(
            title="Order",
            extra={"labels": {"rotate": "One after the other", "random": "By chance, never the same twice in a row"}},
        ),
    ] = "rotate"
    ping_role: Annotated[
        tuple[int, ...],
        msgspec.Meta(
            title="Role to ping",
            description="At most one. I need 'Mention Everyone' there unless everybody may mention the role.",
            max_length=1,
            extra={"kind": "roles"},
        ),
    ] = ()


def _check(settings: MotdSettings) -> Mapping[str, str]:
    errors: dict[str, str] = {}
    if settings.enabled and settings.channel is None:
        errors["channel"] = "Choose the channel, or switch the message of the day off."
    if settings.enabled and not settings.messages:
        errors["messages"] = "Write at least one message, or switch the message of the day off."
    try:
        clock_seconds(settings.time)
    except ValueError as error:
        errors["time"] = str(error)
    try:
        zone_of(settings.zone)
    except ValueError as error:
        errors["zone"] = str(error)
    return errors


SCHEMA: Final = Schema(
    "motd",
    MotdSettings,
    title="Message of the day",
    help="Posts one of your messages every day at the same time.",
    check=_check,
)
