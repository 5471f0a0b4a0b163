"""What pages show of a server, ready to be shown: counters, the most active members, the last actions.

A page is computed once for all who look at it, and again after something on it changed. News of counters are
gathered for a quarter of a second (see `features.activity.news`), so that is how old they may be here.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from skynetbot.cache.snapshots import CachePolicy, Loaded, SnapshotCache
from skynetbot.storage.actions import ActionRepository, ActionRow
from skynetbot.storage.activity import ActivityPage, ActivityRepository, MemberRow, Totals

__all__ = ["ServerPages", "ShownActions"]

_SECONDS_PER_DAY: Final = 86_400
_TOP: Final = 25
_ACTIONS: Final = 50


class ShownActions(msgspec.Struct, frozen=True):
    """The newest actions of a server, newest first."""

    rows: tuple[ActionRow, ...]


class ServerPages:
    """Both kinds of page data, by server."""

    def __init__(
        self,
        activity: ActivityRepository,
        actions: ActionRepository,
        *,
        policy: CachePolicy | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._activity = activity
        self._actions = actions
        self._now = now
        self.activity: SnapshotCache[int, ActivityPage] = SnapshotCache(
            "activity_pages", self._load_activity, cost=lambda page: 200 * (1 + len(page.top)), policy=policy
        )
        self.actions: SnapshotCache[int, ShownActions] = SnapshotCache(
            "action_pages", self._load_actions, cost=lambda page: 1_000 * len(page.rows), policy=policy
        )

    async def totals(self, guild_id: int) -> Totals:
        """The server's counters, with today's (UTC)."""
        return (await self._page(guild_id)).totals

    async def top(self, guild_id: int, limit: int) -> Sequence[MemberRow]:
        """The members with most messages, most first."""
        if limit > _TOP:
            return await self._activity.top(guild_id, limit)
        return (await self._page(guild_id)).top[:limit]

    async def messages_of(self, guild_id: int, user_id: int) -> int:
        """How many messages of the member were counted, with what is not stored yet."""
        return await self._activity.messages_of(guild_id, user_id)

    async def reach_rank(self, guild_id: int, user_id: int, rank: int, at: float) -> bool:
        """Record that the member reached ``rank``; True only the first time."""
        return await self._activity.reach_rank(guild_id, user_id, rank, at)

    async def recent_actions(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRow]:
        """The newest actions first; older pages are not kept."""
        if before is not None or limit > _ACTIONS:
            return await self._actions.recent(guild_id, limit, before)
        page = await self.actions.get(guild_id)
        return page.rows[:limit] if page else ()

    def counters_moved(self, guild_ids: Iterable[int]) -> None:
        for guild_id in guild_ids:
            self.activity.invalidate(guild_id)

    def action_recorded(self, guild_id: int) -> None:
        self.actions.invalidate(guild_id)

    def revalidate(self) -> None:
        """News may have been lost."""
        self.activity.revalidate()
        self.actions.revalidate()

    async def _page(self, guild_id: int) -> ActivityPage:
        page = await self.activity.get(guild_id)
        assert page is not None  # noqa: S101 - a server without any activity has zeros
        if page.day != self._today():
            self.activity.invalidate(guild_id)
            page = await self.activity.get(guild_id)
            assert page is not None  # noqa: S101
        return page

    def _today(self) -> int:
        return int(self._now() // _SECONDS_PER_DAY)

    async def _load_activity(self, guild_id: int) -> Loaded[ActivityPage]:
        return Loaded(await self._activity.page(guild_id, self._today(), _TOP))

    async def _load_actions(self, guild_id: int) -> Loaded[ShownActions]:
        return Loaded(ShownActions(tuple(await self._actions.recent(guild_id, _ACTIONS))))
