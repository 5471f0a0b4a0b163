"""Who leaves a count next when nobody is elected: write-ins, stragglers, a hopeless batch, or the last one."""

from collections.abc import Sequence

from skynetbot.ballots.count import Count
from skynetbot.ballots.errors import RuleError

__all__ = ["hopeless", "leave_next"]


def leave_next(
    count: Count, *, write_in: str | None = None, minimum: int = 0, batch: bool = False, spare: int = 0
) -> tuple[Sequence[str], str]:
    """The candidates to exclude in this round, and why; the order of the reasons is that of the RCTab tabulator.

    ``write_in`` stands for names that are no candidates: it goes first if it has votes at all. Then all below
    ``minimum`` units go together; then, with ``batch``, all who are hopeless together, if they are at least two and
    ``spare`` candidates stay; otherwise the last, a tie being broken.

    Raises:
        RuleError: everybody is below the minimum.
        TieUnbroken: the tie-breaks do not say who is last.
    """
    if write_in in count.continuing and count.tally[write_in]:
        return [write_in], "stands for undeclared write-ins"
    below = [name for name in count.continuing if count.tally[name] < minimum]
    if below:
        if all(name in below or name == write_in for name in count.continuing):
            raise RuleError("Every candidate is below the minimum of votes.")
        return below, "below the minimum of votes"
    if batch:
        together = hopeless({name: count.tally[name] for name in count.continuing}, spare)
        if len(together) > 1:
            return together, "cannot be reached by the votes of all below the next"
    return [count.pick(count.with_fewest(), "to be excluded")], "fewest votes"


def hopeless(tally: dict[str, int], spare: int = 0) -> list[str]:
    """The largest group from the bottom whose votes together are fewer than those of the next candidate above.

    However their votes pass among them, none can overtake that candidate, so all of them lose, in whatever order they
    go (RCTab's batch elimination). The group shrinks until ``spare`` candidates are left.
    """
    order = sorted(tally, key=lambda name: tally[name])
    running = 0
    group: list[str] = []
    for index, name in enumerate(order):
        if running < tally[name] and len(order) - index >= spare:
            group = order[:index]
        running += tally[name]
    return group
