"""Channels' switches: which feature is on or off in one channel, against the server's setting."""

from collections.abc import Mapping

from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store

__all__ = ["ChannelSwitchRepository"]


class ChannelSwitchRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def set(
        self, guild_id: int, channel_id: int, feature: str, enabled: bool | None, *, author_id: int, at: float
    ) -> None:
        """Commit a switch; None removes it, so that the server's setting holds again."""

        def work() -> Work[None]:
            if enabled is None:
                yield from fetch(
                    "DELETE FROM channel_switches WHERE guild_id = ?1 AND channel_id = ?2 AND feature = ?3",
                    guild_id,
                    channel_id,
                    feature,
                )
                return
            yield from fetch(
                "INSERT INTO channel_switches (guild_id, channel_id, feature, enabled, author_id, at) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (guild_id, channel_id, feature) DO UPDATE "
                "SET enabled = excluded.enabled, author_id = excluded.author_id, at = excluded.at",
                guild_id,
                channel_id,
                feature,
                int(enabled),
                author_id,
                at,
            )

        await self._store.run("channel_switches", "set", work)

    async def all_of(self, guild_id: int) -> Mapping[tuple[int, str], bool]:
        """(channel, feature) -> on or off, for what was switched."""

        def work() -> Work[dict[tuple[int, str], bool]]:
            rows = yield from fetch(
                "SELECT channel_id, feature, enabled FROM channel_switches WHERE guild_id = ?1", guild_id
            )
            return {(int(channel), str(feature)): bool(enabled) for channel, feature, enabled in rows}

        return await self._store.read("channel_switches", "all_of", work)
