"""Instant runoff: the last candidate leaves and their papers move on until someone has more than half."""

from collections.abc import Collection, Sequence

import msgspec

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.count import Count
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.exclusion import leave_next
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.result import Result
from skynetbot.ballots.switches import switches
from skynetbot.ballots.ties import STATED, TieStep

__all__ = ["RunoffRules", "instant_runoff", "sequential_runoff"]


class RunoffRules(msgspec.Struct, frozen=True, kw_only=True):
    """The switches of an instant runoff, named after what they do; the defaults are the plain method."""

    reading: Reading = Reading()
    fixed_quota: bool = False
    """False: more than half of the votes that are active in the round. True: of those active in the first round; if
    nobody reaches it, the better of the last two is elected."""
    batch: bool = False
    """Exclude several at once where that cannot change the winner."""
    minimum: int = 0
    """Votes; everybody below leaves together."""
    down_to_two: bool = False
    """Go on after the winner is known until two candidates are left, for the record; the quota stays."""
    last_round: int | None = None
    """Stop after this round, with or without a winner."""
    write_in: str | None = None
    """The name that stands for undeclared write-ins: never elected, and excluded first if it has votes."""


def instant_runoff(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    rules: RunoffRules | None = None,
    ties: Sequence[TieStep] = STATED,
    withdrawn: Collection[str] = (),
) -> Result:
    """Quota = floor(active votes / 2) + 1. Whoever has it is elected; otherwise candidates leave by `leave_next`.

    Ware's method (1871) as the RCTab tabulator counts it. Of two last candidates with equal votes one is elected by the
    tie-breaks, so that the last table still shows both. ``withdrawn`` are names on ballots that take no part. A result
    without winners means that nobody voted for those in it.

    Raises:
        BallotError: a ballot names someone unknown.
        TieUnbroken: the tie-breaks do not separate the tied.
    """
    rules = rules or RunoffRules()
    method = switches("instant runoff", rules)
    count = Count(method, ballots, candidates, ties, reading=rules.reading, withdrawn=withdrawn)
    quota = 0
    while True:
        count.open_round()
        if not count.rounds or not (rules.fixed_quota or count.elected):
            quota = max(count.active // 2 + 1, rules.minimum)
            count.set_quota(quota)
        if not count.active:
            count.close_round()
            return count.result()
        winner, why = (None, "") if count.elected else _winner(count, rules, quota)
        if winner is not None:
            count.elect(winner, why, receives=True)
        elif len(count.continuing) > 2 or not count.elected:
            leaving, why = leave_next(
                count,
                write_in=rules.write_in,
                minimum=rules.minimum,
                batch=rules.batch,
                spare=2 if rules.down_to_two else 1,
            )
            count.exclude(leaving, why)
        more = not count.elected or (rules.down_to_two and _goes_on(count))
        count.close_round()
        if not more or len(count.rounds) == rules.last_round:
            return count.result()


def _goes_on(count: Count) -> bool:
    """Whether another round has something to show: more than two are left, or the table after the last exclusion."""
    return len(count.continuing) > 2 or len(count.continuing) < len(count.tally)


def _winner(count: Count, rules: RunoffRules, quota: int) -> tuple[str | None, str]:
    if rules.write_in in count.continuing and count.tally[rules.write_in]:
        return None, ""
    continuing = [name for name in count.continuing if name != rules.write_in]
    if len(continuing) == len(count.continuing) == 1:
        return continuing[0], "the only candidate left"
    reached = [name for name in continuing if count.tally[name] >= quota]
    if len(reached) == 1:
        return reached[0], "has the quota"
    last_two = len(count.continuing) == 2 and all(count.tally[name] >= rules.minimum for name in count.continuing)
    if last_two:
        best = [name for name in count.with_most() if name != rules.write_in]
        return count.pick(best, "to be elected"), "more votes than the other"
    return None, ""


def sequential_runoff(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    seats: int,
    rules: RunoffRules | None = None,
    ties: Sequence[TieStep] = STATED,
    withdrawn: Collection[str] = (),
) -> tuple[Result, ...]:
    """One instant runoff for each seat, without the winners before (RCTab's multi-pass IRV): not proportional."""
    if not 1 <= seats <= len([name for name in candidates if name not in withdrawn]):
        raise RuleError(f"{seats} seats for {len(candidates)} candidates.")
    passes: list[Result] = []
    out = list(withdrawn)
    for _ in range(seats):
        result = instant_runoff(ballots, candidates, rules, ties, out)
        passes.append(result)
        if not result.winners:
            break
        out += result.winners
    return tuple(passes)
