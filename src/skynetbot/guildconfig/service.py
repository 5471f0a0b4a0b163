"""Reading and saving servers' settings: snapshots for the bot, versions against lost edits, news on the bus."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from skynetbot.bus.local import LocalBus
from skynetbot.errors import SkynetBotError
from skynetbot.guildconfig.schema import Schema
from skynetbot.storage.settings import SettingsRepository, VersionConflict

__all__ = ["GuildSettings", "SettingsConflict", "SettingsService", "UnknownFeature", "settings_topic"]

S = TypeVar("S", bound=msgspec.Struct)

settings_topic: Final = "settings.changed"
"""Bus topic; the message is the guild's id."""


class UnknownFeature(SkynetBotError):
    """No feature of that name has settings."""


class SettingsConflict(SkynetBotError):
    """Somebody saved the same feature since the form was opened; nothing was overwritten."""

    def __init__(self, feature: str, current_version: int) -> None:
        super().__init__(
            f"The settings of {feature} were changed meanwhile. Look at the current values and save again."
        )
        self.feature = feature
        self.current_version = current_version


class GuildSettings:
    """An immutable snapshot of one server's settings, every feature with its version (0: never saved)."""

    __slots__ = ("_values", "_versions", "guild_id")

    def __init__(
        self,
        guild_id: int,
        values: Mapping[type[msgspec.Struct], msgspec.Struct],
        versions: Mapping[str, int],
    ) -> None:
        self.guild_id = guild_id
        self._values = values
        self._versions = versions

    def get(self, struct: type[S]) -> S:
        value = self._values[struct]
        if not isinstance(value, struct):  # pragma: no cover - the service builds the mapping by type
            raise TypeError(struct)
        return value

    def version(self, feature: str) -> int:
        return self._versions.get(feature, 0)


class SettingsService:
    """The one way to servers' settings, for commands, dashboard and pipeline alike."""

    def __init__(
        self,
        repository: SettingsRepository,
        bus: LocalBus,
        schemas: Mapping[str, Schema[Any]],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._repository = repository
        self._bus = bus
        self._now = now
        self.schemas = schemas

    def schema(self, feature: str) -> Schema[Any]:
        """Raises UnknownFeature with the names that exist."""
        schema = self.schemas.get(feature)
        if schema is None:
            raise UnknownFeature(
                f"There is no feature {feature!r} with settings. There are: {', '.join(self.schemas)}."
            )
        return schema

    async def snapshot(self, guild_id: int) -> GuildSettings:
        rows = await self._repository.all_of(guild_id)
        values: dict[type[msgspec.Struct], msgspec.Struct] = {}
        versions: dict[str, int] = {}
        for feature, schema in self.schemas.items():
            row = rows.get(feature)
            values[schema.struct] = schema.decode(row.body) if row else schema.defaults()
            versions[feature] = row.version if row else 0
        return GuildSettings(guild_id, values, versions)

    async def update(
        self,
        guild_id: int,
        feature: str,
        changes: Mapping[str, Any],
        *,
        author_id: int,
        author_name: str,
        expected_version: int | None = None,
    ) -> tuple[msgspec.Struct, int]:
        """Check and save the changed fields; the new value and its version.

        Args:
            changes: by field name; text as typed or JSON values.
            expected_version: the version that the form showed; None means "whatever stands, change these fields".

        Raises:
            UnknownFeature: no such feature.
            SettingsRejected: some values are bad; nothing was saved.
            SettingsConflict: ``expected_version`` is no longer the current one; nothing was saved.
        """
        schema = self.schema(feature)
        row = (await self._repository.all_of(guild_id)).get(feature)
        while True:
            version = row.version if row else 0
            if expected_version is not None and expected_version != version:
                raise SettingsConflict(feature, version)
            current = schema.decode(row.body) if row else schema.defaults()
            wanted = schema.apply(current, changes)
            try:
                saved = await self._repository.save(
                    guild_id,
                    feature,
                    schema.encode(wanted),
                    expected_version=version,
                    author_id=author_id,
                    author_name=author_name,
                    at=self._now(),
                )
            except VersionConflict as conflict:
                # Another save slipped in between our read and our write: merge onto it, or report it above.
                row = conflict.current
                continue
            self._bus.publish(settings_topic, guild_id)
            return wanted, saved.version
