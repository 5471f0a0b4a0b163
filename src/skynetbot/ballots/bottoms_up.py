"""Bottoms up: the last candidate leaves until those left are few enough, or all strong enough; no surplus moves."""

from collections.abc import Collection, Sequence
from fractions import Fraction

import msgspec

from skynetbot.ballots.ballot import Ranked
from skynetbot.ballots.count import Count
from skynetbot.ballots.errors import RuleError
from skynetbot.ballots.exclusion import leave_next
from skynetbot.ballots.reading import Reading
from skynetbot.ballots.result import Result
from skynetbot.ballots.switches import switches
from skynetbot.ballots.ties import STATED, TieStep

__all__ = ["BottomsUpRules", "bottoms_up"]


class BottomsUpRules(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of ``seats`` and ``percent`` says when to stop."""

    reading: Reading = Reading()
    seats: int | None = None
    percent: Fraction | None = None
    """Of the active votes; all who are left have to have it."""
    fixed_threshold: bool = False
    """The percentage is of the first round's active votes instead of the current round's."""
    cutoff: bool = False
    """Exclude all below the threshold together instead of one after the other."""
    minimum: int = 0
    write_in: str | None = None


def bottoms_up(
    ballots: Collection[Ranked],
    candidates: Sequence[str],
    rules: BottomsUpRules,
    ties: Sequence[TieStep] = STATED,
    withdrawn: Collection[str] = (),
) -> Result:
    """RCTab's "bottoms-up" modes: presidential primaries elect all with 15 % this way.

    With ``seats`` the table shows the Droop quota, floor(first active votes / (seats + 1)) + 1, which decides nothing.

    Raises:
        BallotError: a ballot names someone unknown.
        TieUnbroken: the tie-breaks do not separate the tied.
    """
    if (rules.seats is None) == (rules.percent is None):
        raise RuleError("State either the number of seats or the percentage.")
    method = switches("bottoms up", rules)
    count = Count(method, ballots, candidates, ties, reading=rules.reading, withdrawn=withdrawn)
    if rules.seats is not None and not 1 <= rules.seats <= len(count.candidates):
        raise RuleError(f"{rules.seats} seats for {len(count.candidates)} candidates.")
    threshold = Fraction(0)
    while True:
        count.open_round()
        if not count.active:
            count.close_round()
            return count.result()
        if not count.rounds or (rules.percent is not None and not rules.fixed_threshold):
            threshold = max(_threshold(count.active, rules), Fraction(rules.minimum))
            count.set_quota(threshold)
        if _enough(count, threshold, rules):
            for name in sorted(count.continuing, key=lambda name: -count.tally[name]):
                count.elect(name, "left at the end")
            count.close_round()
            return count.result()
        count.exclude(*_leaving(count, threshold, rules))
        count.close_round()


def _threshold(active: int, rules: BottomsUpRules) -> Fraction:
    if rules.percent is not None:
        return active * rules.percent / 100
    return Fraction(active // ((rules.seats or 1) + 1) + 1)


def _enough(count: Count, threshold: Fraction, rules: BottomsUpRules) -> bool:
    if rules.write_in in count.continuing and count.tally[rules.write_in]:
        return False
    if rules.seats is not None:
        return len(count.continuing) <= rules.seats
    return all(count.tally[name] >= threshold for name in count.continuing) or len(count.continuing) == 1


def _leaving(count: Count, threshold: Fraction, rules: BottomsUpRules) -> tuple[Sequence[str], str]:
    leaving, why = leave_next(count, write_in=rules.write_in, minimum=rules.minimum)
    if rules.cutoff and why == "fewest votes":
        below = [name for name in count.continuing if count.tally[name] < threshold]
        if len(below) < len(count.continuing):
            return below, "below the threshold"
    return leaving, why
