"""What repositories need to know of batched writes: which rows wait, and how to read with them."""

from typing import Any, Protocol, TypeVar

from skynetbot.storage.rows import Key
from skynetbot.storage.statements import WorkFactory
from skynetbot.storage.store import Store

__all__ = ["Laid", "NothingWaiting", "PendingWrites"]

T = TypeVar("T")


class Laid(Protocol):
    """What a snapshot does not contain yet."""

    def apply(self, table: str, key: Key, values: dict[str, Any]) -> dict[str, Any]:
        """The fields with everything accepted; ``values`` are those stored, None where there is no row."""


class PendingWrites(Protocol):
    """Writes that are accepted and not in the tables yet."""

    def waiting(self, table: str, *prefix: int | str) -> set[Key]:
        """The keys beginning with ``prefix`` that have operations waiting."""

    async def view(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> tuple[T, Laid]:
        """Read a snapshot, with what to lay over it."""


class NothingWaiting:
    """For tools that look at a database without writing to it: what is stored is all there is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self, table: str, *prefix: int | str) -> set[Key]:  # noqa: ARG002 - the protocol's form
        return set()

    async def view(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> tuple[T, Laid]:
        return await self._store.read(collection, verb, work, scan=scan), _NothingLaid()


class _NothingLaid:
    def apply(self, table: str, key: Key, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return values
