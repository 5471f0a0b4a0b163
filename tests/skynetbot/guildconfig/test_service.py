"""Saving settings: versions, conflicts, news on the bus."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.guildconfig.schema import Schema, SettingsRejected
from skynetbot.guildconfig.service import SettingsConflict, SettingsService, UnknownFeature, settings_topic
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.sqlite import SqliteStore

GUILD = 77


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=25)] = 3
    note: str = ""


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def service(database: SqliteStore, bus: LocalBus) -> SettingsService:
    schemas: Mapping[str, Schema[Any]] = {"sample": Schema("sample", Sample, title="Sample", help="")}
    return SettingsService(SettingsRepository(database), bus, schemas)


async def save(service: SettingsService, changes: dict[str, Any], expected: int | None = None) -> tuple[Any, int]:
    return await service.update(GUILD, "sample", changes, author_id=1, author_name="Ada", expected_version=expected)


async def test_a_server_that_saved_nothing_has_defaults_at_version_0(service: SettingsService) -> None:
    snapshot = await service.snapshot(GUILD)
    assert snapshot.get(Sample) == Sample()
    assert snapshot.version("sample") == 0


async def test_a_save_is_read_back_and_announced(service: SettingsService, bus: LocalBus) -> None:
    heard: list[int] = []
    bus.listen(settings_topic, heard.append)
    assert await save(service, {"limit": "9"}) == (Sample(limit=9), 1)
    assert (await service.snapshot(GUILD)).get(Sample) == Sample(limit=9)
    assert heard == [GUILD]


async def test_a_save_on_top_of_an_older_version_is_a_conflict_and_overwrites_nothing(
    service: SettingsService,
) -> None:
    await save(service, {"limit": 9}, expected=0)
    with pytest.raises(SettingsConflict) as caught:
        await save(service, {"limit": 5}, expected=0)
    assert caught.value.current_version == 1
    assert (await service.snapshot(GUILD)).get(Sample).limit == 9


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
        await service.update(GUILD, "nothing", {}, author_id=1, author_name="Ada")
