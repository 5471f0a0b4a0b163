"""Cases with their measures and jobs: every change of one of them is one transaction of all of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.temporary.measures import ACTIVE, APPLYING, FEATURE, Measure
from skynetbot.features.temporary.wording import timer_title
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.cases import CaseRow, case_close, case_get, case_open, cases_of_user
from skynetbot.storage.documents import DocumentRow, document_get, document_insert, document_update
from skynetbot.storage.jobs import LEASED, NewJob
from skynetbot.storage.statements import Work

__all__ = ["APPLY", "END", "KEEP", "TELL", "Busy", "Changed", "Ledger", "Record", "Ref", "Tell"]

APPLY: Final = "temporary.apply"
"""Carries a measure out. Its key is the measure's thing, so that one at a time changes it."""
END: Final = "temporary.end"
KEEP: Final = "temporary.keep"
"""Keeps a measure up: renews a timeout, gives a role to a member who came back."""
TELL: Final = "temporary.tell"

_PAGE: Final = 100


class Busy(SkynetBotError):
    """Another order about the same thing is being carried out."""


class Changed(SkynetBotError):
    """Somebody else changed the measure meanwhile; nothing was kept."""


class Ref(msgspec.Struct, frozen=True):
    """The payload of the jobs."""

    id: int
    returned: bool = False
    """Of KEEP: because the member came back."""


class Tell(msgspec.Struct, frozen=True):
    """The payload of TELL: what is to be said is part of the transaction that made it true."""

    to: Literal["channel", "user"]
    id: int
    text: str


class Record(msgspec.Struct, frozen=True):
    """A measure as it was read; changes of it are refused when it was changed since."""

    row: DocumentRow
    measure: Measure

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def state(self) -> str:
        return self.row.state


class Ledger:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services
        self._jobs = services.jobs
        self._documents = services.documents
        self.on_closed: Callable[[Measure, int], None] = lambda _measure, _id: None

    # -- reading -----------------------------------------------------------------------------------------------------

    async def get(self, id_: int) -> Record | None:
        row = await self._documents.get(FEATURE, id_)
        return _record(row) if row is not None else None

    async def in_state(self, guild_id: int, state: str) -> list[Record]:
        """Every measure of a server in a state, the newest first."""
        found: list[Record] = []
        before: int | None = None
        while True:
            rows = await self._documents.list(FEATURE, guild_id=guild_id, state=state, before=before, limit=_PAGE)
            found += [_record(row) for row in rows]
            if len(rows) < _PAGE:
                return found
            before = rows[-1].id

    async def active_on(self, measure: Measure) -> list[Record]:
        """What is in force about the same thing."""
        active = await self.in_state(measure.guild_id, ACTIVE)
        return [record for record in active if record.measure.thing_key == measure.thing_key]

    async def of_order(self, measure: Measure) -> Record | None:
        """What was opened for the same interaction before."""
        rows = await self._documents.list(FEATURE, guild_id=measure.guild_id, user_id=measure.target_id, limit=_PAGE)
        return next((record for record in map(_record, rows) if record.measure.order == measure.order), None)

    async def case(self, guild_id: int, number: int) -> CaseRow | None:
        return await self._jobs.transaction("cases", "get", lambda _: case_get(guild_id, number))

    async def cases(self, guild_id: int, user_id: int, limit: int, before: int | None) -> Sequence[CaseRow]:
        """The newest first."""
        return await self._jobs.transaction(
            "cases", "of_user", lambda _: cases_of_user(guild_id, user_id, limit, before)
        )

    async def of_cases(self, guild_id: int, target_id: int, numbers: Sequence[int]) -> dict[int, Record]:
        """The measures of some cases about one target, by number; cases of other features have none here."""
        wanted = set(numbers)
        found: dict[int, Record] = {}
        before: int | None = None
        while wanted:
            rows = await self._documents.list(FEATURE, guild_id=guild_id, user_id=target_id, before=before, limit=_PAGE)
            for record in map(_record, rows):
                if record.measure.case in wanted:
                    found[record.measure.case] = record
                    wanted.discard(record.measure.case)
            if len(rows) < _PAGE:
                break
            before = rows[-1].id
        return found

    async def settled(self, id_: int, within_s: float) -> Record | None:
        """The measure once it is not being carried out any more, or as it is after this time."""
        # Asked again and again, because the job may run in another process.
        clock = asyncio.get_running_loop().time
        deadline = clock() + within_s
        pause_s = 0.01
        while True:
            record = await self.get(id_)
            if record is None or record.state != APPLYING or clock() >= deadline:
                return record
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.1)

    async def in_hand(self, queue: str, key: str) -> bool:
        """Whether a job of this key is worked on just now."""
        job = await self._jobs.find(queue, key)
        return job is not None and job.state == LEASED

    # -- changing ----------------------------------------------------------------------------------------------------

    async def open(self, measure: Measure) -> Record:
        """Commit a case, its measure, the job that carries it out, and the one that ends it.

        Raises:
            Busy: another order about the same thing is not carried out yet.
        """

        def work(writer: JobWriter) -> Work[Record]:
            # A waiting job would be replaced by ours, and its case never be carried out.
            if (yield from writer.move(APPLY, measure.thing_key, measure.at)):
                raise Busy
            case = yield from case_open(
                CaseRow(
                    guild_id=measure.guild_id,
                    kind=measure.kind,
                    user_id=measure.target_id,
                    moderator_id=measure.moderator_id,
                    reason=measure.reason,
                    at=measure.at,
                    expires_at=measure.expires_at,
                )
            )
            numbered = msgspec.structs.replace(measure, case=case.number)
            id_ = yield from document_insert(
                FEATURE,
                guild_id=measure.guild_id,
                user_id=measure.target_id,
                state=APPLYING,
                body=_body(numbered),
                at=measure.at,
            )
            title = f"Carry out case #{case.number}"
            if (yield from writer.add(_job(APPLY, measure.thing_key, measure.at, numbered, id_, title))) is None:
                raise Busy
            if measure.expires_at is not None:
                title = timer_title(numbered)
                yield from writer.add(_job(END, str(id_), measure.expires_at, numbered, id_, title))
            row = yield from document_get(FEATURE, id_)
            assert row is not None  # noqa: S101 - it was just inserted
            return Record(row, numbered)

        return await self._jobs.transaction(FEATURE, "open", work)

    async def rewrite(self, record: Record, measure: Measure, tells: Sequence[Tell] = ()) -> Record | None:
        """Commit another body; None when the measure was changed since it was read."""

        def work(writer: JobWriter) -> Work[DocumentRow | None]:
            if not (yield from document_update(record.row, body=_body(measure))):
                return None
            yield from self._tell(writer, measure, tells)
            return (yield from document_get(FEATURE, record.id))

        row = await self._jobs.transaction(FEATURE, "rewrite", work)
        return _record(row) if row is not None else None

    def applied(
        self,
        writer: JobWriter,
        record: Record,
        replaced: Sequence[Record],
        renew_at: float | None,
        tells: Sequence[Tell],
    ) -> Work[None]:
        """Discord confirmed it: it is in force or done, and what it replaced is over.

        Raises:
            Changed: from inside the transaction.
        """
        now = self._services.now()
        measure = msgspec.structs.replace(record.measure, active_at=now)
        if measure.stays:
            yield from _update(record, ACTIVE, measure)
        else:
            yield from _update(record, "done", msgspec.structs.replace(measure, outcome="done"))
            yield from case_close(measure.guild_id, measure.case, now)
        for other in replaced:
            yield from self.closed(writer, other, "replaced", f"ended by case #{measure.case}")
        if renew_at is not None:
            yield from writer.add(self.keeping(record, renew_at))
        yield from self._tell(writer, measure, tells)

    def closed(
        self, writer: JobWriter, record: Record, state: str, outcome: str, tells: Sequence[Tell] = ()
    ) -> Work[None]:
        """It is over, or was never in force: its case is closed and nothing waits to end it.

        Raises:
            Changed: from inside the transaction.
        """
        now = self._services.now()
        measure = msgspec.structs.replace(record.measure, outcome=outcome, problem="")
        yield from _update(record, state, measure)
        yield from case_close(measure.guild_id, measure.case, now)
        yield from writer.cancel(END, str(record.id))
        yield from writer.cancel(KEEP, str(record.id))
        yield from self._tell(writer, measure, tells)

    async def lift(self, record: Record, tells: Sequence[Tell]) -> bool:
        """Somebody ended it in Discord; False when the measure was changed since it was read."""
        try:
            await self._jobs.transaction(
                FEATURE,
                "lift",
                lambda writer: self.closed(writer, record, "lifted", "ended by hand in Discord", tells),
            )
        except Changed:
            return False
        self.on_closed(record.measure, record.id)
        return True

    async def keep_up(self, record: Record) -> None:
        """Do again what has gone with a member who left and came back."""
        await self._jobs.schedule(self.keeping(record, self._services.now(), returned=True))

    def keeping(self, record: Record, due: float, *, returned: bool = False) -> NewJob:
        title = f"Keep up case #{record.measure.case} ({record.measure.info.name} of {record.measure.target_name})"
        return _job(KEEP, str(record.id), due, record.measure, record.id, title, returned=returned)

    def _tell(self, writer: JobWriter, measure: Measure, tells: Sequence[Tell]) -> Work[None]:
        now = self._services.now()
        for tell in tells:
            yield from writer.add(
                NewJob(
                    queue=TELL,
                    due=now,
                    payload=msgspec.json.encode(tell).decode(),
                    guild_id=measure.guild_id,
                    title=f"Say what became of case #{measure.case}",
                )
            )


def _update(record: Record, state: str, measure: Measure) -> Work[None]:
    if not (yield from document_update(record.row, state=state, body=_body(measure))):
        raise Changed


def _job(queue: str, key: str, due: float, measure: Measure, id_: int, title: str, *, returned: bool = False) -> NewJob:
    return NewJob(
        queue=queue,
        key=key,
        due=due,
        payload=msgspec.json.encode(Ref(id_, returned)).decode(),
        guild_id=measure.guild_id,
        user_id=measure.moderator_id,
        title=title,
    )


def _body(measure: Measure) -> str:
    return msgspec.json.encode(measure).decode()


def _record(row: DocumentRow) -> Record:
    return Record(row, msgspec.json.decode(row.body, type=Measure))
