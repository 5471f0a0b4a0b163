"""History, undo and restore."""

import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.guildconfig.differences import FieldChange
from skynetbot.guildconfig.schema import SettingsRejected
from skynetbot.guildconfig.service import (
    SettingsConflict,
    SettingsMoved,
    SettingsService,
    UnknownRevision,
)
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.sqlite import SqliteStore

from .conftest import ADA, BAO, GUILD, SCHEMAS, Other, Sample


async def sample(service: SettingsService, **changes: object) -> None:
    await service.update(GUILD, "sample", changes, author=ADA)


async def other(service: SettingsService, **changes: object) -> None:
    await service.update(GUILD, "other", changes, author=BAO)


async def test_a_change_says_who_when_what_and_from_where(service: SettingsService) -> None:
    await sample(service, limit=9)
    await other(service, on=True, roles=[1, 2])
    newest, oldest = await service.history(GUILD)
    assert (newest.number, newest.feature, newest.version, newest.author) == (2, "other", 1, BAO)
    assert newest.changes == (FieldChange("on", False, True), FieldChange("roles", (), (1, 2)))
    assert oldest.changes == (FieldChange("limit", 3, 9),)
    assert newest.at > oldest.at > 0


async def test_pages_follow_each_other_without_gaps_also_by_feature(service: SettingsService) -> None:
    for number in range(1, 9):
        await (sample if number % 2 else other)(service, **({"limit": number} if number % 2 else {"roles": [number]}))
    first = await service.history(GUILD, limit=3)
    second = await service.history(GUILD, limit=3, before=first[-1].number)
    assert [revision.number for revision in (*first, *second)] == [8, 7, 6, 5, 4, 3]
    assert [r.number for r in await service.history(GUILD, feature="sample", before=6, limit=2)] == [5, 3]
    assert await service.history(GUILD, limit=0) == []
    assert await service.history(GUILD + 1) == []


async def test_changes_of_features_that_are_gone_do_not_cut_pages_short(
    database: SqliteStore, service: SettingsService
) -> None:
    await sample(service, limit=4)
    for number in range(5):
        await other(service, roles=[number + 1])
    await sample(service, limit=6)
    fewer = SettingsService(SettingsRepository(database), LocalBus(), {"sample": SCHEMAS["sample"]})
    assert [revision.number for revision in await fewer.history(GUILD, limit=2)] == [7, 1]
    with pytest.raises(UnknownRevision):
        await fewer.undo(GUILD, 2, author=ADA)


async def test_undo_takes_one_change_back_and_keeps_later_ones(service: SettingsService) -> None:
    await sample(service, limit=9, note="a")
    await sample(service, words=["x"])
    changes = await service.undo(GUILD, 1, author=BAO)
    assert changes == {"sample": (FieldChange("limit", 9, 3), FieldChange("note", "a", ""))}
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(words=("x",))
    newest = (await service.history(GUILD))[0]
    assert (newest.number, newest.author) == (3, BAO)
    await service.undo(GUILD, 3, author=ADA)
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(limit=9, note="a", words=("x",))


async def test_undo_of_what_was_changed_again_is_a_conflict_by_field(service: SettingsService) -> None:
    await sample(service, limit=9, note="a")
    await sample(service, limit=10)
    with pytest.raises(SettingsConflict) as caught:
        await service.undo(GUILD, 1, author=ADA)
    assert caught.value.fields == {"limit": (10, 3)}
    assert caught.value.merged == {"note": ""}
    assert (await service.snapshot(GUILD)).revision == 2


async def test_undo_twice_changes_nothing_the_second_time(service: SettingsService) -> None:
    await sample(service, limit=9)
    assert await service.undo(GUILD, 1, author=ADA)
    assert await service.undo(GUILD, 1, author=ADA) == {}
    assert (await service.snapshot(GUILD)).revision == 2


async def test_undo_into_what_is_not_allowed_is_refused(service: SettingsService) -> None:
    await sample(service, note="because")
    await sample(service, limit=21)
    with pytest.raises(SettingsRejected):
        await service.undo(GUILD, 1, author=ADA)


@pytest.mark.parametrize("number", [0, 2, -1, 1 << 40, 1 << 70])
async def test_there_is_nothing_to_undo_or_restore_under_another_number(service: SettingsService, number: int) -> None:
    await sample(service, limit=9)
    with pytest.raises(UnknownRevision):
        await service.undo(GUILD, number, author=ADA)
    if number != 0:
        with pytest.raises(UnknownRevision):
            await service.restore(GUILD, number, author=ADA)


async def test_restore_brings_all_features_back_at_once(service: SettingsService) -> None:
    await sample(service, limit=9)
    await other(service, on=True)
    await sample(service, limit=10, note="later")
    await other(service, channel="5")
    planned = await service.restore(GUILD, 2, author=ADA, dry_run=True)
    assert (await service.snapshot(GUILD)).revision == 4, "a look changes nothing"
    assert planned == {
        "sample": (FieldChange("limit", 10, 9), FieldChange("note", "later", "")),
        "other": (FieldChange("channel", 5, None),),
    }
    assert await service.restore(GUILD, 2, author=BAO) == planned
    snapshot = await service.snapshot(GUILD)
    assert (snapshot.get(Sample), snapshot.get(Other)) == (Sample(limit=9), Other(on=True))
    assert [revision.author for revision in await service.history(GUILD, limit=2)] == [BAO, BAO]
    assert await service.restore(GUILD, 6, author=BAO) == {}
    await service.restore(GUILD, 0, author=BAO)
    snapshot = await service.snapshot(GUILD)
    assert (snapshot.get(Sample), snapshot.get(Other)) == (Sample(), Other())


async def test_a_restore_that_rests_on_an_older_look_is_refused(service: SettingsService) -> None:
    await sample(service, limit=9)
    await sample(service, limit=10)
    with pytest.raises(SettingsMoved):
        await service.restore(GUILD, 1, author=ADA, expected_revision=1)
    assert await service.restore(GUILD, 1, author=ADA, expected_revision=2)
