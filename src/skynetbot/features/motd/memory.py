"""What is kept for each server: the day that was served last, with which message, and what went wrong."""

from typing import Final

import msgspec

from skynetbot.jobs.kinds import RetryLater
from skynetbot.storage.documents import (
    DocumentRepository,
    DocumentRow,
    document_get,
    document_insert,
    document_update,
)
from skynetbot.storage.statements import Work

__all__ = ["FEATURE", "Kept", "Memory"]

FEATURE: Final = "motd"
_STATE: Final = "kept"


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    due: float | None = None
    """The time (not the late minute) of the message that was posted last."""
    text: str = ""
    message_id: int = 0
    problem: str = ""
    problem_at: float = 0


class Memory:
    def __init__(self, documents: DocumentRepository) -> None:
        self._documents = documents

    async def read(self, guild_id: int) -> tuple[DocumentRow | None, Kept]:
        """The row to write to, and what it says."""
        rows = await self._documents.list(FEATURE, guild_id=guild_id, state=_STATE)
        return (rows[-1], msgspec.json.decode(rows[-1].body, type=Kept)) if rows else (None, Kept())

    def write(self, row: DocumentRow | None, guild_id: int, kept: Kept, at: float) -> Work[None]:
        """Inside a transaction. Only a server's one job writes here, so nobody else has changed it."""
        body = msgspec.json.encode(kept).decode()
        if row is None:
            yield from document_insert(FEATURE, guild_id=guild_id, user_id=0, state=_STATE, body=body, at=at)
            return
        current = yield from document_get(FEATURE, row.id)
        if current is None or not (yield from document_update(current, body=body)):
            raise RetryLater("what is kept was changed at the same moment", 0.0)
