"""Pure rules of ranks: a rank is reached at a number of messages and never lost."""

from collections.abc import Sequence

import msgspec

__all__ = ["Rank", "next_rank", "parse_ranks", "rank_of"]


class Rank(msgspec.Struct, frozen=True):
    number: int
    """1 for the lowest."""
    messages: int
    """Messages that it takes."""
    name: str


def parse_ranks(lines: Sequence[str]) -> tuple[Rank, ...]:
    """The ranks of lines like ``100 Local``, lowest first.

    Raises:
        ValueError: a line has no number or no name, or two ranks take the same number of messages.
    """
    found: dict[int, str] = {}
    for line in lines:
        number, _, name = line.strip().partition(" ")
        if not (number.isascii() and number.isdigit()) or int(number) < 1 or len(number) > 9 or not name.strip():
            raise ValueError(f'"{line[:60]}" is no rank. Write a number of messages and a name, such as "100 Local".')
        if int(number) in found:
            raise ValueError(f"Two ranks take {number} messages; give each its own number.")
        found[int(number)] = name.strip()
    return tuple(Rank(i, messages, found[messages]) for i, messages in enumerate(sorted(found), 1))


def rank_of(messages: int, ranks: Sequence[Rank]) -> Rank | None:
    """The highest rank that so many messages reach; None below the first."""
    reached = [rank for rank in ranks if rank.messages <= messages]
    return reached[-1] if reached else None


def next_rank(messages: int, ranks: Sequence[Rank]) -> Rank | None:
    """The rank that comes next; None at the top."""
    return next((rank for rank in ranks if rank.messages > messages), None)
