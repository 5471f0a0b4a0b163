"""An announcement as it is stored, and the states it goes through."""

from typing import Final, Literal, TypeAlias
from zlib import crc32

import msgspec

from skynetbot.jobs.schedules import Schedule, packed
from skynetbot.storage.documents import DocumentRow
from skynetbot.timephrases import Recurrence

__all__ = [
    "CANCELLED",
    "DRAFT",
    "EDIT_QUEUE",
    "EXPIRE_QUEUE",
    "FEATURE",
    "MAX_WAITING",
    "POSTED",
    "POST_QUEUE",
    "REFUSED",
    "TELL_QUEUE",
    "WAITING",
    "Announcement",
    "Ping",
    "Ref",
    "body_of",
    "dump",
    "fingerprint",
]

FEATURE: Final = "announcements"

DRAFT: Final = "draft"
"""Typed, and not confirmed; goes away after a day."""
WAITING: Final = "waiting"
"""There is a job that posts it."""
POSTED: Final = "posted"
REFUSED: Final = "refused"
CANCELLED: Final = "cancelled"

POST_QUEUE: Final = "announcements.post"
EDIT_QUEUE: Final = "announcements.edit"
TELL_QUEUE: Final = "announcements.tell"
EXPIRE_QUEUE: Final = "announcements.expire"

MAX_WAITING: Final = 25
"""In one server; so that /announce list shows all of them."""

Ping: TypeAlias = Literal["none", "here", "everyone", "role"]


class Announcement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a document. What was typed is kept as it was typed, so that a form can show it again."""

    channel_id: int
    ping: Ping = "none"
    role_id: int = 0
    mentionable: bool = False
    """Whether everybody may mention that role anyway."""
    crosspost: bool = False
    title: str = ""
    text: str = ""
    color: str = ""
    image: str = ""
    due: float | None = None
    """When it is posted (first); None is now."""
    zone: str = "UTC"
    recurrence: Recurrence | None = None
    message_id: int = 0
    """The message that was posted last."""
    posted_at: float = 0
    published: bool = False
    problem: str = ""
    """Why the last time did not go well."""
    refusals: int = 0
    """In a row."""

    @property
    def schedule(self) -> str | None:
        """As a job carries it."""
        return None if self.recurrence is None else packed(Schedule(self.recurrence, self.zone))


class Ref(msgspec.Struct, frozen=True):
    """The payload of a job about an announcement."""

    id: int


def body_of(row: DocumentRow) -> Announcement:
    return msgspec.json.decode(row.body, type=Announcement)


def dump(body: msgspec.Struct) -> str:
    return msgspec.json.encode(body).decode()


def fingerprint(body: Announcement) -> int:
    """The same as long as the message that it makes is."""
    return crc32(f"{body.title}\0{body.text}\0{body.color}\0{body.image}".encode())
