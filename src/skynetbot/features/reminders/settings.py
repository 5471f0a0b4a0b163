"""What a server decides about reminders."""

from typing import Annotated

import msgspec

from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "ReminderSettings"]


class ReminderSettings(msgspec.Struct, frozen=True, kw_only=True):
    in_channels: Annotated[
        bool,
        msgspec.Meta(
            title="Reminders in channels",
            description="Whether members may be reminded in the channel; otherwise by direct message only.",
        ),
    ] = True
    most: Annotated[
        int,
        msgspec.Meta(title="Reminders of one member", description="How many may be pending at once.", ge=1, le=100),
    ] = 25


SCHEMA: Schema[ReminderSettings] = Schema(
    "reminders", ReminderSettings, title="Reminders", help="Reminders that members set for themselves."
)
