"""What a server decides about unwanted words."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from skynetbot.guildconfig.schema import Schema

__all__ = ["SCHEMA", "WordFilterSettings"]


class WordFilterSettings(msgspec.Struct, frozen=True, kw_only=True):
    enabled: Annotated[bool, msgspec.Meta(title="Filter words")] = False
    words: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            title="Unwanted words",
            description="One word or phrase a line. 'spoil*' also finds 'spoiler' and 'spoiled'.",
            max_length=2000,
            extra={"kind": "lines", "item_length": 100},
        ),
    ] = ()
    delete: Annotated[bool, msgspec.Meta(title="Delete the message")] = True
    warn: Annotated[bool, msgspec.Meta(title="Warn the author")] = True
    warn_where: Annotated[
        Literal["channel", "direct"],
        msgspec.Meta(
            title="Warn where",
            extra={"labels": {"channel": "In the channel", "direct": "By direct message"}},
        ),
    ] = "channel"
    log: Annotated[bool, msgspec.Meta(title="Log", description="Post each hit in the log channel, for moderators.")] = (
        False
    )
    log_channel: Annotated[int | None, msgspec.Meta(title="Log channel", extra={"kind": "channel"})] = None
    exempt_roles: Annotated[
        tuple[int, ...],
        msgspec.Meta(
            title="Exempt roles",
            description="Members with one of these may write anything.",
            max_length=50,
            extra={"kind": "roles"},
        ),
    ] = ()
    exempt_channels: Annotated[
        tuple[int, ...],
        msgspec.Meta(title="Exempt channels", max_length=100, extra={"kind": "channels"}),
    ] = ()


def _check(settings: WordFilterSettings) -> Mapping[str, str]:
    errors: dict[str, str] = {}
    if settings.enabled and not settings.words:
        errors["words"] = "Name at least one word, or switch the filter off."
    if settings.log and settings.log_channel is None:
        errors["log_channel"] = "Choose the channel in which hits are logged, or switch logging off."
    if settings.enabled and not (settings.delete or settings.warn or settings.log):
        errors["delete"] = "Choose at least one of delete, warn and log, or switch the filter off."
    only_stars = next((word for word in settings.words if not word.strip("* ")), None)
    if only_stars is not None:
        errors["words"] = f'"{only_stars}" would match every message. Add some letters.'
    return errors


SCHEMA: Final = Schema(
    "wordfilter",
    WordFilterSettings,
    title="Word filter",
    help="Finds unwanted words however they are written: capitals, accents, digits for letters.",
    check=_check,
)
