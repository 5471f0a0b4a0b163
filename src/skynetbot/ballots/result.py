"""What a count reports: winners, order, every round's table, and each tie with how it was broken."""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeAlias

import msgspec

__all__ = ["Inactive", "Matrix", "Move", "Purpose", "Result", "Round", "TieBroken"]

Matrix: TypeAlias = tuple[tuple[int, ...], ...]
"""Row against column, both in the order of the candidates."""

Purpose: TypeAlias = Literal["to be elected", "to be excluded", "whose surplus goes first", "to be ranked higher"]


class Inactive(StrEnum):
    """Why a vote counts for nobody."""

    BLANK = "blank"
    EXHAUSTED = "no choice left"
    OVERVOTED = "over-vote"
    SKIPPED = "skipped places"
    REPEATED = "repeated candidate"
    FINAL_SURPLUS = "surplus after the last seat"


class TieBroken(msgspec.Struct, frozen=True):
    """Equal candidates, and who was taken."""

    round: int
    """The round, from 1; 0 where the method has none."""
    purpose: Purpose
    tied: tuple[str, ...]
    chosen: str | None
    """Null where no tie-break was stated and all of them stand."""
    how: str


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a candidate at a round's end, and where their votes went."""

    candidate: str
    what: Literal["elected", "excluded", "surplus"]
    why: str
    to: Mapping[str, Fraction] = {}
    inactive: Fraction = Fraction(0)
    """Votes that went to nobody."""
    lost: Fraction = Fraction(0)
    """Votes that the rules' rounding dropped."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """The state that a decision was taken on, and the decision."""

    number: int
    tally: Mapping[str, Fraction]
    quota: Fraction | None
    inactive: Mapping[Inactive, Fraction]
    """So far; what is not here is zero."""
    lost: Fraction = Fraction(0)
    """Dropped by rounding so far."""
    moves: tuple[Move, ...] = ()
    ties: tuple[TieBroken, ...] = ()

    @property
    def total(self) -> Fraction:
        """All votes, whatever became of them: the same in every round."""
        return sum(self.tally.values(), Fraction(0)) + sum(self.inactive.values(), Fraction(0)) + self.lost


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A finished count."""

    method: str
    """The method with every switch that is not at its default, for whoever checks the count."""
    candidates: tuple[str, ...]
    winners: tuple[str, ...]
    """In the order of their election; more than the seats where a tie was left unbroken."""
    ranking: tuple[tuple[str, ...], ...]
    """Best first; several at a place are equal."""
    rounds: tuple[Round, ...]
    ties: tuple[TieBroken, ...] = ()
    tie_breaks: tuple[str, ...] = ()
    """The stated steps in words, with seed and list of a lot, so that the draw can be repeated."""
    matrices: Mapping[str, Matrix] = {}
    """Pairwise methods show their comparisons here."""
