"""Servers' settings: one row a server and feature, with a version that grows by one at each save."""

import msgspec

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = ["SettingsRepository", "SettingsRow", "VersionConflict"]


class SettingsRow(msgspec.Struct, frozen=True):
    feature: str
    version: int
    body: bytes
    """The settings struct as JSON."""


class VersionConflict(Exception):
    """Somebody else saved first; ``current`` is what stands in the database."""

    def __init__(self, current: SettingsRow | None) -> None:
        super().__init__("the settings were changed meanwhile")
        self.current = current


class SettingsRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def all_of(self, guild_id: int) -> dict[str, SettingsRow]:
        """Every saved feature of the server, by feature."""

        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT feature, version, body FROM guild_settings WHERE guild_id = ?1", guild_id))

        rows = await self._store.read("settings", "all_of", work)
        return {str(f): SettingsRow(str(f), int(v), bytes(b)) for f, v, b in rows}

    async def save(
        self,
        guild_id: int,
        feature: str,
        body: bytes,
        *,
        expected_version: int,
        author_id: int,
        author_name: str,
        at: float,
    ) -> SettingsRow:
        """Replace the row if its version is still ``expected_version`` (0: never saved).

        Raises:
            VersionConflict: it is not.
        """

        def work() -> Work[SettingsRow]:
            # Of two savers that expect the same version one finds no row left to change.
            sql = _REPLACE if expected_version else _INSERT
            version = expected_version + 1
            args = (guild_id, feature, version, body, author_id, author_name, at)
            if not (yield from fetch(sql, *args)):
                rows = yield from fetch(
                    "SELECT version, body FROM guild_settings WHERE guild_id = ?1 AND feature = ?2", guild_id, feature
                )
                raise VersionConflict(SettingsRow(feature, int(rows[0][0]), bytes(rows[0][1])) if rows else None)
            return SettingsRow(feature, version, body)

        return await self._store.run("settings", "save", work)


_INSERT = (
    "INSERT INTO guild_settings (guild_id, feature, version, body, author_id, author_name, at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (guild_id, feature) DO NOTHING RETURNING version"
)
_REPLACE = (
    "UPDATE guild_settings SET version = ?3, body = ?4, author_id = ?5, author_name = ?6, at = ?7 "
    "WHERE guild_id = ?1 AND feature = ?2 AND version = ?3 - 1 RETURNING version"
)
