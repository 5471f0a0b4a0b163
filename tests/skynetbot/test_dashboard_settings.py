"""The dashboard's port over the real settings service: each outcome arrives as the port's own."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.dashboard import PortGuilds
from skynetbot.dashboard_settings import GuildSettingsPort
from skynetbot.discord.guilds import Guilds, GuildSummary, NamedRef
from skynetbot.features.wordfilter.settings import SCHEMA as WORDFILTER
from skynetbot.guildconfig.levels import ACCESS_SCHEMA
from skynetbot.guildconfig.service import SettingsService
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.web import settings_port as port

GUILD = 77
ADMIN = port.Actor(1, "Ada", 4)
MODERATOR = port.Actor(2, "Dara", 2)


@pytest.fixture
def settings(database: SqliteStore) -> GuildSettingsPort:
    schemas = {"access": ACCESS_SCHEMA, "wordfilter": WORDFILTER}
    return GuildSettingsPort(SettingsService(SettingsRepository(database), LocalBus(), schemas))


async def save(
    settings: GuildSettingsPort, changes: dict[str, Any], *, feature: str = "wordfilter", version: int | None = None
) -> port.SectionView:
    return await settings.update(GUILD, feature, changes, actor=ADMIN, expected_version=version)


async def test_levels_come_from_the_servers_own_access_settings(settings: GuildSettingsPort) -> None:
    standing = port.Standing(is_owner=False, permissions=0, role_ids=(5,))
    assert await settings.level(GUILD, standing) == 0
    await save(settings, {"moderator_roles": ["5"], "feature_levels": ["wordfilter 2"]}, feature="access")
    assert await settings.level(GUILD, standing) == 2
    assert await settings.level(GUILD + 1, standing) == 0
    sections = {section.feature: section.refusal for section in await settings.sections(GUILD, 2)}
    assert sections["wordfilter"] == ""
    assert "needs level 4" in sections["access"]


async def test_a_conflict_has_both_values_and_what_is_merged(settings: GuildSettingsPort) -> None:
    await save(settings, {"words": ["a"], "warn": False})
    with pytest.raises(port.SettingsConflict) as caught:
        await save(settings, {"words": ["b"], "warn": True, "warn_where": "direct"}, version=0)
    assert caught.value.fields == {"words": (("a",), ("b",))}
    assert caught.value.merged == {"warn_where": "direct"}
    assert (caught.value.current.version, caught.value.current.feature) == (1, "wordfilter")


async def test_refusals_of_every_kind(settings: GuildSettingsPort) -> None:
    await save(settings, {"words": ["a"]})
    await save(settings, {"words": ["b"], "enabled": True})
    with pytest.raises(port.UndoConflict) as undo:
        await settings.undo(GUILD, 1, actor=ADMIN)
    assert [(d.field.name, d.before, d.after) for d in undo.value.section.fields] == [("words", ("b",), ())]
    with pytest.raises(port.UnknownChange):
        await settings.undo(GUILD, 9, actor=ADMIN)
    with pytest.raises(port.UnknownFeature):
        await settings.section(GUILD, "nothing", 4)
    with pytest.raises(port.SettingsRejected):
        await save(settings, {"words": []})
    with pytest.raises(port.NotAllowed):
        await settings.reset(GUILD, "wordfilter", actor=MODERATOR)
    with pytest.raises(port.NotAllowed):
        await settings.plan_restore(GUILD, 0, actor=MODERATOR)
    with pytest.raises(port.ImportRejected):
        await settings.plan_import(GUILD, b"{", actor=ADMIN)
    with pytest.raises(port.SettingsMoved):
        await settings.restore(GUILD, 0, actor=ADMIN, expected_revision=1)


async def test_a_plan_is_what_is_carried_out(settings: GuildSettingsPort) -> None:
    await save(settings, {"words": ["a"]})
    exported = await settings.export(GUILD)
    assert msgspec.json.decode(exported)["features"]["wordfilter"]["words"] == ["a"]
    await save(settings, {"words": ["b"]})
    plan = await settings.plan_import(GUILD, exported, actor=ADMIN)
    done = await settings.import_document(GUILD, exported, actor=ADMIN, expected_revision=plan.revision)
    assert tuple(done) == plan.sections
    assert (await settings.plan_restore(GUILD, 3, actor=ADMIN)).sections == ()
    (newest,) = await settings.history(GUILD, feature=None, before=None, limit=1)
    assert (newest.number, newest.author_name, newest.source, newest.section) == (3, "Ada", "dashboard", done[0])


class NoGuilds(Guilds):
    def all(self) -> Sequence[GuildSummary]:
        return ()

    def get(self, guild_id: int) -> GuildSummary | None:
        return None

    def channels(self, guild_id: int) -> Sequence[NamedRef]:
        return ()

    def roles(self, guild_id: int) -> Sequence[NamedRef]:
        return ()


def test_a_view_that_knows_no_members_says_that_it_does_not_know() -> None:
    assert PortGuilds(NoGuilds()).member_roles(GUILD, 1) is None
