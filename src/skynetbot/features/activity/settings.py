"""What a server decides about counting and ranks."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from skynetbot.features.activity.ranks import parse_ranks
from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "ActivitySettings"]

# The thresholds are the original's; the names are ours.
_DEFAULT_RANKS: Final = (
    "5 Newcomer",
    "10 Visitor",
    "20 Regular",
    "40 Talker",
    "75 Neighbour",
    "100 Local",
    "200 Old hand",
    "400 Pillar",
    "750 Veteran",
    "1000 Legend",
)


class ActivitySettings(msgspec.Struct, frozen=True, kw_only=True):
    announce: Annotated[
        bool, msgspec.Meta(title="Announce new ranks", description="Say it when a member reaches a rank.")
    ] = False
    announce_channel: Annotated[
        int | None,
        msgspec.Meta(
            title="Announce in",
            description="Channel for announcements; without one nothing is announced.",
            extra={"kind": "channel"},
        ),
    ] = None
    ranks: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            title="Ranks",
            description="One a line: the messages it takes, then the rank's name, such as '100 Local'.",
            max_length=50,
            extra={"kind": "lines", "item_length": 60},
        ),
    ] = _DEFAULT_RANKS


def _check(settings: ActivitySettings) -> Mapping[str, str]:
    try:
        parse_ranks(settings.ranks)
    except ValueError as error:
        return {"ranks": str(error)}
    if settings.announce and settings.announce_channel is None:
        return {"announce_channel": "Choose the channel in which new ranks are announced."}
    return {}


SCHEMA: Final = Schema(
    "activity",
    ActivitySettings,
    title="Activity and ranks",
    help="Messages are counted for every member. Ranks reward them; each rank is reached once.",
    check=_check,
)
