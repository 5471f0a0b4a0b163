"""A second tier that several processes share. It may always answer "not here"; it is never the truth."""

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from skynetbot.cache.snapshots import Loaded

__all__ = ["SharedTier"]

K_contra = TypeVar("K_contra", contravariant=True)
V = TypeVar("V")


class SharedTier(Protocol[K_contra, V]):
    """Both verbs swallow nothing and raise nothing: trouble is counted, and means "not here"."""

    async def get(self, key: K_contra) -> "Loaded[V] | None":
        """The value if it is here and young enough."""

    async def put(self, key: K_contra, loaded: "Loaded[V]") -> None:
        """Keep the value for a while, unless a newer one is here."""
