"""One server's settings at one instant, immutable and shared by all who read them."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from skynetbot.guildconfig.schema import Schema
from skynetbot.storage.settings import SavedSettings, SettingsRow

__all__ = ["GuildSettings", "build_snapshot", "pack_snapshot", "unpack_snapshot"]

S = TypeVar("S", bound=msgspec.Struct)


class GuildSettings:
    """Every feature's settings with their version (0: never saved), and the server's revision."""

    __slots__ = ("_values", "cost", "guild_id", "revision", "versions")

    def __init__(
        self,
        guild_id: int,
        values: Mapping[type[msgspec.Struct], msgspec.Struct],
        versions: Mapping[str, int],
        *,
        revision: int = 0,
        cost: int = 0,
    ) -> None:
        self.guild_id = guild_id
        self.revision = revision
        self.cost = cost
        """About how many bytes it takes; defaults are shared by all servers and cost nothing."""
        self._values = values
        self.versions = versions

    def get(self, struct: type[S]) -> S:
        value = self._values[struct]
        if not isinstance(value, struct):  # pragma: no cover - the mapping is built by type
            raise TypeError(struct)
        return value

    def has(self, struct: type[msgspec.Struct]) -> bool:
        return struct in self._values

    def version(self, feature: str) -> int:
        return self.versions.get(feature, 0)

    def by_feature(self, schemas: Mapping[str, Schema[Any]]) -> dict[str, msgspec.Struct]:
        return {feature: self._values[schema.struct] for feature, schema in schemas.items()}


def build_snapshot(guild_id: int, schemas: Mapping[str, Schema[Any]], saved: SavedSettings) -> GuildSettings:
    values: dict[type[msgspec.Struct], msgspec.Struct] = {}
    versions: dict[str, int] = {}
    cost = 0
    for feature, schema in schemas.items():
        row = saved.rows.get(feature)
        values[schema.struct] = schema.decode(row.body) if row else schema.defaults()
        if row:
            versions[feature] = row.version
            # Decoded texts and tuples take about twice their JSON.
            cost += 2 * len(row.body)
    return GuildSettings(guild_id, values, versions, revision=saved.revision, cost=cost)


def pack_snapshot(snapshot: GuildSettings, schemas: Mapping[str, Schema[Any]]) -> bytes:
    """For a tier that processes share; only what was saved travels."""
    rows = {
        feature: SettingsRow(feature, version, schemas[feature].encode(snapshot.get(schemas[feature].struct)))
        for feature, version in snapshot.versions.items()
    }
    return msgspec.msgpack.encode(SavedSettings(snapshot.revision, rows))


def unpack_snapshot(guild_id: int, data: bytes, schemas: Mapping[str, Schema[Any]]) -> GuildSettings:
    """Raises ValueError (msgspec's) when it is not one of ours."""
    return build_snapshot(guild_id, schemas, msgspec.msgpack.decode(data, type=SavedSettings))
