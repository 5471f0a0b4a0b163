"""How far each writer's journal is contained in the tables, and the operations that the tables refused."""

from collections.abc import Sequence

import msgspec

from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store

__all__ = ["DeadWrite", "DeadWriteRepository", "add_dead_write", "lock_position", "read_position", "save_position"]


class DeadWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that the tables refused. ``key`` and ``operation`` are JSON; ``at`` is seconds since 1970."""

    id: int = 0
    at: float
    writer: str
    position: int
    collection: str
    key: str
    operation: str
    reason: str


def lock_position(writer: str, at: float) -> Work[int]:
    """The writer's position, 0 for a new one, locked until the commit.

    The lock is what makes a repeated flush wait for a first one whose connection died while it was committing.
    """
    yield from fetch(
        "INSERT INTO write_positions (writer, position, at) VALUES (?1, 0, ?2) ON CONFLICT (writer) DO NOTHING",
        writer,
        at,
    )
    rows = yield from fetch("UPDATE write_positions SET at = ?2 WHERE writer = ?1 RETURNING position", writer, at)
    return int(rows[0][0])


def read_position(writer: str) -> Work[int]:
    """The writer's position in this snapshot."""
    rows = yield from fetch("SELECT position FROM write_positions WHERE writer = ?1", writer)
    return int(rows[0][0]) if rows else 0


def save_position(writer: str, position: int, at: float) -> Work[None]:
    yield from fetch("UPDATE write_positions SET position = ?2, at = ?3 WHERE writer = ?1", writer, position, at)


def add_dead_write(dead: DeadWrite) -> Work[None]:
    yield from fetch(
        "INSERT INTO dead_writes (at, writer, position, collection, key, operation, reason) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        dead.at,
        dead.writer,
        dead.position,
        dead.collection,
        dead.key,
        dead.operation,
        dead.reason,
    )


class DeadWriteRepository:
    """For people who look after what was refused."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def recent(self, limit: int = 100) -> Sequence[DeadWrite]:
        """The newest first."""

        def work() -> Work[list[DeadWrite]]:
            rows = yield from fetch(
                "SELECT id, at, writer, position, collection, key, operation, reason FROM dead_writes "
                "ORDER BY id DESC LIMIT ?1",
                limit,
            )
            return [DeadWrite(**dict(zip(DeadWrite.__struct_fields__, row, strict=True))) for row in rows]

        return await self._store.read("dead_writes", "recent", work)
