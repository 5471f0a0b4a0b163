"""Methods that add up one total for each candidate: the highest totals win."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.result import Inactive, Result, Round
from skynetbot.ballots.ties import TieBreaker, TieStep

__all__ = ["by_totals", "split_top"]


def by_totals(
    method: str,
    totals: Mapping[str, Fraction],
    seats: int,
    ties: Sequence[TieStep],
    *,
    votes: int,
    blank: int = 0,
) -> Result:
    """The candidates in the order of their totals; ``totals`` has them in the order in which they are listed.

    A tie for the last seat is broken by the stated steps; without any, all of the tied are winners and the result says
    so. Equal totals that decide no seat stay equal in the ranking. Without any ``votes`` nobody wins.
    """
    candidates = tuple(totals)
    if not 1 <= seats <= len(candidates):
        raise RuleError(f"{seats} seats for {len(candidates)} candidates.")
    breaker = TieBreaker(ties, candidates)
    tiers = tuple(
        tuple(name for name in candidates if totals[name] == value)
        for value in sorted(set(totals.values()), reverse=True)
    )
    winners, ranking = split_top(tiers, seats, breaker) if votes else ((), tiers)
    inactive = {Inactive.BLANK: Fraction(blank)} if blank else {}
    only = Round(number=1, tally=dict(totals), quota=None, inactive=inactive, ties=tuple(breaker.broken))
    return Result(
        method=method,
        candidates=candidates,
        winners=winners,
        ranking=ranking,
        rounds=(only,),
        ties=tuple(breaker.broken),
        tie_breaks=breaker.stated,
    )


def split_top(
    tiers: Sequence[tuple[str, ...]], seats: int, breaker: TieBreaker
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The winners of an order with equals, and the order after the tie for the last seat was broken."""
    winners: list[str] = []
    ranking: list[tuple[str, ...]] = []
    for tier in tiers:
        room = seats - len(winners)
        if room <= 0 or len(tier) <= room:
            ranking.append(tier)
            winners += tier if room > 0 else ()
        elif not breaker.stated:
            breaker.leave(tier, "to be elected")
            ranking.append(tier)
            winners += tier
        else:
            rest = list(tier)
            for _ in range(room):
                chosen = breaker.pick(rest, "to be elected")
                rest.remove(chosen)
                winners.append(chosen)
                ranking.append((chosen,))
            ranking.append(tuple(rest))
    return tuple(winners), tuple(ranking)
