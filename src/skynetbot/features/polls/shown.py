"""Results and ballots in text: bars, winners, the table of every round, and who voted what."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from skynetbot.ballots.numbers import plain
from skynetbot.ballots.result import Result
from skynetbot.ballots.tables import aligned, ranking_table, round_table, tie_lines
from skynetbot.features.polls.model import Method, Paper, Poll

__all__ = ["bars", "choices_in_words", "number_of_ballots", "rounds_text", "ties_text", "voters", "winners_text"]

_BAR: Final = 10
_UNITS: Final[dict[Method, str]] = {
    "plurality": "votes",
    "approval": "marks",
    "borda": "points",
    "irv": "first choices",
    "stv": "first choices",
    "schulze": "comparisons won",
}


def bars(poll: Poll, papers: Sequence[Paper], result: Result) -> str:
    """A bar for each option, in the order of the list."""
    method = poll.body.method
    values = _values(result)
    shares = method not in ("borda", "schulze")
    whole = Fraction(sum(paper.weight for paper in papers)) if shares else max(values.values())
    lines: list[str] = []
    for name in result.candidates:
        value = values[name]
        share = value / whole if whole else Fraction(0)
        full = round(share * _BAR)
        text = f"{name}\n`{'█' * full}{'░' * (_BAR - full)}` {plain(value)}"
        lines.append(f"{text} ({round(share * 100)} %)" if shares else text)
    return "\n".join((*lines, f"-# {_UNITS[method]}"))


def winners_text(result: Result) -> str:
    if not result.winners:
        return "Nobody voted, so nothing was chosen."
    word = "Winner" if len(result.winners) == 1 else "Winners"
    return f"🏆 {word}: **{', '.join(result.winners)}**"


def ties_text(result: Result, most: int) -> str:
    """The broken ties in sentences; past ``most`` characters the rounds tell."""
    lines: list[str] = []
    for line in tie_lines(result):
        if sum(map(len, lines)) + len(line) > most:
            lines.append("… see Rounds for the other ties.")
            break
        lines.append(line)
    return "\n".join(lines)


def rounds_text(result: Result) -> str:
    """Every round as a table, the order, and the ties."""
    parts = [f"Method: {result.method}"]
    parts += [f"Round {this.number}\n{aligned(round_table(result, this.number))}" for this in result.rounds]
    for title, matrix in result.matrices.items():
        numbers = [str(place) for place in range(1, len(matrix) + 1)]
        rows = [("", "Option", *(f"> {number}" for number in numbers))]
        for number, name, row in zip(numbers, result.candidates, matrix, strict=True):
            rows.append((number, name, *map(str, row)))
        parts.append(f"{title.capitalize()}: votes for the row against the column\n{aligned(rows)}")
    parts.append(f"Order\n{aligned(ranking_table(result))}")
    parts += [f"Ties go by: {step}" for step in result.tie_breaks]
    parts += tie_lines(result)
    return "\n\n".join(parts)


def choices_in_words(poll: Poll, choices: Sequence[int]) -> str:
    """A ballot for its voter."""
    names = [poll.body.options[place] for place in choices]
    if poll.body.kind == "ranked":
        return "\n".join(f"{place}. {name}" for place, name in enumerate(names, 1))
    return ", ".join(names)


def voters(poll: Poll, papers: Sequence[Paper]) -> list[str]:
    """A line for each voter with what they voted; without it while the results are hidden."""
    between = " > " if poll.body.kind == "ranked" else ", "
    lines: list[str] = []
    for paper in papers:
        line = f"<@{paper.user_id}>"
        if poll.state == "closed" or not poll.body.hidden:
            line += f": {between.join(poll.body.options[place] for place in paper.choices)}"
        lines.append(f"{line} (counts {paper.weight} times)" if paper.weight != 1 else line)
    return lines


def number_of_ballots(number: int) -> str:
    return "1 ballot" if number == 1 else f"{number:,} ballots"


def _values(result: Result) -> dict[str, Fraction]:
    if result.rounds:
        return dict(result.rounds[0].tally)
    pairs = result.matrices["pairwise"]
    size = range(len(result.candidates))
    return {name: Fraction(sum(pairs[a][b] > pairs[b][a] for b in size)) for a, name in enumerate(result.candidates)}
