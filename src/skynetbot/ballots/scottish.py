"""Single transferable vote by the Scottish rules: one surplus a stage, five decimals, exclusions one at a time."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.count import Count
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.result import Result
from skynetbot.ballots.switches import switches
from skynetbot.ballots.ties import STATED, TieStep

__all__ = ["scottish_vote"]

_UNIT: Final = 10**5
"""Values have five decimal places, any remainder being ignored: rule 48(3)."""


def scottish_vote(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    seats: int,
    ties: Sequence[TieStep] = STATED,
    reading: Reading | None = None,
) -> Result:
    """The Scottish Local Government Elections Order 2007 (SSI 2007/42), schedule 1, rules 45 to 52.

    Quota = floor(valid papers / (seats + 1)) + 1 (46). Whoever has it at the end of a stage is elected (47). The
    largest surplus moves first: each paper, of all that the candidate has, goes at surplus x its value / votes of the
    candidate (48, 49); without a surplus the last candidate leaves, papers at their value (50). Equal surpluses and
    last places go by the latest stage at which they differed, then by lot (49, 51); the lot is the tie-break's next
    step. Once as many candidates as seats are left they are elected and nothing moves any more (52).

    A result without winners means that nobody voted.

    Raises:
        BallotError: a ballot names someone unknown.
        TieUnbroken: the tie-breaks do not separate the tied.
    """
    reading = reading or Reading()
    method = switches(f"single transferable vote, Scottish rules of 2007, {seats} seats", reading)
    count = Count(method, ballots, candidates, ties, reading=reading, unit=_UNIT)
    if not 1 <= seats <= len(count.candidates):
        raise RuleError(f"{seats} seats for {len(count.candidates)} candidates.")
    quota = 0
    while True:
        count.open_round()
        if not count.active:
            count.close_round()
            return count.result()
        if not count.rounds:
            quota = (count.active // _UNIT // (seats + 1) + 1) * _UNIT
            count.set_quota(quota)
        room = seats - len(count.elected)
        _elect_reached(count, quota, room)
        room = seats - len(count.elected)
        if len(count.continuing) <= room:
            for name in sorted(count.continuing, key=lambda name: -count.tally[name]):
                count.elect(name, "as many candidates as seats are left")
            room = 0
        if not room:
            count.close_round()
            return count.result()
        _next_stage(count, quota)
        count.close_round()


def _elect_reached(count: Count, quota: int, room: int) -> None:
    reached = sorted(
        (name for name in count.continuing if count.tally[name] >= quota), key=lambda name: -count.tally[name]
    )
    # More than there is room for cannot reach a Droop quota.
    for name in reached[:room]:
        count.elect(name, "has the quota")


def _next_stage(count: Count, quota: int) -> None:
    surpluses = {name: count.tally[name] - quota for name in count.elected if count.tally[name] > quota}
    if surpluses:
        largest = max(surpluses.values())
        name = count.pick([name for name in surpluses if surpluses[name] == largest], "whose surplus goes first")
        count.hand_on(name, "largest surplus", quota, _worth(largest, count.tally[name]))
    else:
        count.exclude([count.pick(count.with_fewest(), "to be excluded")], "fewest votes")


def _worth(surplus: int, votes: int) -> Callable[[int], int]:
    return lambda value: value * surplus // votes
