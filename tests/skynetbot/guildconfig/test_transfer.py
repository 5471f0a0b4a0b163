"""Export and import: nothing is lost on the way, and what cannot be taken is named, all of it."""

import asyncio
from typing import Any

import msgspec
import pytest

from skynetbot.guildconfig.differences import FieldChange
from skynetbot.guildconfig.service import SettingsMoved, SettingsService
from skynetbot.guildconfig.transfer import ImportRejected

from .conftest import ADA, GUILD, Other, Sample

LARGE_ID = (1 << 63) - 1


async def fill(service: SettingsService, guild_id: int = GUILD) -> None:
    await service.update(guild_id, "sample", {"limit": 21, "note": "wegen “ü” 😀\n", "words": ["a", "b c"]}, author=ADA)
    await service.update(guild_id, "other", {"on": True, "channel": LARGE_ID, "roles": [LARGE_ID, 5]}, author=ADA)


async def test_an_export_imported_elsewhere_is_the_same(service: SettingsService) -> None:
    await fill(service)
    text = msgspec.json.encode(await service.export(GUILD))
    assert f'"{LARGE_ID}"'.encode() in text, "ids are texts: JavaScript would round them"
    planned = await service.import_document(GUILD + 1, text, author=ADA, dry_run=True)
    assert (await service.snapshot(GUILD + 1)).revision == 0
    assert await service.import_document(GUILD + 1, text.decode(), author=ADA) == planned
    here, there = await service.snapshot(GUILD), await service.snapshot(GUILD + 1)
    for struct in (Sample, Other):
        assert here.get(struct) == there.get(struct)
    assert (await service.export(GUILD))["features"] == (await service.export(GUILD + 1))["features"]
    assert await service.import_document(GUILD, text, author=ADA) == {}


async def test_what_a_document_does_not_name_stays(service: SettingsService) -> None:
    await fill(service)
    text = '{"format": "skynetbot.settings/1", "features": {"sample": {"limit": 22}}}'
    changes = await service.import_document(GUILD, text, author=ADA)
    assert changes == {"sample": (FieldChange("limit", 21, 22),)}
    assert (await service.snapshot(GUILD)).get(Other).on


def of(features: Any, **more: Any) -> str:
    return msgspec.json.encode({"format": "skynetbot.settings/1", "features": features, **more}).decode()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["This is not JSON"]),
        ("{", ["This is not JSON"]),
        (b"\xff\xfe", ["This is not JSON"]),
        ("[]", ["no export of settings"]),
        ("{}", ["no export of settings"]),
        ('{"format": "skynetbot.settings/2", "features": {}}', ["no export of settings"]),
        (of([]), ["no export of settings"]),
        (of({"nothing": {}}), ["There is no feature 'nothing'"]),
        (of({"sample": 5}), ["sample: give its settings as an object"]),
        (of({"sample": {"nope": 1}}), ["sample.nope: Sample has no such setting"]),
        (of({"sample": {"limit": 99}}), ["sample.limit: Give at most 25."]),
        (of({"sample": {"limit": 21}}), ["sample.note: Say why."]),
        (
            of({"sample": {"limit": 0, "note": 5}, "other": {"on": "perhaps", "roles": ["1", "2", "3", "4"]}, "x": {}}),
            ["sample.limit", "sample.note", "other.on", "other.roles", "There is no feature 'x'"],
        ),
        (" " * (1 << 20) + "{}", ["more than 1,048,576"]),
        ("[" * 100_000, ["This is not JSON"]),
    ],
)
async def test_every_problem_is_named_and_nothing_is_changed(
    service: SettingsService, text: str | bytes, problems: list[str]
) -> None:
    with pytest.raises(ImportRejected) as caught:
        await service.import_document(GUILD, text, author=ADA)
    assert len(caught.value.problems) == len(problems)
    for told, expected in zip(caught.value.problems, problems, strict=True):
        assert expected in told
    assert (await service.snapshot(GUILD)).revision == 0


async def test_several_features_are_saved_all_or_none_while_others_save(service: SettingsService) -> None:
    """Whoever looks sees both features of one document, never one of each."""

    def both(number: int) -> str:
        return of({"sample": {"limit": number}, "other": {"roles": [str(number)]}})

    seen: list[tuple[int, tuple[int, ...]]] = []

    async def look() -> None:
        for _ in range(200):
            snapshot = await service.snapshot(GUILD)
            seen.append((snapshot.get(Sample).limit, snapshot.get(Other).roles))
            service.cache.invalidate(GUILD)
            await asyncio.sleep(0.001)

    await asyncio.gather(look(), *(service.import_document(GUILD, both(n), author=ADA) for n in range(4, 16)))
    assert len(set(seen)) > 1
    assert all(roles == ((limit,) if limit > 3 else ()) for limit, roles in seen)
    assert (await service.snapshot(GUILD)).revision == 24


async def test_an_import_that_rests_on_an_older_look_is_refused(service: SettingsService) -> None:
    await fill(service)
    with pytest.raises(SettingsMoved):
        await service.import_document(GUILD, of({"sample": {"limit": 5}}), author=ADA, expected_revision=1)
    assert (await service.snapshot(GUILD)).get(Sample).limit == 21
