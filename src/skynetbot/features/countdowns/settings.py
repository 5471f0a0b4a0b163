"""What a server decides about countdowns."""

from collections.abc import Mapping
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from skynetbot.features.countdowns.rules import Notices
from skynetbot.guildconfig.schema import Schema

__all__ = ["MOST", "SCHEMA", "CountdownSettings"]

MOST: Final = 25
"""Countdowns of one server at once."""


class CountdownSettings(msgspec.Struct, frozen=True, kw_only=True):
    channel: Annotated[
        int | None,
        msgspec.Meta(
            title="Channel",
            description="Where countdowns are announced when none is named; without one, where the command is used.",
            extra={"kind": "channel"},
        ),
    ] = None
    ping_roles: Annotated[
        tuple[int, ...],
        msgspec.Meta(
            title="Ping at the end",
            description="Roles that are notified when a countdown set by a moderator has come to its end.",
            max_length=5,
            extra={"kind": "roles"},
        ),
    ] = ()
    notices: Annotated[
        Notices,
        msgspec.Meta(
            title="Notice before the end",
            description="Said ahead when the command does not say otherwise.",
            extra={"labels": {"none": "None", "hour": "1 hour before", "day_and_hour": "1 day and 1 hour before"}},
        ),
    ] = "none"
    everyone_may_set: Annotated[
        bool,
        msgspec.Meta(
            title="Everyone may set countdowns",
            description="In channels in which they may write; otherwise only moderators may.",
        ),
    ] = True
    most_each: Annotated[
        int,
        msgspec.Meta(
            title="Countdowns of one member",
            description="How many a member who is no moderator may have at once.",
            ge=1,
            le=MOST,
        ),
    ] = 5
    time_zone: Annotated[
        str,
        msgspec.Meta(
            title="Time zone",
            description="For times such as 'tomorrow at 18:00': an IANA name, such as Europe/Berlin.",
            max_length=60,
        ),
    ] = "UTC"


def _check(settings: CountdownSettings) -> Mapping[str, str]:
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return {"time_zone": f"{settings.time_zone!r} is no time zone. Give an IANA name, such as Europe/Berlin."}
    return {}


SCHEMA: Final = Schema(
    "countdowns",
    CountdownSettings,
    title="Countdowns",
    help=f"Counts down to what the server waits for; {MOST} at once.",
    check=_check,
)
