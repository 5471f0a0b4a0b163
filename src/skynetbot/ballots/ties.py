"""Tie-breaks: a stated list of steps, each of which narrows the tied candidates until one is left."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal, TypeAlias

import msgspec

from skynetbot.ballots.draw import Draw, DrawKind, open_draw, shuffled
from skynetbot.ballots.errors import RuleError, TieUnbroken
from skynetbot.ballots.numbers import plain
from skynetbot.ballots.result import Purpose, TieBroken

__all__ = ["STATED", "DrawnOrder", "EarlierRounds", "ListedOrder", "Lot", "TieBreaker", "TieStep"]


class EarlierRounds(msgspec.Struct, frozen=True):
    """Whoever had more votes before is better.

    Backwards asks the latest earlier round first (Scottish Local Government Elections Order 2007, rules 49(2) and
    51(2)), forwards the first round first (as the rules of the Electoral Reform Society, ERS97, do). Each round keeps
    only the best (or worst) of those still tied.
    """

    direction: Literal["backwards", "forwards"] = "backwards"


class ListedOrder(msgspec.Struct, frozen=True):
    """Whoever stands earlier in the list is better; the list is the candidates' unless another is given."""

    order: tuple[str, ...] = ()


class Lot(msgspec.Struct, frozen=True):
    """The number drawn points into the tied, in the order of the list; whoever is drawn is taken, for good or ill.

    The list is the candidates' unless another is given. Seed, kind and list belong into the poll's announcement.
    """

    seed: str
    kind: DrawKind = "sha256"
    order: tuple[str, ...] = ()


class DrawnOrder(msgspec.Struct, frozen=True):
    """A list drawn once before the count, then used as in `ListedOrder`."""

    seed: str
    kind: DrawKind = "sha256"
    order: tuple[str, ...] = ()


TieStep: TypeAlias = EarlierRounds | ListedOrder | Lot | DrawnOrder

STATED: Final[tuple[TieStep, ...]] = (EarlierRounds(), ListedOrder())
"""The default: the latest round in which they differed, then the order in which the candidates are listed."""


class TieBreaker:
    """Breaks the ties of one count; lots are drawn one after the other from their seed."""

    def __init__(self, steps: Sequence[TieStep], candidates: Sequence[str]) -> None:
        self._steps: list[tuple[TieStep, tuple[str, ...], Draw | None]] = []
        for step in steps:
            if isinstance(step, EarlierRounds):
                self._steps.append((step, (), None))
                continue
            order = step.order or tuple(candidates)
            missing = [name for name in candidates if name not in order]
            if missing:
                raise RuleError(f"The tie-break's list lacks {', '.join(missing)}.")
            draw = None if isinstance(step, ListedOrder) else open_draw(step.kind, step.seed)
            if isinstance(step, DrawnOrder) and draw is not None:
                order = shuffled(order, draw)
            self._steps.append((step, order, draw))
        self.broken: list[TieBroken] = []

    @property
    def stated(self) -> tuple[str, ...]:
        """The steps in words."""
        return tuple(_in_words(step, order) for step, order, _ in self._steps)

    def pick(self, tied: Iterable[str], purpose: Purpose, earlier: Sequence[Mapping[str, Fraction]] = ()) -> str:
        """One of the tied; a single one is taken without further ado.

        Raises:
            TieUnbroken: the steps do not separate them.
        """
        left = tuple(tied)
        if len(left) == 1:
            return left[0]
        everyone = left
        better = purpose != "to be excluded"
        number = len(earlier) + 1
        notes: list[str] = []
        for step, order, draw in self._steps:
            if isinstance(step, EarlierRounds) and not earlier:
                continue
            left, note = _narrow(step, order, draw, left, better, earlier)
            notes.append(note)
            if len(left) == 1:
                self.broken.append(TieBroken(number, purpose, everyone, left[0], "; ".join(notes)))
                return left[0]
        raise TieUnbroken(left, purpose, number)

    def leave(self, tied: Sequence[str], purpose: Purpose) -> None:
        """Put on record that a tie stands."""
        self.broken.append(TieBroken(0, purpose, tuple(tied), None, "no tie-break is stated"))


def _in_words(step: TieStep, order: tuple[str, ...]) -> str:
    if isinstance(step, EarlierRounds):
        return f"earlier rounds, {step.direction}"
    names = ", ".join(order)
    if isinstance(step, ListedOrder):
        return f"listed order: {names}"
    if isinstance(step, Lot):
        return f"{step.kind} lot of seed “{step.seed}” over the list: {names}"
    return f"order drawn by {step.kind} lot of seed “{step.seed}”: {names}"


def _narrow(
    step: TieStep,
    order: tuple[str, ...],
    draw: Draw | None,
    tied: tuple[str, ...],
    better: bool,
    earlier: Sequence[Mapping[str, Fraction]],
) -> tuple[tuple[str, ...], str]:
    if isinstance(step, EarlierRounds):
        return _by_rounds(step, tied, better, earlier)
    left = sorted(tied, key=order.index)
    if isinstance(step, Lot) and draw is not None:
        number = draw.pick(len(left))
        return (left[number],), f"{step.kind} lot of seed “{step.seed}” drew number {number + 1} of {', '.join(left)}"
    chosen = left[0] if better else left[-1]
    listed = "listed" if isinstance(step, ListedOrder) else f"{step.kind} lot of seed “{step.seed}”: drawn"
    return (chosen,), f"{listed} {'before' if better else 'after'} the others"


def _by_rounds(
    step: EarlierRounds, tied: tuple[str, ...], better: bool, earlier: Sequence[Mapping[str, Fraction]]
) -> tuple[tuple[str, ...], str]:
    numbered = list(enumerate(earlier, 1))
    if step.direction == "backwards":
        numbered.reverse()
    left = tied
    for number, tally in numbered:
        wanted = (max if better else min)(tally[name] for name in left)
        left = tuple(name for name in left if tally[name] == wanted)
        if len(left) == 1:
            return left, f"had the {'most' if better else 'fewest'} votes ({plain(wanted)}) in round {number}"
    return left, "equal in every earlier round" if len(left) == len(tied) else "still several after every earlier round"
