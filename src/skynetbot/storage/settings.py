"""Servers' settings: one row a server and feature, with a version that grows by one at each save."""

import apsw
import msgspec

from skynetbot.storage.database import Database

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
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_of(self, guild_id: int) -> dict[str, SettingsRow]:
        """Every saved feature of the server, by feature."""

        def work(connection: apsw.Connection) -> dict[str, SettingsRow]:
            rows = connection.execute(
                "SELECT feature, version, body FROM guild_settings WHERE guild_id = ?", (guild_id,)
            )
            return {str(f): SettingsRow(str(f), int(v), bytes(b)) for f, v, b in rows}

        return await self._database.run("settings", "all_of", work)

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

        def work(connection: apsw.Connection) -> SettingsRow:
            row = connection.execute(
                "SELECT version, body FROM guild_settings WHERE guild_id = ? AND feature = ?",
                (guild_id, feature),
            ).fetchone()
            current = SettingsRow(feature, int(row[0]), bytes(row[1])) if row else None
            if (current.version if current else 0) != expected_version:
                raise VersionConflict(current)
            saved = SettingsRow(feature, expected_version + 1, body)
            connection.execute(
                "INSERT OR REPLACE INTO guild_settings "
                "(guild_id, feature, version, body, author_id, author_name, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (guild_id, feature, saved.version, body, author_id, author_name, at),
            )
            return saved

        return await self._database.run("settings", "save", work)
