"""Follows entrants between joining and the draw: who leaves the server is out, who loses the role is noted.

The gateway tells of them; what it tells is written into the entries, so that the draw needs no memory.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.book import Book
from skynetbot.features.giveaways.records import decode_entry, encode
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError

__all__ = ["MemberWatch"]

_log = get_logger(__name__)
_QUEUE_BOUND: Final = 10_000
_GUILDS_KEPT: Final = 5_000
_REROLL_DAYS: Final = 14
"""For so long after the end a reroll still knows who left or lost the role."""


class _Watched(msgspec.Struct, frozen=True):
    id: int
    role_id: int | None
    until: float


class MemberWatch:
    """Most servers have no giveaway most of the time: that is remembered, so that their events cost one look-up."""

    def __init__(self, services: FeatureServices, book: Book, changed: Callable[[int], None]) -> None:
        """``changed`` hears of giveaways whose number of entries is another now."""
        self._services = services
        self._book = book
        self._changed = changed
        self._watched: OrderedDict[int, tuple[_Watched, ...]] = OrderedDict()
        self._news = 0
        """What was read before the last news is not remembered."""
        self._waiting: asyncio.Queue[tuple[int, int, frozenset[int] | None]] = asyncio.Queue(_QUEUE_BOUND)
        self._task: asyncio.Task[None] | None = None

    def on_remove(self, payload: Mapping[str, Any]) -> None:
        self._take(int(payload["guild_id"]), int(payload["user"]["id"]), None)

    def on_update(self, payload: Mapping[str, Any]) -> None:
        roles = frozenset(int(role) for role in payload.get("roles") or ())
        self._take(int(payload["guild_id"]), int(payload["user"]["id"]), roles)

    def forget(self, guild_id: int) -> None:
        """The server has a new giveaway."""
        self._watched.pop(guild_id, None)
        self._news += 1

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _take(self, guild_id: int, user_id: int, roles: frozenset[int] | None) -> None:
        if self._watched.get(guild_id) == ():
            return
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="giveaway members")
        try:
            self._waiting.put_nowait((guild_id, user_id, roles))
        except asyncio.QueueFull:
            _log.warning("giveaways missed a member's change", guild=guild_id, user=user_id)

    async def _run(self) -> None:
        while True:
            guild_id, user_id, roles = await self._waiting.get()
            try:
                await self._follow(guild_id, user_id, roles)
            except StorageError as error:
                _log.warning("giveaways missed a member's change", guild=guild_id, user=user_id, error=str(error))

    async def _follow(self, guild_id: int, user_id: int, roles: frozenset[int] | None) -> None:
        documents = self._services.documents
        for watched in await self._of(guild_id):
            if watched.until < self._services.now():
                continue
            if roles is None:
                if await documents.delete_entry(watched.id, user_id):
                    self._changed(watched.id)
            elif watched.role_id is not None:
                row = await documents.entry(watched.id, user_id)
                has_role = watched.role_id in roles
                if row is not None and (entry := decode_entry(row)).has_role != has_role:
                    kept = msgspec.structs.replace(entry, has_role=has_role)
                    await documents.put_entry(watched.id, user_id, encode(kept), row.at)

    async def _of(self, guild_id: int) -> tuple[_Watched, ...]:
        known = self._watched.get(guild_id)
        if known is None:
            news = self._news
            known = tuple(
                _Watched(one.id, one.body.requirements.role_id, one.body.ends_at + _REROLL_DAYS * 86_400)
                for one in await self._book.all(guild_id)
                if one.state != "cancelled"
            )
            if news == self._news:
                self._watched[guild_id] = known
            if len(self._watched) > _GUILDS_KEPT:
                self._watched.popitem(last=False)
        return known
