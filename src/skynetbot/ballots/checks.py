"""Says of each ballot what is wrong with it, before anything is counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from skynetbot.ballots.ballot import Marked, Ranked, Scored
from skynetbot.ballots.errors import BallotError, RuleError

__all__ = ["RankingRules", "check_candidates", "check_marks", "check_ranking", "check_scores"]


class RankingRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders are accepted; each of these is a mistake unless it is allowed here."""

    equals: bool = False
    """Several candidates at one place; where candidates must be ordered strictly, that is an over-vote."""
    gaps: bool = False
    """An empty place before a filled one."""
    repeats: bool = False
    """A candidate at two places."""
    truncated: bool = True
    """An order that leaves candidates out."""
    blank: bool = True
    """No candidate at all."""
    longest: int | None = None
    """Places; no limit where null."""


def check_candidates(candidates: Sequence[str]) -> None:
    """Candidates have names, and different ones.

    Raises:
        RuleError: naming what is wrong.
    """
    if not candidates:
        raise RuleError("There are no candidates.")
    if not all(candidates):
        raise RuleError("A candidate has no name.")
    twice = [name for name, number in Counter(candidates).items() if number > 1]
    if twice:
        raise RuleError(f"Candidates are listed twice: {', '.join(twice)}.")


def check_ranking(ballots: Iterable[Ranked], candidates: Sequence[str], rules: RankingRules) -> None:
    """Every order is one that the rules accept.

    Raises:
        BallotError: with every mistake of every ballot.
    """
    known = frozenset(candidates)
    problems: list[str] = []
    for number, ballot in enumerate(ballots, 1):
        problems += [f"Ballot {number} {text}" for text in _counted(ballot.papers, ballot.weight)]
        if not _plainly_right(ballot, known, rules):
            problems += [f"Ballot {number} {text}" for text in _ranking_mistakes(ballot, known, rules)]
    if problems:
        raise BallotError(problems)


def _plainly_right(ballot: Ranked, known: frozenset[str], rules: RankingRules) -> bool:
    """Whether it needs no closer look; a quick way through for the orders that nearly all voters hand in."""
    named = list(chain.from_iterable(ballot.ranks))
    return (
        bool(named)
        and len(named) == len(ballot.ranks) == len(set(named))
        and known.issuperset(named)
        and all(ballot.ranks)
        and (rules.longest is None or len(named) <= rules.longest)
        and (rules.truncated or len(named) == len(known))
    )


def _ranking_mistakes(ballot: Ranked, known: frozenset[str], rules: RankingRules) -> Iterable[str]:
    places: dict[str, list[int]] = {}
    for place, names in enumerate(ballot.ranks, 1):
        for name in names:
            places.setdefault(name, []).append(place)
        if len(names) > 1 and not rules.equals:
            yield f"has an over-vote: {', '.join(names)} are all at place {place}."
    for name, found in places.items():
        if name not in known:
            yield f"ranks “{name}”, who is not a candidate."
        if len(found) > 1 and not rules.repeats:
            yield f"ranks {name} {len(found)} times, at places {', '.join(map(str, found))}."
    if not places:
        if not rules.blank:
            yield "is blank."
        return
    filled = max(place for found in places.values() for place in found)
    empty = [str(place) for place in range(1, filled) if not ballot.ranks[place - 1]]
    if empty and not rules.gaps:
        yield f"skips place {', '.join(empty)}."
    if rules.longest is not None and filled > rules.longest:
        yield f"has {filled} places; at most {rules.longest} are allowed."
    missing = known - places.keys()
    if missing and not rules.truncated:
        yield f"leaves out {', '.join(sorted(missing))}."


def check_marks(ballots: Iterable[Marked], candidates: Sequence[str], most: int | None) -> None:
    """Crosses are for candidates, one each, and not more than ``most``; an empty ballot is an abstention.

    Raises:
        BallotError: with every mistake of every ballot.
    """
    known = frozenset(candidates)
    problems: list[str] = []
    for number, ballot in enumerate(ballots, 1):
        problems += [f"Ballot {number} {text}" for text in _counted(ballot.papers, ballot.weight)]
        names = set(ballot.names)
        if len(names) == len(ballot.names) and names <= known and (most is None or len(names) <= most):
            continue
        for name, times in Counter(ballot.names).items():
            if name not in known:
                problems.append(f"Ballot {number} marks “{name}”, who is not a candidate.")
            if times > 1:
                problems.append(f"Ballot {number} marks {name} {times} times.")
        if most is not None and len(ballot.names) > most:
            problems.append(
                f"Ballot {number} has an over-vote: {', '.join(ballot.names)} are marked; at most {most} may be."
            )
    if problems:
        raise BallotError(problems)


def check_scores(ballots: Iterable[Scored], candidates: Sequence[str], lowest: int, highest: int) -> None:
    """Points are for candidates and within the stated range.

    Raises:
        BallotError: with every mistake of every ballot.
    """
    known = frozenset(candidates)
    problems: list[str] = []
    for number, ballot in enumerate(ballots, 1):
        problems += [f"Ballot {number} {text}" for text in _counted(ballot.papers, ballot.weight)]
        for name, points in ballot.points.items():
            if name not in known:
                problems.append(f"Ballot {number} scores “{name}”, who is not a candidate.")
            if not lowest <= points <= highest:
                problems.append(f"Ballot {number} gives {name} {points} points; {lowest} to {highest} are allowed.")
    if problems:
        raise BallotError(problems)


def _counted(papers: int, weight: int) -> Sequence[str]:
    if papers < 0 or weight < 0:
        return [f"counts {papers} times with weight {weight}; neither may be negative."]
    return ()
