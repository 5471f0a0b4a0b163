"""Lots that anybody can draw again: the same seed gives the same numbers, on any machine and in any year.

``sha256`` is for polls of our own. ``java`` is the generator of `java.util.Random`, which the official counts of RCTab
use; its first numbers hardly differ between small seeds, so it is there to repeat such counts, not to run new ones.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, Literal, Protocol, TypeAlias

from skynetbot.ballots.errors import RuleError

__all__ = ["Draw", "DrawKind", "open_draw", "shuffled"]

DrawKind: TypeAlias = Literal["sha256", "java"]

_MULTIPLIER: Final = 0x5DEECE66D
_INCREMENT: Final = 0xB
_STATE: Final = (1 << 48) - 1


class Draw(Protocol):
    """A sequence of lots."""

    def pick(self, size: int) -> int:
        """One of 0 .. size - 1, for a tie."""

    def below(self, size: int) -> int:
        """One of 0 .. size - 1, for a shuffle."""


def open_draw(kind: DrawKind, seed: str) -> Draw:
    """The sequence of this seed, from its beginning.

    Raises:
        RuleError: the seed is not a whole number and the kind needs one.
    """
    if kind == "sha256":
        return _Sha256Draw(seed)
    try:
        return _JavaDraw(int(seed))
    except ValueError:
        raise RuleError(f"A java lot needs a whole number as its seed, not “{seed}”.") from None


def shuffled(names: Sequence[str], draw: Draw) -> tuple[str, ...]:
    """The names in a drawn order, by Durstenfeld's shuffle from the end (CACM 7, 1964, algorithm 235)."""
    order = list(names)
    for size in range(len(order), 1, -1):
        other = draw.below(size)
        order[size - 1], order[other] = order[other], order[size - 1]
    return tuple(order)


class _Sha256Draw:
    """Lot n of size k is SHA-256("seed:n") as a big-endian number, modulo k; n counts from 1.

    After RFC 3797 (numbers from a hash of published inputs and a counter), with SHA-256 instead of MD5. The modulus
    favours low numbers by less than k / 2^256.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def pick(self, size: int) -> int:
        self._drawn += 1
        digest = hashlib.sha256(f"{self._seed}:{self._drawn}".encode()).digest()
        return int.from_bytes(digest, "big") % size

    def below(self, size: int) -> int:
        return self.pick(size)


class _JavaDraw:
    """The 48-bit linear congruential generator of the Java SE API, class `java.util.Random`."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _MULTIPLIER) & _STATE

    def _next(self, bits: int) -> int:
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _STATE
        return self._state >> (48 - bits)

    def pick(self, size: int) -> int:
        """``floor(nextDouble() * size)``, where nextDouble is a 53-bit whole number divided by 2^53."""
        return (((self._next(26) << 27) + self._next(27)) * size) >> 53

    def below(self, size: int) -> int:
        """``nextInt(size)``."""
        if size & (size - 1) == 0:
            return (size * self._next(31)) >> 31
        while True:
            bits = self._next(31)
            value = bits % size
            # Java refuses the last, incomplete run of numbers by an overflow of its 32-bit sum.
            if bits - value + size - 1 < 1 << 31:
                return value
