"""Giveaways as they are stored: the document's body, each entry's, and the list that a draw was made of."""

from typing import Final, Literal, TypeAlias

import msgspec

from skynetbot.features.giveaways.requirements import Requirements
from skynetbot.features.giveaways.rules import Draw
from skynetbot.storage.documents import DocumentRow, EntryRow

__all__ = [
    "FEATURE",
    "LISTS",
    "Entry",
    "Giveaway",
    "GiveawayBody",
    "State",
    "decode_entry",
    "decode_giveaway",
    "decode_list",
    "encode",
]

FEATURE: Final = "giveaways"
LISTS: Final = "giveaways.list"
"""The feature of documents that hold the list of entrants of a draw, frozen with it."""

State: TypeAlias = Literal["open", "closing", "ended", "cancelled"]
"""``closing``: no entry is taken any more, and the draw comes next. Whoever was told that they are in joined before
it, so that the draw sees them."""


class GiveawayBody(msgspec.Struct, frozen=True, kw_only=True):
    prize: str
    winners: int
    channel_id: int
    ends_at: float
    requirements: Requirements
    seed: str
    """Secret until the draw."""
    commitment: str
    message_id: int = 0
    """0 until it is posted."""
    ping_roles: tuple[int, ...] = ()
    draws: tuple[Draw, ...] = ()
    not_qualified: int = 0
    """How many entrants did not meet the requirements any more at the draw."""
    list_id: int = 0
    """The document with the first round's list."""
    announced: int = 0
    """How many rounds were announced."""
    trouble: str = ""
    """What Discord refused last, for moderators."""


class Giveaway(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    guild_id: int
    host_id: int
    state: State
    row: DocumentRow
    body: GiveawayBody

    @property
    def link(self) -> str:
        if not self.body.message_id:
            return ""
        return f"https://discord.com/channels/{self.guild_id}/{self.body.channel_id}/{self.body.message_id}"

    def nonce(self, what: str, round_: int = 0) -> str:
        """By which Discord knows one message of ours again; with the time, because ids of deleted rows come again."""
        return f"{what}{self.id:x}-{int(self.row.at * 1000) & 0xFFFFFFFF:x}-{round_}"[-25:]

    @property
    def winners(self) -> tuple[int, ...]:
        """Of all rounds."""
        return tuple(winner for done in self.body.draws for winner in done.winners)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the person joined, kept up by what the gateway tells of them since."""

    has_role: bool = True
    messages: int = 0
    joined_at: float | None = None


def decode_giveaway(row: DocumentRow) -> Giveaway:
    state: State = msgspec.convert(row.state, State)
    body = msgspec.json.decode(row.body, type=GiveawayBody)
    return Giveaway(id=row.id, guild_id=row.guild_id, host_id=row.user_id, state=state, row=row, body=body)


def decode_entry(row: EntryRow) -> Entry:
    return msgspec.json.decode(row.body, type=Entry)


def decode_list(row: DocumentRow) -> list[int]:
    return msgspec.json.decode(row.body, type=list[int])


def encode(body: GiveawayBody | Entry | list[int]) -> str:
    return msgspec.json.encode(body).decode()
