"""Who has which level, and what it lets them change."""

import pytest

from skynetbot.guildconfig.levels import (
    ACCESS_SCHEMA,
    AccessSettings,
    level_of,
    level_to_change,
    refusal,
)
from skynetbot.guildconfig.schema import SettingsRejected

from .conftest import SCHEMAS

TRUSTED, MODERATOR, MANAGER, PLAIN = 1, 2, 3, 9
SETTINGS = AccessSettings(trusted_roles=(TRUSTED,), moderator_roles=(MODERATOR,), manager_roles=(MANAGER,))
ADMINISTRATOR, MANAGE_GUILD, KICK = 0x8, 0x20, 0x2


@pytest.mark.parametrize(
    ("is_owner", "permissions", "roles", "level"),
    [
        (False, 0, [], 0),
        (False, KICK, [PLAIN], 0),
        (False, 0, [TRUSTED], 1),
        (False, 0, [TRUSTED, MODERATOR], 2),
        (False, 0, [MANAGER, TRUSTED], 3),
        (False, MANAGE_GUILD, [], 3),
        (False, MANAGE_GUILD, [TRUSTED], 3),
        (False, ADMINISTRATOR, [], 4),
        (False, ADMINISTRATOR | MANAGE_GUILD, [TRUSTED], 4),
        (True, 0, [], 4),
    ],
)
def test_the_highest_of_role_permission_and_ownership_counts(
    is_owner: bool, permissions: int, roles: list[int], level: int
) -> None:
    assert level_of(SETTINGS, is_owner=is_owner, permissions=permissions, role_ids=roles) == level
    if not roles:
        # A server that set nothing up works as Discord says.
        assert level_of(AccessSettings(), is_owner=is_owner, permissions=permissions, role_ids=[PLAIN]) == level


@pytest.mark.parametrize(
    ("lines", "feature", "level"),
    [
        ((), "sample", 3),
        ((), "other", 2),
        ((), "access", 4),
        (("sample 1",), "sample", 1),
        (("sample: 4", "other=1"), "sample", 4),
        (("sample: 4", "other=1"), "other", 1),
        (("sample 1", "sample 4"), "sample", 4),
        (("access 1",), "access", 4),
        (("another 1",), "sample", 3),
    ],
)
def test_the_level_that_a_feature_needs(lines: tuple[str, ...], feature: str, level: int) -> None:
    settings = AccessSettings(feature_levels=lines)
    assert level_to_change(settings, SCHEMAS[feature]) == level
    for have in range(5):
        assert (refusal(settings, SCHEMAS[feature], have) == "") is (have >= level)


@pytest.mark.parametrize("line", ["sample", "sample 0", "sample 5", "3", "sample three", "sample 22"])
def test_a_line_that_says_no_level_is_refused(line: str) -> None:
    with pytest.raises(SettingsRejected, match="feature_levels"):
        ACCESS_SCHEMA.apply(AccessSettings(), {"feature_levels": [line]})


def test_a_refusal_says_what_is_needed_and_who_can_help() -> None:
    assert refusal(AccessSettings(), SCHEMAS["sample"], 0) == (
        "Changing the settings of Sample needs level 3 (manager); you have level 0 (everyone). "
        "Whoever may Manage Server has level 3; administrators give levels to roles in the Access settings."
    )
    assert "Only the owner and whoever has Administrator" in refusal(AccessSettings(), SCHEMAS["access"], 3)
