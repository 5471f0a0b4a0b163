"""The draw as a pure function that anybody can repeat, and the check of one.

- ``seed``: 64 hexadecimal digits, chosen at the start and secret until the draw. Its commitment, SHA-256 of those
  digits, is published at the start, so that the seed cannot be exchanged.
- ``list``: the ids of who takes part, ascending, in decimal, one a line. Its SHA-256 is published with the draw.
- ``ticket`` of a person: SHA-256 of ``seed:list hash:round:id``. The lowest tickets win, the lowest first.
- ``round``: 0 for the draw at the end, 1 for the first reroll, and so on; former winners are not on the list again.

The list's hash is in every ticket: one entrant more or less deals all tickets anew, so nobody can choose a lucky id
without knowing the seed and the final list.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence

import msgspec

__all__ = ["Draw", "commitment", "draw", "list_hash", "list_text", "new_seed", "problems", "remaining", "ticket"]


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """One round as it is published."""

    round: int
    wanted: int
    """How many winners were asked for."""
    entrants: int
    """How many were on the list."""
    list_hash: str
    winners: tuple[int, ...]
    left_out: tuple[int, ...] = ()
    """Who stood on the first round's list and did not qualify any more in this round."""
    at: float = 0


def new_seed() -> str:
    return secrets.token_hex(32)


def commitment(seed: str) -> str:
    return _sha256(seed)


def list_text(entrants: Collection[int]) -> str:
    """What the list's hash is taken of."""
    return "\n".join(map(str, sorted(set(entrants))))


def list_hash(entrants: Collection[int]) -> str:
    return _sha256(list_text(entrants))


def ticket(seed: str, hash_: str, round_: int, entrant: int) -> str:
    return _sha256(f"{seed}:{hash_}:{round_}:{entrant}")


def draw(
    seed: str, entrants: Collection[int], round_: int, wanted: int, *, left_out: Sequence[int] = (), at: float = 0
) -> Draw:
    """The winners among the entrants, who are all of this round's list; fewer than wanted when there are fewer."""
    people = set(entrants)
    hash_ = list_hash(people)
    ranked = sorted(people, key=lambda entrant: (ticket(seed, hash_, round_, entrant), entrant))
    return Draw(
        round=round_,
        wanted=wanted,
        entrants=len(people),
        list_hash=hash_,
        winners=tuple(ranked[:wanted]),
        left_out=tuple(sorted(left_out)),
        at=at,
    )


def remaining(first_list: Collection[int], earlier: Sequence[Draw], left_out: Collection[int] = ()) -> set[int]:
    """The list of the next round: the first one without former winners and without those who are left out."""
    return set(first_list).difference(left_out, *(done.winners for done in earlier))


def problems(seed: str, promised: str, first_list: Collection[int], draws: Sequence[Draw]) -> list[str]:
    """Everything in which the draws are not what the rules give, in sentences; none when all is right."""
    found: list[str] = []
    if commitment(seed) != promised:
        found.append("The seed is not the one that was promised at the start.")
    if len(set(first_list)) != len(first_list):
        found.append("Somebody is on the list twice.")
    for number, done in enumerate(draws):
        name = "The draw" if number == 0 else f"Reroll {number}"
        if done.round != number:
            found.append(f"{name} has the number {done.round}; a round is missing.")
        people = remaining(first_list, draws[:number], done.left_out)
        again = draw(seed, people, number, done.wanted)
        if again.list_hash != done.list_hash or again.entrants != done.entrants:
            found.append(f"{name}: the list of entrants is not the one whose hash was published.")
        if again.winners != done.winners:
            found.append(f"{name}: the seed and the list give other winners.")
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
