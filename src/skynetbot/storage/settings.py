"""Servers' settings: one row a server and feature, every change kept, one revision number a server.

The revision grows by one with each changed feature, in the same transaction, so that a snapshot of all features has
one number that says how new it is.
"""

from collections.abc import Mapping, Sequence

import msgspec

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = ["SavedSettings", "SettingsChangeRow", "SettingsRepository", "SettingsRow", "SettingsSave", "VersionConflict"]


class SettingsRow(msgspec.Struct, frozen=True):
    feature: str
    version: int
    body: bytes
    """The settings struct as JSON."""


class SavedSettings(msgspec.Struct, frozen=True):
    """All saved features of one server, and its revision (0: nothing was ever saved)."""

    revision: int
    rows: Mapping[str, SettingsRow]


class SettingsSave(msgspec.Struct, frozen=True):
    """One feature's new body, for a row whose version is still ``expected_version`` (0: never saved)."""

    feature: str
    expected_version: int
    body: bytes


class SettingsChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change as it was saved; ``before`` None: nothing was saved before. ``at`` is seconds since 1970."""

    revision: int
    feature: str
    version: int
    before: bytes | None
    after: bytes
    author_id: int
    author_name: str
    at: float
    source: str


class VersionConflict(Exception):
    """Somebody else saved first; ``current`` is what stands in the database."""

    def __init__(self, current: SettingsRow | None) -> None:
        super().__init__("the settings were changed meanwhile")
        self.current = current


_CHANGE_COLUMNS = "revision, feature, version, before, after, author_id, author_name, at, source"
_NEWEST = (1 << 63) - 1


class SettingsRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def all_of(self, guild_id: int) -> SavedSettings:
        """Every saved feature of the server, with its revision, of one instant."""

        def work() -> Work[SavedSettings]:
            rows = yield from fetch("SELECT settings_revision FROM guilds WHERE guild_id = ?1", guild_id)
            saved = yield from fetch("SELECT feature, version, body FROM guild_settings WHERE guild_id = ?1", guild_id)
            return SavedSettings(int(rows[0][0] or 0) if rows else 0, _rows(saved))

        return await self._store.read("settings", "all_of", work)

    async def joined_guilds(self, limit: int) -> Sequence[int]:
        """Servers that the bot was in when it last looked."""

        def work() -> Work[list[Row]]:
            sql = "SELECT guild_id FROM guilds WHERE left_at IS NULL ORDER BY guild_id LIMIT ?1"
            return (yield from fetch(sql, limit))

        return [int(row[0]) for row in await self._store.read("settings", "joined_guilds", work, scan=True)]

    async def many(self, guild_ids: Sequence[int]) -> Mapping[int, SavedSettings]:
        """The same for many servers at once; every one of them is in the answer."""

        def work() -> Work[tuple[list[Row], list[Row]]]:
            revisions = yield from fetch("SELECT guild_id, settings_revision FROM guilds")
            return revisions, (yield from fetch("SELECT guild_id, feature, version, body FROM guild_settings"))

        # At start nearly all servers of the database are asked for, so no statement picks them out.
        revisions, saved = await self._store.read("settings", "many", work, scan=True)
        by_guild = {int(guild_id): int(revision or 0) for guild_id, revision in revisions}
        rows: dict[int, list[Row]] = {}
        for guild_id, *row in saved:
            rows.setdefault(int(guild_id), []).append(tuple(row))
        return {
            guild_id: SavedSettings(by_guild.get(guild_id, 0), _rows(rows.get(guild_id, ()))) for guild_id in guild_ids
        }

    async def save(
        self,
        guild_id: int,
        saves: Sequence[SettingsSave],
        *,
        author_id: int,
        author_name: str,
        at: float,
        source: str,
    ) -> SavedSettings:
        """Save all of them or none; the server's settings afterwards.

        Raises:
            VersionConflict: one of the rows has another version than expected.
        """

        def work() -> Work[SavedSettings]:
            # The server's row is locked until the commit, so revisions follow each other.
            revision = 0
            for save in saves:
                rows = yield from fetch(_NEXT_REVISION, guild_id)
                revision = int(rows[0][0])
                before = yield from fetch(
                    "SELECT version, body FROM guild_settings WHERE guild_id = ?1 AND feature = ?2",
                    guild_id,
                    save.feature,
                )
                current = SettingsRow(save.feature, int(before[0][0]), bytes(before[0][1])) if before else None
                if (current.version if current else 0) != save.expected_version:
                    raise VersionConflict(current)
                version = save.expected_version + 1
                yield from fetch(_UPSERT, guild_id, save.feature, version, save.body, author_id, author_name, at)
                yield from fetch(
                    f"INSERT INTO settings_changes (guild_id, {_CHANGE_COLUMNS}) "  # noqa: S608
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    guild_id,
                    revision,
                    save.feature,
                    version,
                    current.body if current else None,
                    save.body,
                    author_id,
                    author_name,
                    at,
                    source,
                )
            saved = yield from fetch("SELECT feature, version, body FROM guild_settings WHERE guild_id = ?1", guild_id)
            return SavedSettings(revision, _rows(saved))

        return await self._store.run("settings", "save", work)

    async def changes(
        self, guild_id: int, *, feature: str | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[SettingsChangeRow]:
        """The newest first; ``before`` pages on from a revision."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_CHANGE_COLUMNS} FROM settings_changes "  # noqa: S608
                    "WHERE guild_id = ?1 AND revision < ?2 AND (CAST(?3 AS TEXT) IS NULL OR feature = ?3) "
                    "ORDER BY revision DESC LIMIT ?4",
                    guild_id,
                    _NEWEST if before is None else before,
                    feature,
                    limit,
                )
            )

        return [_change(row) for row in await self._store.read("settings", "changes", work)]

    async def change(self, guild_id: int, revision: int) -> SettingsChangeRow | None:
        """One change by its revision."""
        return next(iter(await self.changes(guild_id, before=revision + 1, limit=1)), None)

    async def changed_since(self, at: float) -> Mapping[int, int]:
        """The servers that were changed since ``at`` (seconds since 1970, of the clocks of those who saved), with
        their revision."""

        def work() -> Work[list[Row]]:
            sql = "SELECT guild_id, max(revision) FROM settings_changes WHERE at >= ?1 GROUP BY guild_id"
            return (yield from fetch(sql, at))

        rows = await self._store.read("settings", "changed_since", work)
        return {int(guild_id): int(revision) for guild_id, revision in rows}

    async def body_at(self, guild_id: int, feature: str, version: int) -> bytes | None:
        """What one version of a feature said; None when it is not known."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    "SELECT after FROM settings_changes WHERE guild_id = ?1 AND feature = ?2 AND version = ?3",
                    guild_id,
                    feature,
                    version,
                )
            )

        rows = await self._store.read("settings", "body_at", work)
        return bytes(rows[0][0]) if rows else None

    async def bodies_at(self, guild_id: int, revision: int) -> Mapping[str, bytes]:
        """Every feature's body as it was at a revision; what was saved only later is missing."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    "SELECT c.feature, c.after FROM settings_changes c JOIN (SELECT feature, max(revision) AS newest "
                    "FROM settings_changes WHERE guild_id = ?1 AND revision <= ?2 GROUP BY feature) n "
                    "ON c.guild_id = ?1 AND c.revision = n.newest",
                    guild_id,
                    revision,
                )
            )

        return {str(f): bytes(body) for f, body in await self._store.read("settings", "bodies_at", work)}


_NEXT_REVISION = (
    "INSERT INTO guilds (guild_id, settings_revision) VALUES (?1, 1) ON CONFLICT (guild_id) "
    "DO UPDATE SET settings_revision = coalesce(guilds.settings_revision, 0) + 1 RETURNING settings_revision"
)
_UPSERT = (
    "INSERT INTO guild_settings (guild_id, feature, version, body, author_id, author_name, at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (guild_id, feature) DO UPDATE SET version = excluded.version, "
    "body = excluded.body, author_id = excluded.author_id, author_name = excluded.author_name, at = excluded.at"
)


def _rows(rows: Sequence[Row]) -> dict[str, SettingsRow]:
    return {str(f): SettingsRow(str(f), int(version), bytes(body)) for f, version, body in rows}


def _change(row: Row) -> SettingsChangeRow:
    revision, feature, version, before, after, author_id, author_name, at, source = row
    return SettingsChangeRow(
        revision=int(revision),
        feature=str(feature),
        version=int(version),
        before=None if before is None else bytes(before),
        after=bytes(after),
        author_id=int(author_id),
        author_name=str(author_name),
        at=float(at),
        source=str(source),
    )
