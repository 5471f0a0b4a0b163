"""A settings service over a fresh database, with two small features and the levels."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pytest

from skynetbot.bus.local import LocalBus
from skynetbot.guildconfig.levels import ACCESS_SCHEMA
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import Author, SettingsService
from skynetbot.storage.settings import SettingsRepository
from skynetbot.storage.sqlite import SqliteStore

GUILD = 77
ADA = Author(1, "Ada")
BAO = Author(2, "Bao", "dashboard")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=25)] = 3
    note: str = ""
    words: tuple[str, ...] = ()


class Other(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = False
    channel: Annotated[int | None, msgspec.Meta(extra={"kind": "channel"})] = None
    roles: Annotated[tuple[int, ...], msgspec.Meta(max_length=3, extra={"kind": "roles"})] = ()


SCHEMAS: Mapping[str, Schema[Any]] = {
    "sample": Schema(
        "sample",
        Sample,
        title="Sample",
        help="",
        check=lambda value: {"note": "Say why."} if value.limit > 20 and not value.note else {},
    ),
    "other": Schema("other", Other, title="Other", help="", level=2),
    "access": ACCESS_SCHEMA,
}


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def service(database: SqliteStore, bus: LocalBus) -> SettingsService:
    clock = iter(range(1000, 100_000))
    return SettingsService(SettingsRepository(database), bus, SCHEMAS, now=lambda: float(next(clock)))
