"""Saving settings: versions, merges, conflicts by field, levels, news on the bus, many at once."""

import asyncio
from typing import Annotated, Any

import msgspec
import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.guildconfig.schema import Schema, SettingsRejected
from skynetbot.guildconfig.service import (
    Author,
    NotAllowed,
    SettingsConflict,
    SettingsService,
    UnknownFeature,
    settings_topic,
)
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.store import Store

from .conftest import ADA, BAO, GUILD, Other, Sample


async def save(service: SettingsService, changes: dict[str, Any], expected: int | None = None) -> tuple[Any, int]:
    return await service.update(GUILD, "sample", changes, author=ADA, expected_version=expected)


async def test_a_server_that_saved_nothing_has_defaults_at_version_0(service: SettingsService) -> None:
    snapshot = await service.snapshot(GUILD)
    assert snapshot.get(Sample) == Sample()
    assert snapshot.version("sample") == 0


async def test_a_save_is_read_back_and_announced(service: SettingsService, bus: LocalBus) -> None:
    heard: list[list[int]] = []
    bus.listen(settings_topic, heard.append)
    assert await save(service, {"limit": "9"}) == (Sample(limit=9), 1)
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(limit=9)
    assert heard == [[GUILD, 1]]


async def test_what_changes_nothing_is_not_saved(service: SettingsService) -> None:
    assert await save(service, {"limit": 3}) == (Sample(), 0)
    await save(service, {"limit": 9})
    assert await save(service, {"limit": 9}, expected=1) == (Sample(limit=9), 1)
    assert len(await service.history(GUILD)) == 1


async def test_an_old_form_keeps_what_others_changed_in_other_fields(service: SettingsService) -> None:
    await save(service, {"limit": 9}, expected=0)
    mine = {"limit": 3, "note": "hi", "words": ["a"]}  # a form sends all its fields, changed or not
    assert await save(service, mine, expected=0) == (Sample(limit=9, note="hi", words=("a",)), 2)


async def test_the_same_field_is_a_conflict_by_field_and_overwrites_nothing(service: SettingsService) -> None:
    await save(service, {"limit": 9, "note": "theirs"}, expected=0)
    with pytest.raises(SettingsConflict) as caught:
        await save(service, {"limit": 5, "note": "theirs", "words": "mine"}, expected=0)
    assert caught.value.current_version == 1
    assert caught.value.fields == {"limit": (9, 5)}
    assert caught.value.merged == {"words": ("mine",)}, "what is in nobody's way is handed back, to lose nothing"
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(limit=9, note="theirs")


async def test_the_same_change_by_two_is_no_conflict(service: SettingsService) -> None:
    await save(service, {"limit": 9}, expected=0)
    assert await save(service, {"limit": 9}, expected=0) == (Sample(limit=9), 1)


@pytest.mark.parametrize("version", [-1, 7])
async def test_a_form_of_no_known_version_conflicts_in_all_that_differs(service: SettingsService, version: int) -> None:
    await save(service, {"limit": 9})
    with pytest.raises(SettingsConflict) as caught:
        await save(service, {"limit": 5, "note": ""}, expected=version)
    assert caught.value.fields == {"limit": (9, 5)}
    assert await save(service, {"limit": 9, "note": ""}, expected=version) == (Sample(limit=9), 1)


async def test_a_merge_into_a_combination_that_is_not_allowed_is_refused(service: SettingsService) -> None:
    await save(service, {"note": "because"})
    await save(service, {"note": ""}, expected=1)
    with pytest.raises(SettingsRejected) as caught:
        await save(service, {"limit": 21, "note": "because"}, expected=1)
    assert caught.value.errors == {"note": "Say why."}


async def test_saves_of_different_fields_at_once_both_stand(service: SettingsService) -> None:
    await asyncio.gather(save(service, {"limit": 9}), save(service, {"note": "hi"}))
    snapshot = await service.snapshot(GUILD)
    assert snapshot.get(Sample) == Sample(limit=9, note="hi")
    assert snapshot.version("sample") == 2


async def test_a_refused_value_is_not_saved(service: SettingsService) -> None:
    with pytest.raises(SettingsRejected):
        await save(service, {"limit": 100})
    assert (await service.snapshot(GUILD)).version("sample") == 0


async def test_an_unknown_feature_names_the_known_ones(service: SettingsService) -> None:
    with pytest.raises(UnknownFeature, match="sample"):
        await service.update(GUILD, "nothing", {}, author=ADA)


async def test_a_reset_gives_the_defaults_and_is_a_change_like_any_other(service: SettingsService) -> None:
    assert await service.reset(GUILD, "sample", author=ADA) == {}
    await save(service, {"limit": 9, "note": "x"})
    changes = await service.reset(GUILD, "sample", author=BAO)
    assert [change.field for change in changes["sample"]] == ["limit", "note"]
    assert (await service.snapshot(GUILD)).get(Sample) == Sample()
    await service.undo(GUILD, 2, author=BAO)
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(limit=9, note="x")


FIELDS = [f"field_{number}" for number in range(20)]
Wide = msgspec.defstruct(
    "Wide", [(name, Annotated[int, msgspec.Meta(ge=0)], 0) for name in FIELDS], frozen=True, kw_only=True
)


@pytest.mark.parametrize("processes", [1, 2])
async def test_twenty_editors_of_different_fields_lose_nothing(store: Store, bus: LocalBus, processes: int) -> None:
    schemas: dict[str, Schema[Any]] = {"wide": Schema("wide", Wide, title="Wide", help="")}
    services = [SettingsService(SettingsRepository(store), bus, schemas) for _ in range(processes)]
    saves = [
        # Each of them looked at the same form, and sends all of its fields.
        services[number % processes].update(
            GUILD,
            "wide",
            {**dict.fromkeys(FIELDS, 0), name: number + 1},
            author=Author(number, name),
            expected_version=0,
        )
        for number, name in enumerate(FIELDS)
    ]
    await asyncio.gather(*saves)
    for service in services:
        snapshot = await service.snapshot(GUILD)
        assert msgspec.to_builtins(snapshot.get(Wide)) == {name: number + 1 for number, name in enumerate(FIELDS)}
        assert (snapshot.version("wide"), snapshot.revision) == (20, 20)
    history = await services[0].history(GUILD)
    assert {revision.author.id for revision in history} == set(range(20))
    assert all(len(revision.changes) == 1 for revision in history)


# -- levels ------------------------------------------------------------------------------------------------------------


def at_level(level: int) -> Author:
    return Author(5, "Emre", "discord", level)


async def test_a_level_that_does_not_reach_changes_nothing(service: SettingsService) -> None:
    await service.update(GUILD, "other", {"on": True}, author=at_level(2))
    with pytest.raises(NotAllowed, match=r"needs level 3 \(manager\); you have level 2 \(moderator\).*Manage Server"):
        await service.update(GUILD, "sample", {"limit": 9}, author=at_level(2))
    with pytest.raises(NotAllowed, match="Administrator"):
        await service.update(GUILD, "access", {"manager_roles": ["5"]}, author=at_level(3))
    snapshot = await service.snapshot(GUILD)
    assert (snapshot.get(Other).on, snapshot.revision) == (True, 1)


async def test_undo_restore_reset_and_import_need_the_level_of_what_they_change(service: SettingsService) -> None:
    await save(service, {"limit": 9})
    await service.update(GUILD, "other", {"on": True}, author=ADA)
    document = msgspec.json.encode(await service.export(GUILD))
    await save(service, {"limit": 5})
    moderator = at_level(2)
    for attempt in (
        service.undo(GUILD, 3, author=moderator),
        service.reset(GUILD, "sample", author=moderator),
        service.restore(GUILD, 1, author=moderator),
        service.restore(GUILD, 1, author=moderator, dry_run=True),
        service.import_document(GUILD, document, author=moderator),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert (await service.snapshot(GUILD)).revision == 3
    await service.undo(GUILD, 2, author=moderator)
    assert (await service.snapshot(GUILD)).get(Other) == Other()
