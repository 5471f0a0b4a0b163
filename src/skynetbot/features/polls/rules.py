"""Pure rules of polls: reading options and weights, choosing the method, and the way to the room of ballots."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from skynetbot.ballots.approval import approval
from skynetbot.ballots.ballot import Marked, ranked
from skynetbot.ballots.borda import borda
from skynetbot.ballots.instant_runoff import instant_runoff
from skynetbot.ballots.plurality import plurality
from skynetbot.ballots.result import Result
from skynetbot.ballots.schulze import schulze
from skynetbot.ballots.scottish import scottish_vote
from skynetbot.ballots.ties import EarlierRounds, Lot
from skynetbot.features.polls.model import Kind, Method, Paper

__all__ = [
    "METHOD_SENTENCES",
    "MOST_OPTIONS",
    "MOST_WEIGHT",
    "OPTION_LENGTH",
    "counted",
    "draft_of",
    "draft_text",
    "kind_and_method",
    "options_of",
    "weights_of",
]

MOST_OPTIONS: Final = 25
OPTION_LENGTH: Final = 100
MOST_WEIGHT: Final = 1_000
_LETTERS: Final = "abcdefghijklmnopqrstuvwxy"
"""One for each option, so that an unfinished ranking fits into a button's id."""
_WEIGHT: Final = re.compile(r"(?:<@&)?([0-9]{15,20})>?[\s:=]+(?:weight[\s:=]+)?([0-9]{1,6})", re.ASCII)

METHOD_SENTENCES: Final[Mapping[Method, str]] = {
    "plurality": "Everybody has one choice; the most votes win.",
    "approval": "Everybody marks all options that they accept; the most marks win.",
    "borda": "Borda count: of n options a first place gives n points, a second n-1, and so on; the most points win.",
    "irv": "Instant runoff: the last option leaves and its ballots go to their next choice, until one has more than "
    "half.",
    "schulze": "Schulze (Condorcet): every option is compared with every other one; whoever wins the comparisons, "
    "also by way of others, wins.",
    "stv": "Single transferable vote (Scottish rules): whoever reaches the quota wins a seat; surpluses and the "
    "ballots of the last go on to their next choices.",
}


def options_of(text: str) -> tuple[str, ...]:
    """The options of a list with | or ; between them. Raises ValueError with a sentence."""
    # With a bar in it, semicolons are part of the options.
    parts = text.split("|" if "|" in text else ";")
    options = tuple(shown for part in parts if (shown := " ".join(part.split())))
    if len(options) < 2:
        raise ValueError("Give at least two options with | between them, such as: Pizza | Pasta | Soup")
    if len(options) > MOST_OPTIONS:
        raise ValueError(f"Give at most {MOST_OPTIONS} options; these are {len(options)}.")
    seen: set[str] = set()
    for option in options:
        if len(option) > OPTION_LENGTH:
            raise ValueError(f"“{option[:40]}…” has {len(option)} characters; an option has at most {OPTION_LENGTH}.")
        if option.casefold() in seen:
            raise ValueError(f"“{option}” is there twice. Give each option once.")
        seen.add(option.casefold())
    return options


def kind_and_method(kind: str | None, method: str | None, seats: int, options: int) -> tuple[Kind, Method]:
    """What was meant by what was said and what was left out. Raises ValueError with a sentence."""
    if not 1 <= seats <= min(10, options - 1):
        raise ValueError(f"With {options} options there can be 1 to {min(10, options - 1)} winners.")
    ranked_methods: dict[str, Method] = {"borda": "borda", "irv": "irv", "schulze": "schulze", "stv": "stv"}
    if kind == "approval":
        if method in ranked_methods or method == "plurality":
            raise ValueError("In an approval poll the most marks win. Leave out the method.")
        return "approval", "approval"
    if kind == "ranked" or (kind is None and method in ranked_methods):
        if method == "plurality":
            raise ValueError("Plurality needs no ranking. Choose kind `normal`, or another method.")
        chosen = ranked_methods.get(method or "", "irv" if seats == 1 else "stv")
        if chosen == "irv" and seats > 1:
            raise ValueError("Instant runoff has one winner. For several choose the method `stv`.")
        return "ranked", chosen
    if method in ranked_methods:
        raise ValueError(f"The method `{method}` needs rankings. Choose kind `ranked`.")
    return "normal", "plurality"


def weights_of(lines: Sequence[str]) -> dict[int, int]:
    """Votes by role id. Raises ValueError with a sentence."""
    weights: dict[int, int] = {}
    for line in lines:
        found = _WEIGHT.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"“{line[:40]}” is not a role's id and a weight, such as: 123456789012345678 3")
        role, weight = int(found[1]), int(found[2])
        if not 1 <= weight <= MOST_WEIGHT:
            raise ValueError(f"A weight is a number from 1 to {MOST_WEIGHT}; “{line[:40]}” has {weight}.")
        if role in weights:
            raise ValueError(f"The role {role} is there twice.")
        weights[role] = weight
    return weights


def draft_text(choices: Sequence[int]) -> str:
    return "".join(_LETTERS[choice] for choice in choices)


def draft_of(text: str, options: int) -> tuple[int, ...]:
    """The ranking that a button's id holds; what cannot be of this poll is left out."""
    known = _LETTERS[:options]
    return tuple(dict.fromkeys(known.index(letter) for letter in text if letter in known))


def counted(options: Sequence[str], method: Method, seats: int, papers: Sequence[Paper], seed: str) -> Result:
    """The result: ties go by earlier rounds where there are some, then by lots of the published seed."""
    ties = (EarlierRounds(), Lot(seed))
    if method in ("plurality", "approval"):
        marks = [Marked(tuple(options[place] for place in paper.choices), weight=paper.weight) for paper in papers]
        return (plurality if method == "plurality" else approval)(marks, options, ties, seats)
    orders = [ranked(*(options[place] for place in paper.choices), weight=paper.weight) for paper in papers]
    if method == "borda":
        return borda(orders, options, None, ties, seats)
    if method == "irv":
        return instant_runoff(orders, options, None, ties)
    if method == "schulze":
        return schulze(orders, options, ties=ties, seats=seats)
    return scottish_vote(orders, options, seats, ties)
