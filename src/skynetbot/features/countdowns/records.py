"""Countdowns as they are stored, and the changes of one together with its jobs."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import msgspec

from skynetbot.features.countdowns.rules import one_line
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import DocumentRow, document_delete, document_get, document_insert, document_update
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work

__all__ = [
    "FEATURE",
    "NOTICE",
    "RING",
    "About",
    "Countdown",
    "CountdownBody",
    "Stale",
    "State",
    "changed",
    "decode",
    "insert",
    "remove",
    "same_name",
]

FEATURE: Final = "countdowns"
RING: Final = "countdowns.ring"
NOTICE: Final = "countdowns.notice"

State: TypeAlias = Literal["open", "done", "failed"]
"""``failed``: Discord refused the announcement; ``trouble`` says why. A cancelled countdown is deleted."""


class CountdownBody(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    channel_id: int
    at: float
    message: str = ""
    notices: tuple[tuple[str, float], ...] = ()
    """(what is left then, when it is said)."""
    ping_roles: tuple[int, ...] = ()
    message_id: int = 0
    """The post that shows it; 0 where there is none."""
    trouble: str = ""


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    guild_id: int
    author_id: int
    state: State
    row: DocumentRow
    body: CountdownBody

    def nonce(self, what: str) -> str:
        """By which Discord knows one message of ours again; with the time, because ids of deleted rows come again."""
        return f"{what}{self.id:x}-{int(self.row.at * 1000) & 0xFFFFFFFF:x}"[-25:]


class About(msgspec.Struct, frozen=True):
    """Payload of jobs; ``left`` is what a notice says."""

    id: int
    left: str = ""


class Stale(Exception):
    """Somebody else changed the document between our reading and our writing; the transaction starts again."""


def decode(row: DocumentRow) -> Countdown:
    return Countdown(
        id=row.id,
        guild_id=row.guild_id,
        author_id=row.user_id,
        state=msgspec.convert(row.state, State),
        row=row,
        body=msgspec.json.decode(row.body, type=CountdownBody),
    )


def insert(writer: JobWriter, guild_id: int, author_id: int, body: CountdownBody, now: float) -> Work[int]:
    """Store it with the jobs that give notice and announce it."""
    id_ = yield from document_insert(
        FEATURE, guild_id=guild_id, user_id=author_id, state="open", body=_json(body), at=now
    )
    jobs = [(RING, str(id_), body.at, About(id_), f"Countdown “{body.name}” ends")]
    jobs += [
        (NOTICE, _notice_key(id_, left), when, About(id_, left), f"Countdown “{body.name}”: {left} left")
        for left, when in body.notices
    ]
    for queue, key, due, about, title in jobs:
        yield from writer.add(
            NewJob(
                queue=queue,
                key=key,
                due=due,
                guild_id=guild_id,
                user_id=author_id,
                title=title,
                payload=msgspec.json.encode(about).decode(),
            )
        )
    return id_


def remove(writer: JobWriter, countdown: Countdown) -> Work[bool]:
    """Delete an open one with its jobs; False when it is not open any more."""
    row = yield from document_get(FEATURE, countdown.id)
    if row is None or row.state != "open":
        return False
    # Its end may run at this moment; that run finds no document and says nothing.
    yield from writer.cancel(RING, str(countdown.id))
    for left, _ in countdown.body.notices:
        yield from writer.cancel(NOTICE, _notice_key(countdown.id, left))
    return (yield from document_delete(countdown.id))


def changed(id_: int, change: Callable[[Countdown], tuple[State, CountdownBody]]) -> Work[None]:
    """Change it if it is still there. Raises Stale."""
    row = yield from document_get(FEATURE, id_)
    if row is None:
        return
    state, body = change(decode(row))
    if not (yield from document_update(row, body=_json(body), state=state)):
        raise Stale


def same_name(name: str, other: str) -> bool:
    return one_line(name).casefold() == one_line(other).casefold()


def _notice_key(id_: int, left: str) -> str:
    return f"{id_}-{left}"


def _json(body: CountdownBody) -> str:
    return msgspec.json.encode(body).decode()
