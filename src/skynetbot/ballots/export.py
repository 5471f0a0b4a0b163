"""A result as CSV, complete enough to check the count without the ballots."""

import csv
import io
from collections.abc import Iterator
from typing import Final, TypeAlias

from skynetbot.ballots.numbers import plain
from skynetbot.ballots.result import Result, Round

__all__ = ["COLUMNS", "to_csv"]

_Line: TypeAlias = tuple[int | str, str, str, str, str, str]

COLUMNS: Final = ("round", "record", "candidate", "other", "votes", "note")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(result: Result) -> str:
    """RFC 4180 with a header line; one fact a line, the kind of fact being in ``record``.

    A name or note that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection); votes
    are exact decimals or fractions.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, record, candidate, other, votes, note in _lines(result):
        writer.writerow((number, record, _harmless(candidate), _harmless(other), votes, _harmless(note)))
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(result: Result) -> Iterator[_Line]:
    yield "", "method", "", "", "", result.method
    for step in result.tie_breaks:
        yield "", "tie-break", "", "", "", step
    for name in result.winners:
        yield "", "winner", name, "", "", ""
    place = 1
    for tier in result.ranking:
        for name in tier:
            yield "", "place", name, "", str(place), ""
        place += len(tier)
    for this in result.rounds:
        yield from _round_lines(this)
    for tie in result.ties:
        yield tie.round or "", "tie", tie.chosen or "", ", ".join(tie.tied), "", f"{tie.purpose}: {tie.how}"
    for title, matrix in result.matrices.items():
        for name, row in zip(result.candidates, matrix, strict=True):
            for other, votes in zip(result.candidates, row, strict=True):
                if name != other:
                    yield "", title, name, other, str(votes), ""


def _round_lines(this: Round) -> Iterator[_Line]:
    for name, votes in this.tally.items():
        yield this.number, "tally", name, "", plain(votes), ""
    if this.quota is not None:
        yield this.number, "quota", "", "", plain(this.quota), ""
    for why, votes in this.inactive.items():
        yield this.number, "inactive", "", "", plain(votes), why.value
    if this.lost:
        yield this.number, "lost by rounding", "", "", plain(this.lost), ""
    for move in this.moves:
        yield this.number, move.what, move.candidate, "", "", move.why
        for name, votes in move.to.items():
            yield this.number, "transfer", move.candidate, name, plain(votes), ""
        if move.inactive:
            yield this.number, "transfer", move.candidate, "", plain(move.inactive), "to nobody"
        if move.lost:
            yield this.number, "transfer", move.candidate, "", plain(move.lost), "lost by rounding"
