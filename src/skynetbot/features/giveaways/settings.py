"""What a server decides about giveaways."""

from typing import Annotated, Final

import msgspec

from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "GiveawaySettings"]


class GiveawaySettings(msgspec.Struct, frozen=True, kw_only=True):
    channel: Annotated[
        int | None,
        msgspec.Meta(
            title="Channel",
            description="Where giveaways are posted when none is named; without one, where the command is used.",
            extra={"kind": "channel"},
        ),
    ] = None
    ping_roles: Annotated[
        tuple[int, ...],
        msgspec.Meta(
            title="Ping at the start",
            description="Roles that are notified when a giveaway starts.",
            max_length=5,
            extra={"kind": "roles"},
        ),
    ] = ()
    most_open: Annotated[
        int, msgspec.Meta(title="Open at once", description="How many giveaways may be open at once.", ge=1, le=100)
    ] = 20
    longest_days: Annotated[
        int, msgspec.Meta(title="Longest", description="How many days a giveaway may last.", ge=1, le=365)
    ] = 90
    host_may_join: Annotated[
        bool, msgspec.Meta(title="Hosts may join", description="Whoever starts a giveaway may take part in it.")
    ] = False


SCHEMA: Final = Schema(
    "giveaways",
    GiveawaySettings,
    title="Giveaways",
    help="Members join by a button; winners are drawn by a rule that everybody can check.",
)
