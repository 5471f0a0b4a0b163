"""Single transferable vote with several seats, weighted inclusive Gregory, as the RCTab tabulator counts it."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

import msgspec

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.count import Count
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.exclusion import leave_next
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.result import Result
from skynetbot.ballots.switches import switches
from skynetbot.ballots.ties import STATED, TieStep

__all__ = ["TransferRules", "single_transferable"]


class TransferRules(msgspec.Struct, frozen=True, kw_only=True):
    """The switches of this count; with the defaults RCTab counts the park board of Minneapolis."""

    seats: int
    reading: Reading = Reading()
    quota: Literal["droop", "hare"] = "droop"
    """Droop = votes / (seats + 1), rounded down, plus the smallest step; Hare = votes / seats, rounded up."""
    fractional_quota: bool = False
    """The smallest step of the quota is that of the votes instead of one vote."""
    digits: int = 4
    """Decimal places of a vote's value."""
    one_a_round: bool = False
    """Elect only the highest of those with the quota in a round; the others stay and can receive votes."""
    batch: bool = False
    minimum: int = 0
    """Votes; everybody below leaves together."""
    last_round: int | None = None
    write_in: str | None = None
    """The name that stands for undeclared write-ins: never elected, and excluded first if it has votes."""


def single_transferable(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    rules: TransferRules,
    ties: Sequence[TieStep] = STATED,
    withdrawn: Collection[str] = (),
) -> Result:
    """The quota comes from the first round. In a round all with the quota are elected and their surpluses move at once;
    without any, candidates leave by `leave_next`. Who is elected receives no more.

    Surplus of s units from v: fraction f = s / v, then each paper of value w goes at w x f, both rounded down to the
    digits; what is lost by that is recorded. The surpluses after the last seat go to nobody, and a closing round shows
    it. A result without winners means that nobody voted.

    Raises:
        BallotError: a ballot names someone unknown.
        TieUnbroken: the tie-breaks do not separate the tied.
    """
    unit = 10**rules.digits
    count = Count(
        switches("single transferable vote, weighted inclusive Gregory", rules),
        ballots,
        candidates,
        ties,
        reading=rules.reading,
        withdrawn=withdrawn,
        unit=unit,
    )
    if not 1 <= rules.seats <= len(count.candidates):
        raise RuleError(f"{rules.seats} seats for {len(count.candidates)} candidates.")
    quota = 0
    while True:
        count.open_round()
        if not count.active:
            count.close_round()
            return count.result()
        if not count.rounds:
            quota = max(_quota(count.active, unit, rules), rules.minimum * unit)
            count.set_quota(quota)
        if len(count.elected) < rules.seats:
            _decide(count, quota, unit, rules)
            done = False
        else:
            done = True
        count.close_round()
        if done or len(count.rounds) == rules.last_round:
            return count.result()


def _quota(active: int, unit: int, rules: TransferRules) -> int:
    step = 1 if rules.fractional_quota else unit
    if rules.quota == "hare":
        return -(-active // (rules.seats * step)) * step
    return active // ((rules.seats + 1) * step) * step + step


def _decide(count: Count, quota: int, unit: int, rules: TransferRules) -> None:
    winners, why = _winners(count, quota, rules)
    if not winners:
        leaving, why = leave_next(count, write_in=rules.write_in, minimum=rules.minimum * unit, batch=rules.batch)
        # Somebody has to be left for every seat, however hopeless they are.
        if len(count.continuing) - len(leaving) < rules.seats - len(count.elected):
            leaving, why = [count.pick(count.with_fewest(), "to be excluded")], "fewest votes"
        count.exclude(leaving, why)
        return
    for name in winners:
        count.elect(name, why)
    full = len(count.elected) == rules.seats
    for name in winners:
        surplus = count.tally[name] - quota
        if surplus > 0:
            count.hand_on(name, "beyond the quota", quota, _worth(surplus, count.tally[name], unit), to_nobody=full)


def _worth(surplus: int, votes: int, unit: int) -> Callable[[int], int]:
    fraction = surplus * unit // votes
    return lambda value: value * fraction // unit


def _winners(count: Count, quota: int, rules: TransferRules) -> tuple[list[str], str]:
    if rules.write_in in count.continuing and count.tally[rules.write_in]:
        return [], ""
    room = rules.seats - len(count.elected)
    standing = [name for name in count.continuing if name != rules.write_in]
    if len(count.continuing) == room:
        found, why = standing, "as many candidates as seats are left"
    else:
        found, why = [name for name in standing if count.tally[name] >= quota], "has the quota"
    if rules.one_a_round and len(found) > 1:
        best = max(count.tally[name] for name in found)
        return [count.pick([name for name in found if count.tally[name] == best], "to be elected")], why
    return sorted(found, key=lambda name: -count.tally[name]), why
