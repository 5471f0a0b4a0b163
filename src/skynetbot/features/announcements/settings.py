"""What a server decides about its announcements."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from skynetbot.features.announcements.rules import zone_of
from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "AnnouncementSettings"]


class AnnouncementSettings(msgspec.Struct, frozen=True, kw_only=True):
    zone: Annotated[
        str,
        msgspec.Meta(
            title="Time zone",
            description="What times in /announce mean when no zone is given, such as Europe/Berlin.",
            max_length=60,
        ),
    ] = "UTC"
    log_channel: Annotated[
        int | None,
        msgspec.Meta(
            title="Log channel",
            description="Where I say that an announcement failed when its author takes no direct messages.",
            extra={"kind": "channel"},
        ),
    ] = None


def _check(settings: AnnouncementSettings) -> Mapping[str, str]:
    try:
        zone_of(settings.zone)
    except ValueError as error:
        return {"zone": str(error)}
    return {}


SCHEMA: Final = Schema(
    "announcements",
    AnnouncementSettings,
    title="Announcements",
    help="Posts announcements now, at a time, or again and again.",
    check=_check,
)
