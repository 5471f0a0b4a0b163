"""What a server decides about polls."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from skynetbot.features.polls.rules import weights_of
from skynetbot.guildconfig.schema import Schema
from skynetbot.timephrases import duration

__all__ = ["CREATORS", "SCHEMA", "PollSettings"]

Creator = Literal["everyone", "trusted", "moderators", "managers", "administrators"]
CREATORS: Final[tuple[Creator, ...]] = ("everyone", "trusted", "moderators", "managers", "administrators")
"""In the order of the levels, 0 to 4."""


class PollSettings(msgspec.Struct, frozen=True, kw_only=True):
    creators: Annotated[
        Creator,
        msgspec.Meta(
            title="Who may create polls",
            description="From this level on; everyone whose level is lower is told so.",
        ),
    ] = "everyone"
    default_duration: Annotated[
        str,
        msgspec.Meta(
            title="Default duration",
            description="How long a poll runs where nothing else is said, such as: 1 day",
            max_length=40,
        ),
    ] = "1 day"
    role_weights: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            title="Weights of roles",
            description="A role's id and how many votes its members have, one role a line, such as: "
            "123456789012345678 3. The heaviest role counts; used only by polls that ask for weights.",
            max_length=50,
            extra={"item_length": 40},
        ),
    ] = ()
    ping_roles: Annotated[
        tuple[int, ...],
        msgspec.Meta(
            title="Ping for new polls",
            description="This role is notified of each new poll.",
            max_length=1,
            extra={"kind": "roles"},
        ),
    ] = ()


def _check(settings: PollSettings) -> Mapping[str, str]:
    errors: dict[str, str] = {}
    if duration(settings.default_duration) is None:
        errors["default_duration"] = "Say a length such as `12 hours`, `1 day` or `2 weeks`."
    try:
        weights_of(settings.role_weights)
    except ValueError as error:
        errors["role_weights"] = str(error)
    return errors


SCHEMA: Final[Schema[PollSettings]] = Schema(
    "polls",
    PollSettings,
    title="Polls",
    help="Members vote by buttons; results are counted by stated rules that everybody can check.",
    check=_check,
)
