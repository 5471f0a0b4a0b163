"""The stored polls: reading them, and changing one together with the jobs that the change needs."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec

from skynetbot.discord.commands import UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.polls.model import (
    FEATURE,
    FROZEN,
    Ballot,
    Paper,
    Poll,
    PollBody,
    State,
    decode_papers,
    decode_poll,
    encode,
    paper_of,
)
from skynetbot.jobs.kinds import JobRun
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import (
    document_delete,
    document_get,
    document_insert,
    document_update,
    entry_delete,
    entry_put,
)
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work

__all__ = ["ANNOUNCE", "END", "PUBLISH", "Book"]

PUBLISH: Final = "polls.publish"
END: Final = "polls.end"
ANNOUNCE: Final = "polls.announce"
_TRIES: Final = 5
_PUBLISH_AFTER_S: Final = 10.0
"""The command itself posts at once; this is for a process that died, or a Discord that was away, meanwhile."""

Decision: TypeAlias = tuple[State, PollBody] | None
"""What a poll becomes; None when it stays."""
_replace = msgspec.structs.replace


class _Stale(Exception):
    """Somebody else changed the document between our reading and our writing; the transaction starts again."""


class Book:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services

    async def find(self, id_: int) -> Poll | None:
        row = await self._services.documents.get(FEATURE, id_)
        return decode_poll(row) if row is not None else None

    async def of_guild(self, guild_id: int, id_: int) -> Poll:
        """Raises UserError when this server has no such poll; another server's is none of this one's business."""
        found = await self.find(id_)
        if found is None or found.guild_id != guild_id or found.state == "cancelled":
            raise UserError(f"There is no poll {id_} in this server. `/poll list` shows the open ones.")
        return found

    async def all(self, guild_id: int, state: State | None = None, limit: int = 100) -> Sequence[Poll]:
        """The newest first."""
        rows = await self._services.documents.list(FEATURE, guild_id=guild_id, state=state, limit=limit)
        return [decode_poll(row) for row in rows]

    async def papers(self, poll: Poll) -> tuple[Paper, ...]:
        """The ballots: as they were counted, or as they are now."""
        if poll.state == "closed":
            row = await self._services.documents.get(FROZEN, poll.body.frozen_id)
            return decode_papers(row) if row is not None else ()
        rows = await self._services.documents.entries(poll.id)
        return tuple(paper_of(row, anonymous=poll.body.anonymous) for row in rows)

    async def begin(self, guild_id: int, creator_id: int, body: PollBody) -> int:
        """Store it with the jobs that post it and end it."""
        now = self._services.now()

        def work(writer: JobWriter) -> Work[int]:
            id_ = yield from document_insert(
                FEATURE, guild_id=guild_id, user_id=creator_id, state="open", body=encode(body), at=now
            )
            about = (id_, guild_id, creator_id, body.question)
            yield from writer.add(_job(PUBLISH, now + _PUBLISH_AFTER_S, "Post the poll", about))
            if body.ends_at is not None:
                yield from writer.add(_job(END, body.ends_at, "End the poll", about))
            return id_

        return await self._services.jobs.transaction(FEATURE, "begin", work)

    async def forget(self, id_: int) -> None:
        """Undo `begin`: nobody has seen it."""

        def work(writer: JobWriter) -> Work[None]:
            yield from writer.cancel(PUBLISH, str(id_))
            yield from writer.cancel(END, str(id_))
            yield from document_delete(id_)

        await self._services.jobs.transaction(FEATURE, "forget", work)

    async def posted(self, id_: int, message_id: int) -> Poll | None:
        def drop_job(writer: JobWriter, _: Poll) -> Work[None]:
            yield from writer.cancel(PUBLISH, str(id_))

        return await self.change(
            id_, "posted", lambda now: (_state(now), _replace(now.body, message_id=message_id)), drop_job
        )

    async def close(self, id_: int, by: int | None) -> Poll | None:
        """No vote is taken from now on; by hand also the job comes at once. None when it was not open."""
        now = self._services.now()

        def then(writer: JobWriter, poll: Poll) -> Work[None]:
            if by is not None:
                yield from writer.add(_job(END, now, "End the poll", _about(poll)))

        return await self.change(
            id_,
            "close",
            lambda poll: ("closing", _replace(poll.body, ended_at=now, ended_by=by)) if poll.state == "open" else None,
            then,
        )

    async def cancel(self, id_: int, by: int | None, why: str = "") -> Poll | None:
        """None when it was not open. The announcement takes the votes away and deletes everything."""
        now = self._services.now()

        def then(writer: JobWriter, poll: Poll) -> Work[None]:
            yield from writer.cancel(PUBLISH, str(id_))
            yield from writer.cancel(END, str(id_))
            yield from writer.add(_job(ANNOUNCE, now, "Say that the poll was cancelled:", _about(poll)))

        return await self.change(
            id_,
            "cancel",
            lambda poll: (
                ("cancelled", _replace(poll.body, ended_at=now, ended_by=by, trouble=why))
                if poll.state == "open"
                else None
            ),
            then,
        )

    async def finish_count(self, run: JobRun, poll: Poll, papers: Sequence[Paper], winners: tuple[str, ...]) -> None:
        """The result, the counted ballots and the job that announces it, as the exactly-once end of a job."""
        now = self._services.now()

        def work(writer: JobWriter) -> Work[None]:
            row = yield from document_get(FEATURE, poll.id)
            if row is None or row.state != "closing":
                return
            frozen_id = yield from document_insert(
                FROZEN,
                guild_id=poll.guild_id,
                user_id=poll.creator_id,
                state="frozen",
                body=encode(list(papers)),
                at=now,
            )
            body = _replace(decode_poll(row).body, winners=winners, frozen_id=frozen_id)
            if not (yield from document_update(row, body=encode(body), state="closed")):
                raise _Stale
            yield from writer.add(_job(ANNOUNCE, now, "Announce the result of the poll", _about(poll)))

        for left in reversed(range(_TRIES)):
            try:
                await run.commit(work)
                return
            except _Stale:
                if not left:
                    raise

    async def vote(self, id_: int, user_id: int, ballot: Ballot | None) -> bool | None:
        """Put or take back (None) a ballot, while the poll is open; whether it is their first, or there was one.

        None: the poll is not open. Between two database sessions the close may fall between the look and the write,
        hence the second look: a vote of that moment is taken back and not confirmed, and what counts is what was
        frozen.
        """
        now = self._services.now()

        def work(_: JobWriter) -> Work[bool | None]:
            row = yield from document_get(FEATURE, id_)
            if row is None or row.state != "open" or _over(decode_poll(row), now):
                return None
            if ballot is None:
                return (yield from entry_delete(id_, user_id))
            return (yield from entry_put(id_, user_id, encode(ballot), now))

        done = await self._services.jobs.transaction(FEATURE, "vote", work)
        after = await self.find(id_) if done is not None else None
        return done if after is not None and after.state == "open" else None

    async def change(
        self,
        id_: int,
        verb: str,
        decide: Callable[[Poll], Decision],
        then: Callable[[JobWriter, Poll], Work[None]] | None = None,
    ) -> Poll | None:
        """Change a poll, and with ``then`` its jobs, in one transaction; the changed one, or None for no change."""

        def work(writer: JobWriter) -> Work[Poll | None]:
            row = yield from document_get(FEATURE, id_)
            decision = decide(decode_poll(row)) if row is not None else None
            if row is None or decision is None:
                return None
            state, body = decision
            text = encode(body)
            if not (yield from document_update(row, body=text, state=state)):
                raise _Stale
            changed = Poll(_replace(row, body=text, state=state, version=row.version + 1), body)
            if then is not None:
                yield from then(writer, changed)
            return changed

        for _ in range(_TRIES):
            try:
                return await self._services.jobs.transaction(FEATURE, verb, work)
            except _Stale:
                continue
        raise UserError("Others change this poll at the same moment. Try again.")


def _state(poll: Poll) -> State:
    state: State = msgspec.convert(poll.state, State)
    return state


def _over(poll: Poll, now: float) -> bool:
    return poll.body.ends_at is not None and now >= poll.body.ends_at


def _about(poll: Poll) -> tuple[int, int, int, str]:
    return poll.id, poll.guild_id, poll.creator_id, poll.body.question


def _job(queue: str, due: float, why: str, about: tuple[int, int, int, str]) -> NewJob:
    id_, guild_id, user_id, question = about
    return NewJob(
        queue=queue,
        key=str(id_),
        due=due,
        payload=str(id_),
        guild_id=guild_id,
        user_id=user_id,
        title=f"{why} “{question[:80]}”",
    )
