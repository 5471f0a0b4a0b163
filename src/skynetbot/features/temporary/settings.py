"""What a server decides about temporary measures."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from skynetbot.features.temporary.durations import read_duration
from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "TemporarySettings"]

_HOW_LONG: Final = "When the moderator says no duration. For example 90 minutes, 1h30m, 2d or 1w."


class TemporarySettings(msgspec.Struct, frozen=True, kw_only=True):
    log_channel: Annotated[
        int | None,
        msgspec.Meta(
            title="Log channel",
            description="Where every case is told of: when it begins, ends, or could not be carried out.",
            extra={"kind": "channel"},
        ),
    ] = None
    tell_member: Annotated[
        bool,
        msgspec.Meta(
            title="Tell the member",
            description="By direct message: what, why and until when. A ban is told before it happens, for after it "
            "Discord lets nobody write to them.",
        ),
    ] = True
    ban_duration: Annotated[str, msgspec.Meta(title="Usual ban", description=_HOW_LONG, max_length=60)] = "1d"
    mute_duration: Annotated[str, msgspec.Meta(title="Usual mute", description=_HOW_LONG, max_length=60)] = "1h"
    role_duration: Annotated[
        str, msgspec.Meta(title="Usual time with a role", description=_HOW_LONG, max_length=60)
    ] = "1d"


def _check(settings: TemporarySettings) -> Mapping[str, str]:
    errors: dict[str, str] = {}
    for name in ("ban_duration", "mute_duration", "role_duration"):
        try:
            read_duration(getattr(settings, name))
        except ValueError as error:
            errors[name] = str(error)
    return errors


SCHEMA: Final = Schema(
    "temporary",
    TemporarySettings,
    title="Temporary measures",
    help="Bans, mutes, roles, locks and slow mode that end by themselves.",
    check=_check,
)
