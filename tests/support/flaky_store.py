"""A store that fails when told to: before anything was done, or after the commit, when nobody heard of it."""

from typing import Literal, TypeVar

from skynetbot.storage.errors import OutcomeUnknown, StorageUnavailable
from skynetbot.storage.statements import WorkFactory
from skynetbot.storage.store import Store

__all__ = ["FlakyStore"]

T = TypeVar("T")


class FlakyStore:
    """Wraps an open store; ``fail_next`` concerns the next transaction that writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fail_next: Literal["before", "after"] | None = None
        self.away = False

    @property
    def name(self) -> str:
        return self._store.name

    async def open(self) -> int:
        return await self._store.open()

    async def run(self, collection: str, verb: str, work: WorkFactory[T]) -> T:
        fail, self.fail_next = self.fail_next, None
        if fail == "before" or self.away:
            raise StorageUnavailable("the database is away")
        result = await self._store.run(collection, verb, work)
        if fail == "after":
            raise OutcomeUnknown("the connection died while committing")
        return result

    async def read(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> T:
        return await self._store.read(collection, verb, work, scan=scan)

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        await self._store.close()

    def queries_by_verb(self) -> dict[tuple[str, str], int]:
        return self._store.queries_by_verb()

    def stats(self) -> dict[str, int]:
        return self._store.stats()
