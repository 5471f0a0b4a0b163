"""The stored giveaways: reading them, and changing one together with the jobs that the change needs."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec

from skynetbot.discord.commands import UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.records import (
    FEATURE,
    LISTS,
    Entry,
    Giveaway,
    GiveawayBody,
    State,
    decode_giveaway,
    decode_list,
    encode,
)
from skynetbot.features.giveaways.rules import Draw
from skynetbot.jobs.kinds import JobRun
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.documents import (
    DocumentRow,
    document_delete,
    document_get,
    document_insert,
    document_update,
    entry_put,
)
from skynetbot.storage.jobs import NewJob
from skynetbot.storage.statements import Work

__all__ = ["ANNOUNCE", "END", "PUBLISH", "REFRESH", "AboutGiveaway", "AboutRound", "Book", "announcement", "refreshing"]

PUBLISH: Final = "giveaways.publish"
END: Final = "giveaways.end"
ANNOUNCE: Final = "giveaways.announce"
REFRESH: Final = "giveaways.refresh"

_TRIES: Final = 5
_PUBLISH_AFTER_S: Final = 10.0
"""The command itself posts at once; this is for a process that died, or a Discord that was away, meanwhile."""

Decision: TypeAlias = tuple[State, GiveawayBody] | None
"""What a giveaway becomes; None when it stays."""


class AboutGiveaway(msgspec.Struct, frozen=True):
    """Payload of jobs about one giveaway."""

    id: int


class AboutRound(msgspec.Struct, frozen=True):
    """Payload of jobs about one round of a giveaway."""

    id: int
    round: int


class _Stale(Exception):
    """Somebody else changed the document between our reading and our writing; the transaction starts again."""


class Book:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services

    async def find(self, id_: int) -> Giveaway | None:
        row = await self._services.documents.get(FEATURE, id_)
        return decode_giveaway(row) if row is not None else None

    async def of_guild(self, guild_id: int, id_: int) -> Giveaway:
        """Raises UserError when this server has no such giveaway; another server's is none of this one's business."""
        found = await self.find(id_)
        if found is None or found.guild_id != guild_id:
            raise UserError(f"There is no giveaway {id_} in this server. `/giveaway list` shows them.")
        return found

    async def all(self, guild_id: int, state: State | None = None, limit: int = 100) -> Sequence[Giveaway]:
        """The newest first."""
        rows = await self._services.documents.list(FEATURE, guild_id=guild_id, state=state, limit=limit)
        return [decode_giveaway(row) for row in rows]

    async def first_list(self, giveaway: Giveaway) -> list[int]:
        """Who was on the list of the draw at the end."""
        row = await self._services.documents.get(LISTS, giveaway.body.list_id)
        return decode_list(row) if row is not None else []

    async def begin(self, guild_id: int, host_id: int, body: GiveawayBody) -> int:
        """Store it with the jobs that post it and end it."""
        now = self._services.now()

        def work(writer: JobWriter) -> Work[int]:
            id_ = yield from document_insert(
                FEATURE, guild_id=guild_id, user_id=host_id, state="open", body=encode(body), at=now
            )
            for queue, due, why in (
                (PUBLISH, now + _PUBLISH_AFTER_S, "Post the giveaway"),
                (END, body.ends_at, "Draw the winners of the giveaway"),
            ):
                yield from writer.add(
                    NewJob(
                        queue=queue,
                        key=str(id_),
                        due=due,
                        guild_id=guild_id,
                        user_id=host_id,
                        title=f"{why} “{body.prize}”",
                        payload=_packed(AboutGiveaway(id_)),
                    )
                )
            return id_

        return await self._services.jobs.transaction(FEATURE, "begin", work)

    async def forget(self, id_: int) -> None:
        """Undo `begin`: nobody has seen it."""

        def work(writer: JobWriter) -> Work[None]:
            yield from writer.cancel(PUBLISH, str(id_))
            yield from writer.cancel(END, str(id_))
            yield from document_delete(id_)

        await self._services.jobs.transaction(FEATURE, "forget", work)

    async def change(
        self,
        id_: int,
        verb: str,
        decide: Callable[[Giveaway], Decision],
        then: Callable[[JobWriter, Giveaway], Work[None]] | None = None,
    ) -> Giveaway | None:
        """Change a giveaway, and with ``then`` its jobs, in one transaction; the changed one, or None for no change."""

        def work(writer: JobWriter) -> Work[Giveaway | None]:
            changed = yield from _changed(id_, decide)
            if changed is not None and then is not None:
                yield from then(writer, changed)
            return changed

        for _ in range(_TRIES):
            try:
                return await self._services.jobs.transaction(FEATURE, verb, work)
            except _Stale:
                continue
        raise UserError("Others change this giveaway at the same moment. Try again.")

    async def finish(self, run: JobRun, id_: int, decide: Callable[[Giveaway], Decision]) -> None:
        """`change` as the exactly-once end of a job."""
        for _ in range(_TRIES):
            try:
                await run.commit(lambda _: _changed(id_, decide))
                return
            except _Stale:
                continue
        raise _Stale

    async def finish_with_draw(
        self, run: JobRun, giveaway: Giveaway, done: Draw, people: Sequence[int], out: int
    ) -> None:
        """The draw, its frozen list and the job that announces it, as the exactly-once end of a job."""
        now = self._services.now()

        def work(writer: JobWriter) -> Work[None]:
            row = yield from document_get(FEATURE, giveaway.id)
            if row is None or row.state != "closing":
                return
            list_id = yield from document_insert(
                LISTS,
                guild_id=giveaway.guild_id,
                user_id=giveaway.host_id,
                state="frozen",
                body=encode(list(people)),
                at=now,
            )
            body = msgspec.structs.replace(decode_giveaway(row).body, draws=(done,), list_id=list_id, not_qualified=out)
            yield from _written(row, "ended", body)
            yield from writer.add(announcement(giveaway, done.round, now))

        await run.commit(work)

    async def enter(self, id_: int, user_id: int, entry: Entry) -> tuple[bool, bool]:
        """(it was open, it is their first entry); see `State` for why it is looked at twice."""
        now = self._services.now()

        def work(_: JobWriter) -> Work[bool | None]:
            row = yield from document_get(FEATURE, id_)
            if row is None or row.state != "open":
                return None
            return (yield from entry_put(id_, user_id, encode(entry), now))

        first = await self._services.jobs.transaction(FEATURE, "enter", work)
        after = await self.find(id_) if first is not None else None
        return after is not None and after.state == "open", first is True


def announcement(giveaway: Giveaway, round_: int, now: float) -> NewJob:
    return NewJob(
        queue=ANNOUNCE,
        key=f"{giveaway.id}-{round_}",
        due=now,
        guild_id=giveaway.guild_id,
        user_id=giveaway.host_id,
        title=f"Announce the winners of the giveaway “{giveaway.body.prize}”",
        payload=_packed(AboutRound(giveaway.id, round_)),
    )


def refreshing(giveaway: Giveaway, now: float) -> NewJob:
    return NewJob(
        queue=REFRESH,
        key=str(giveaway.id),
        due=now,
        guild_id=giveaway.guild_id,
        user_id=giveaway.host_id,
        title=f"Bring the post of the giveaway “{giveaway.body.prize}” up to date",
        payload=_packed(AboutGiveaway(giveaway.id)),
    )


def _changed(id_: int, decide: Callable[[Giveaway], Decision]) -> Work[Giveaway | None]:
    row = yield from document_get(FEATURE, id_)
    decision = decide(decode_giveaway(row)) if row is not None else None
    if row is None or decision is None:
        return None
    return (yield from _written(row, *decision))


def _written(row: DocumentRow, state: State, body: GiveawayBody) -> Work[Giveaway]:
    text = encode(body)
    if not (yield from document_update(row, body=text, state=state)):
        raise _Stale
    return decode_giveaway(msgspec.structs.replace(row, body=text, state=state, version=row.version + 1))


def _packed(payload: AboutGiveaway | AboutRound) -> str:
    return msgspec.json.encode(payload).decode()
