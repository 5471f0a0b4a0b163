"""A result as plain rows of text: one table for each round, one for the order, one line for each tie."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from skynetbot.ballots.numbers import plain
from skynetbot.ballots.result import Inactive, Result, Round

__all__ = ["Row", "aligned", "ranking_table", "round_table", "tie_lines"]

Row: TypeAlias = tuple[str, ...]

_LOST: Final = "lost by rounding"
_DONE: Final = {"elected": "elected", "excluded": "excluded", "surplus": "surplus passed on"}


def round_table(result: Result, number: int) -> tuple[Row, ...]:
    """The table of one round, counted from 1: candidates by votes, then votes for nobody, then the quota.

    The columns are name, votes, change since the round before, and what was decided at the round's end.
    """
    this = result.rounds[number - 1]
    before = result.rounds[number - 2] if number > 1 else None
    listed = {name: place for place, name in enumerate(result.candidates)}
    rows: list[Row] = [("Candidate", "Votes", "Change", "Decision")]
    for name in sorted(this.tally, key=lambda name: (-this.tally[name], listed[name])):
        votes = this.tally[name]
        rows.append((name, plain(votes), _change(votes, before.tally[name] if before else None), _decision(this, name)))
    for why in Inactive:
        if why in this.inactive:
            votes = this.inactive[why]
            earlier = before.inactive.get(why, Fraction(0)) if before else None
            rows.append((why.value, plain(votes), _change(votes, earlier), ""))
    if this.lost:
        rows.append((_LOST, plain(this.lost), _change(this.lost, before.lost if before else None), ""))
    if this.quota is not None:
        rows.append(("quota", plain(this.quota), _change(this.quota, before.quota if before else None), ""))
    return tuple(rows)


def ranking_table(result: Result) -> tuple[Row, ...]:
    """Place, name, and whether they won; equals share a place and the next ones skip as many (1, 2, 2, 4)."""
    rows: list[Row] = [("Place", "Candidate", "Won")]
    place = 1
    for tier in result.ranking:
        rows += [(str(place), name, "yes" if name in result.winners else "") for name in tier]
        place += len(tier)
    return tuple(rows)


def tie_lines(result: Result) -> tuple[str, ...]:
    """A sentence for each tie: who was equal, who was taken, and how."""
    return tuple(
        (f"Round {tie.round}: " if tie.round else "")
        + f"{', '.join(tie.tied)} were tied ({tie.purpose}); "
        + (f"{tie.chosen} was taken: {tie.how}." if tie.chosen else f"not broken: {tie.how}.")
        for tie in result.ties
    )


def aligned(rows: Sequence[Row]) -> str:
    """The rows as lines of equally wide columns, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if cell[:1] in "+-0123456789" else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _change(now: Fraction, before: Fraction | None) -> str:
    if before is None or now == before:
        return ""
    return f"{'+' if now > before else ''}{plain(now - before)}"


def _decision(this: Round, name: str) -> str:
    return "; ".join(f"{_DONE[move.what]}: {move.why}" for move in this.moves if move.candidate == name)
