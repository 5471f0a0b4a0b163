"""Things that people make with features, and what each person puts into them; the bodies are the features' own JSON.

The functions that begin with ``document_`` and ``entry_`` are for use inside transactions, beside the jobs that belong
to the change; `DocumentRepository` runs the simple ones by themselves.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = [
    "DocumentRepository",
    "DocumentRow",
    "EntryRow",
    "document_delete",
    "document_get",
    "document_insert",
    "document_update",
    "entries_of",
    "entry_delete",
    "entry_put",
]


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """``body`` is JSON; ``version`` grows with each update; ``at`` is when it was made, seconds since 1970."""

    id: int
    feature: str
    guild_id: int
    user_id: int
    state: str
    version: int
    body: str
    at: float


class EntryRow(msgspec.Struct, frozen=True):
    user_id: int
    body: str
    at: float


_COLUMNS: Final = ", ".join(DocumentRow.__struct_fields__)
_NEWEST: Final = (1 << 63) - 1


def document_insert(feature: str, *, guild_id: int, user_id: int, state: str, body: str, at: float) -> Work[int]:
    """Insert and return the id."""
    rows = yield from fetch(
        "INSERT INTO documents (feature, guild_id, user_id, state, version, body, at) "
        "VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6) RETURNING id",
        feature,
        guild_id,
        user_id,
        state,
        body,
        at,
    )
    return int(rows[0][0])


def document_get(feature: str, id_: int) -> Work[DocumentRow | None]:
    rows = yield from fetch(
        f"SELECT {_COLUMNS} FROM documents WHERE id = ?1 AND feature = ?2",  # noqa: S608 - a constant
        id_,
        feature,
    )
    return _document(rows[0]) if rows else None


def document_update(row: DocumentRow, *, body: str | None = None, state: str | None = None) -> Work[bool]:
    """Replace body and state (None: as they are) of a row that was read; False when it was changed meanwhile."""
    rows = yield from fetch(
        "UPDATE documents SET body = ?3, state = ?4, version = version + 1 WHERE id = ?1 AND version = ?2 RETURNING id",
        row.id,
        row.version,
        row.body if body is None else body,
        row.state if state is None else state,
    )
    return bool(rows)


def document_delete(id_: int) -> Work[bool]:
    """Delete a document with all its entries; False when there is none."""
    yield from fetch("DELETE FROM document_entries WHERE document_id = ?1", id_)
    rows = yield from fetch("DELETE FROM documents WHERE id = ?1 RETURNING id", id_)
    return bool(rows)


def entry_put(document_id: int, user_id: int, body: str, at: float) -> Work[bool]:
    """Insert or replace a person's entry; True when it is their first."""
    rows = yield from fetch(
        "SELECT 1 FROM document_entries WHERE document_id = ?1 AND user_id = ?2", document_id, user_id
    )
    yield from fetch(
        "INSERT INTO document_entries (document_id, user_id, body, at) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (document_id, user_id) DO UPDATE SET body = excluded.body, at = excluded.at",
        document_id,
        user_id,
        body,
        at,
    )
    return not rows


def entry_delete(document_id: int, user_id: int) -> Work[bool]:
    """Delete a person's entry; False when there is none."""
    rows = yield from fetch(
        "DELETE FROM document_entries WHERE document_id = ?1 AND user_id = ?2 RETURNING user_id", document_id, user_id
    )
    return bool(rows)


def entries_of(document_id: int) -> Work[list[EntryRow]]:
    """Every entry, in the order of the people's ids."""
    rows = yield from fetch(
        "SELECT user_id, body, at FROM document_entries WHERE document_id = ?1 ORDER BY user_id", document_id
    )
    return [EntryRow(int(user_id), str(body), float(at)) for user_id, body, at in rows]


class DocumentRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, feature: str, id_: int) -> DocumentRow | None:
        return await self._store.read("documents", "get", lambda: document_get(feature, id_))

    async def list(
        self,
        feature: str,
        *,
        guild_id: int | None = None,
        user_id: int | None = None,
        state: str | None = None,
        before: int | None = None,
        limit: int = 25,
    ) -> Sequence[DocumentRow]:
        """The newest first; ``before`` pages on from an id. At least one of server and person must be given."""
        if guild_id is None and user_id is None:
            raise ValueError("say of which server or person")

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM documents WHERE feature = ?1 AND id < ?2 "  # noqa: S608
                    "AND (CAST(?3 AS BIGINT) IS NULL OR guild_id = ?3) "
                    "AND (CAST(?4 AS BIGINT) IS NULL OR user_id = ?4) "
                    "AND (CAST(?5 AS TEXT) IS NULL OR state = ?5) ORDER BY id DESC LIMIT ?6",
                    feature,
                    _NEWEST if before is None else before,
                    guild_id,
                    user_id,
                    state,
                    limit,
                )
            )

        return [_document(row) for row in await self._store.read("documents", "list", work)]

    async def update(self, row: DocumentRow, *, body: str | None = None, state: str | None = None) -> bool:
        """See `document_update`."""
        return await self._store.run("documents", "update", lambda: document_update(row, body=body, state=state))

    async def entry(self, document_id: int, user_id: int) -> EntryRow | None:
        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    "SELECT user_id, body, at FROM document_entries WHERE document_id = ?1 AND user_id = ?2",
                    document_id,
                    user_id,
                )
            )

        rows = await self._store.read("documents", "entry", work)
        return EntryRow(int(rows[0][0]), str(rows[0][1]), float(rows[0][2])) if rows else None

    async def entries(self, document_id: int) -> Sequence[EntryRow]:
        """Every entry, in the order of the people's ids."""
        return await self._store.read("documents", "entries", lambda: entries_of(document_id), scan=True)

    async def count_entries(self, document_id: int) -> int:
        def work() -> Work[list[Row]]:
            return (yield from fetch("SELECT count(*) FROM document_entries WHERE document_id = ?1", document_id))

        return int((await self._store.read("documents", "count_entries", work))[0][0])

    async def put_entry(self, document_id: int, user_id: int, body: str, at: float) -> bool:
        """See `entry_put`."""
        return await self._store.run("documents", "put_entry", lambda: entry_put(document_id, user_id, body, at))

    async def delete_entry(self, document_id: int, user_id: int) -> bool:
        """See `entry_delete`."""
        return await self._store.run("documents", "delete_entry", lambda: entry_delete(document_id, user_id))


def _document(row: Row) -> DocumentRow:
    return DocumentRow(**dict(zip(DocumentRow.__struct_fields__, row, strict=True)))
