"""A restart that misses nothing: sessions are resumed where their last handled event was, and the guilds are known.

The sequence number of each shard is journalled in the same record as the operations of the events that it covers. So
after a kill -9 Discord sends again exactly what was not handled: no message is counted twice, none is left out. The
guild state is kept in a file, written at the end and every minute; after a kill it may be that old, which only
concerns what changed in a server's structure in that minute.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from skynetbot.discord.shard import Shard, ShardSession
from skynetbot.discord.state.errors import DumpRejected
from skynetbot.discord.state.state import GuildState
from skynetbot.observability.logs import get_logger
from skynetbot.storage.rows import Key
from skynetbot.storage.statements import Row, SelectRows, Work
from skynetbot.storage.tables import SHARD_SESSIONS
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.operations import Operation, Set

__all__ = ["Continuity"]

_log = get_logger(__name__)
_FIELDS: Final = ("session_id", "resume_url", "seq", "at")
_SAVE_EVERY_S: Final = 60.0
_MAX_AGE_S: Final = 600.0
"""Discord keeps a session for some minutes; older ones are not worth the attempt with an old state."""


class Continuity:
    """Remembers where the shards are, and what the guilds look like."""

    def __init__(
        self,
        path: Path,
        state: GuildState,
        writes: WriteBehind,
        shards: Callable[[], Mapping[int, Shard]],
        shard_count: Callable[[], int],
        now: Callable[[], float] = time.time,
    ) -> None:
        """``path`` is the file of the guild state."""
        self._path = path
        self._state = state
        self._writes = writes
        self._shards = shards
        self._shard_count = shard_count
        self._now = now
        self._noted: dict[int, ShardSession] = {}

    async def sessions(self, shard_count: int) -> Mapping[int, ShardSession]:
        """The sessions that can be resumed, with the guild state that belongs to them loaded; none without it."""
        if not self._load_state():
            return {}
        keys: list[Key] = [(shard_id, shard_count) for shard_id in range(shard_count)]

        def work() -> Work[list[Row]]:
            return (yield SelectRows(SHARD_SESSIONS, _FIELDS, keys))

        rows, overlay = await self._writes.view("shard_sessions", "sessions", work)
        stored = {row[:2]: row[2:] for row in rows}
        found: dict[int, ShardSession] = {}
        for key in keys:
            values: dict[str, Any] = dict(zip(_FIELDS, stored.get(key, (None,) * len(_FIELDS)), strict=True))
            values = overlay.apply("shard_sessions", key, values)
            fresh = values["at"] is not None and self._now() - values["at"] <= _MAX_AGE_S
            if fresh and values["session_id"] and values["seq"] is not None:
                shard_id = int(key[0])
                found[shard_id] = ShardSession(values["session_id"], values["seq"], values["resume_url"])
        if found:
            _log.info("resuming the sessions of the process before", shards=len(found))
        return found

    def companion(self) -> tuple[Operation, ...]:
        """Where the shards stand now, as far as that is not written yet; see `WriteBehind.accompany`."""
        operations: list[Operation] = []
        for shard_id, shard in self._shards().items():
            session = shard.session
            noted = self._noted.get(shard_id)
            if session is None or session == noted:
                continue
            key = (shard_id, self._shard_count())
            if noted is None or noted.session_id != session.session_id:
                operations.append(Set("shard_sessions", key, "session_id", session.session_id))
                operations.append(Set("shard_sessions", key, "resume_url", session.resume_url))
            operations.append(Set("shard_sessions", key, "seq", session.seq))
            operations.append(Set("shard_sessions", key, "at", self._now()))
            self._noted[shard_id] = session
        return tuple(operations)

    async def save(self, sessions: Mapping[int, ShardSession] | None = None) -> None:
        """Write down everything, as at the end; ``sessions`` are those of shards that are closed already."""
        for shard_id, session in (sessions or {}).items():
            key = (shard_id, self._shard_count())
            await self._writes.soon(
                Set("shard_sessions", key, "session_id", session.session_id),
                Set("shard_sessions", key, "resume_url", session.resume_url),
                Set("shard_sessions", key, "seq", session.seq),
                Set("shard_sessions", key, "at", self._now()),
            )
        self.save_state()

    async def run(self) -> None:
        """Write the guild state down now and then; ends only by cancellation."""
        while True:
            await asyncio.sleep(_SAVE_EVERY_S)
            try:
                self.save_state()
            except OSError as error:
                _log.error("the guild state cannot be written", error=str(error))

    def save_state(self) -> None:
        """Replace the file of the guild state."""
        beside = self._path.with_suffix(".new")
        beside.write_bytes(self._state.dump())
        beside.replace(self._path)

    def _load_state(self) -> bool:
        try:
            if self._now() - self._path.stat().st_mtime > _MAX_AGE_S:
                return False
            self._state.load(self._path.read_bytes())
        except FileNotFoundError:
            return False
        except (OSError, DumpRejected) as error:
            _log.warning("the guild state was not taken up; connecting anew", error=str(error))
            return False
        return True
