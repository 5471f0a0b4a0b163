"""What a poll and a ballot are, as they are stored."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from skynetbot.storage.documents import DocumentRow, EntryRow

__all__ = [
    "FEATURE",
    "FROZEN",
    "Ballot",
    "Kind",
    "Method",
    "Paper",
    "Poll",
    "PollBody",
    "State",
    "decode_ballot",
    "decode_papers",
    "decode_poll",
    "encode",
    "paper_of",
]

FEATURE: Final = "polls"
FROZEN: Final = "polls.ballots"
"""Documents that hold the ballots as they were counted, so that a result can be counted again for ever."""

Kind = Literal["normal", "approval", "ranked"]
Method = Literal["plurality", "approval", "borda", "irv", "schulze", "stv"]
State = Literal["open", "closing", "closed", "cancelled"]
"""Closing: no vote is taken any more, and the count is not committed yet."""


class PollBody(msgspec.Struct, frozen=True, kw_only=True):
    question: str
    options: tuple[str, ...]
    kind: Kind
    method: Method
    channel_id: int
    seats: int = 1
    ends_at: float | None = None
    """Null: until somebody ends it."""
    anonymous: bool = False
    hidden: bool = False
    weights: Mapping[str, int] | None = None
    """Votes by role id, as they were when the poll began; null where everybody has one vote."""
    role_id: int | None = None
    """The only role that may vote."""
    ping_roles: tuple[int, ...] = ()
    message_id: int | None = None
    ended_at: float | None = None
    ended_by: int | None = None
    """Who ended or cancelled it by hand."""
    frozen_id: int = 0
    winners: tuple[str, ...] = ()
    trouble: str = ""
    """Why Discord did not take a post."""


class Poll(msgspec.Struct, frozen=True):
    row: DocumentRow
    body: PollBody

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def guild_id(self) -> int:
        return self.row.guild_id

    @property
    def creator_id(self) -> int:
        return self.row.user_id

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def link(self) -> str:
        if self.body.message_id is None:
            return ""
        return f"https://discord.com/channels/{self.guild_id}/{self.body.channel_id}/{self.body.message_id}"

    @property
    def seed(self) -> str:
        """Of the lots that break ties: known to all before anybody votes, so nobody can choose it by the result.

        The end that was planned, not the one that came: whoever ends a poll by hand could wait for a second they like.
        """
        planned = self.row.at if self.body.ends_at is None else self.body.ends_at
        return f"poll-{self.id}-{int(planned)}"


class Ballot(msgspec.Struct, frozen=True):
    """One person's entry: places of the chosen options in the poll's list, best first where they are ranked."""

    choices: tuple[int, ...]
    weight: int = 1


class Paper(msgspec.Struct, frozen=True):
    """A ballot as it was counted; of an anonymous poll without whose it is."""

    choices: tuple[int, ...]
    weight: int = 1
    user_id: int = 0


def decode_poll(row: DocumentRow) -> Poll:
    return Poll(row, msgspec.json.decode(row.body, type=PollBody))


def decode_ballot(row: EntryRow) -> Ballot:
    return msgspec.json.decode(row.body, type=Ballot)


def paper_of(row: EntryRow, *, anonymous: bool) -> Paper:
    ballot = decode_ballot(row)
    return Paper(ballot.choices, ballot.weight, 0 if anonymous else row.user_id)


def decode_papers(row: DocumentRow) -> tuple[Paper, ...]:
    return msgspec.json.decode(row.body, type=tuple[Paper, ...])


def encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()
