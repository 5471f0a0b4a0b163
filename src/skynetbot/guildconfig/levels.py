"""Who may do what: levels 0 to 4, given by roles, and the level that changing a feature's settings needs.

0 everyone, 1 trusted, 2 moderator, 3 manager, 4 administrator. The owner and whoever has Administrator are 4, whoever
may Manage Server is at least 3, so that a server which sets up nothing works as Discord says.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

import msgspec

from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.snapshot import GuildSettings

__all__ = [
    "ACCESS_SCHEMA",
    "ADMINISTRATOR_LEVEL",
    "LEVEL_NAMES",
    "LOOK_LEVEL",
    "MANAGER_LEVEL",
    "AccessSettings",
    "access_of",
    "level_name",
    "level_of",
    "level_to_change",
    "refusal",
]

LEVEL_NAMES: Final = ("everyone", "trusted", "moderator", "manager", "administrator")
LOOK_LEVEL: Final = 2
"""From this level on people may look at all settings, their history, and the server's dashboard."""
MANAGER_LEVEL: Final = 3
ADMINISTRATOR_LEVEL: Final = 4
# https://discord.com/developers/docs/topics/permissions
_ADMINISTRATOR: Final = 0x8
_MANAGE_GUILD: Final = 0x20

_Roles = Annotated[tuple[int, ...], msgspec.Meta(max_length=50, extra={"kind": "roles"})]


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which roles have which level, and which features need another level than managers'."""

    trusted_roles: Annotated[_Roles, msgspec.Meta(title="Trusted (level 1)", description="Roles of regulars.")] = ()
    moderator_roles: Annotated[
        _Roles, msgspec.Meta(title="Moderators (level 2)", description="Roles that moderate.")
    ] = ()
    manager_roles: Annotated[
        _Roles,
        msgspec.Meta(
            title="Managers (level 3)",
            description="Roles that change settings, besides whoever may Manage Server.",
        ),
    ] = ()
    feature_levels: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            title="Levels to change a feature's settings",
            description="Such as: wordfilter 2. What is not named needs its own level, mostly 3; access always 4.",
            max_length=100,
            extra={"item_length": 60},
        ),
    ] = ()


def _check(settings: AccessSettings) -> Mapping[str, str]:
    for line in settings.feature_levels:
        if _parsed(line) is None:
            return {"feature_levels": f"{line[:60]!r} is not a feature and a level from 1 to 4, such as: wordfilter 2"}
    return {}


ACCESS_SCHEMA: Final[Schema[AccessSettings]] = Schema(
    "access",
    AccessSettings,
    title="Access",
    help="Who may change settings and moderate, by role.",
    check=_check,
    level=ADMINISTRATOR_LEVEL,
)


def level_of(settings: AccessSettings, *, is_owner: bool, permissions: int, role_ids: Collection[int]) -> int:
    """A member's level; ``permissions`` are the member's in the server, not in a channel."""
    if is_owner or permissions & _ADMINISTRATOR:
        return ADMINISTRATOR_LEVEL
    if permissions & _MANAGE_GUILD or not set(settings.manager_roles).isdisjoint(role_ids):
        return MANAGER_LEVEL
    if not set(settings.moderator_roles).isdisjoint(role_ids):
        return 2
    return 1 if not set(settings.trusted_roles).isdisjoint(role_ids) else 0


def level_to_change(settings: AccessSettings, schema: Schema[Any]) -> int:
    """The level that changing a feature's settings needs in this server."""
    if schema.level > MANAGER_LEVEL:
        return schema.level
    given = dict(pair for line in settings.feature_levels if (pair := _parsed(line)) is not None)
    return given.get(schema.feature, schema.level)


def access_of(snapshot: GuildSettings) -> AccessSettings:
    """The server's levels; the defaults where nothing of the kind is set up (as in tests of one feature)."""
    return snapshot.get(AccessSettings) if snapshot.has(AccessSettings) else ACCESS_SCHEMA.defaults()


def level_name(level: int) -> str:
    return f"level {level} ({LEVEL_NAMES[level]})"


def refusal(settings: AccessSettings, schema: Schema[Any], level: int) -> str:
    """May somebody with this level change this feature's settings? Empty: yes; else why not, and who can help."""
    needed = level_to_change(settings, schema)
    if level >= needed:
        return ""
    helps = (
        "Only the owner and whoever has Administrator can."
        if needed == ADMINISTRATOR_LEVEL
        else "Whoever may Manage Server has level 3; administrators give levels to roles in the Access settings."
    )
    return f"Changing the settings of {schema.title} needs {level_name(needed)}; you have {level_name(level)}. {helps}"


def _parsed(line: str) -> tuple[str, int] | None:
    feature, _, level = line.replace(":", " ").replace("=", " ").strip().rpartition(" ")
    if not feature.strip() or level not in ("1", "2", "3", "4"):
        return None
    return feature.strip(), int(level)
