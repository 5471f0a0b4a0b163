"""What a kind of job declares, and what its handler gets and may say."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.jobs.retries import CatchUp, RetryPolicy
from skynetbot.jobs.service import WriterWork
from skynetbot.storage.jobs import JobRow

__all__ = ["GiveUp", "JobHandler", "JobKind", "JobRun", "LeaseLost", "RetryLater"]

T = TypeVar("T")
P = TypeVar("P")
Committer: TypeAlias = Callable[[WriterWork[Any]], Awaitable[Any]]


class RetryLater(SkynetBotError):
    """The handler cannot do it now: try again, after ``after_s`` seconds if the other side said so."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class GiveUp(SkynetBotError):
    """Trying again would not help: the job goes to the dead letters with this reason."""


class LeaseLost(SkynetBotError):
    """Somebody else holds the job now: whatever this attempt still does would be done twice."""


class JobRun:
    """One attempt at a job."""

    __slots__ = ("_commit", "_note", "committed", "job")

    def __init__(self, job: JobRow, note: Callable[[str], Awaitable[bool]], commit: Committer) -> None:
        self.job = job
        self.committed = False
        """Whether the handler finished the job itself, by `commit`."""
        self._note = note
        self._commit = commit

    @property
    def nonce(self) -> str:
        """The same for every attempt at this run, another for the next run: what the other side can tell doubles by.

        Discord takes 25 characters. Ids may come again after a job is gone, so its birth is part of it.
        """
        return f"{self.job.id:x}-{self.job.run:x}-{int(self.job.created_at * 1000):x}"[-25:]

    @property
    def progress(self) -> str | None:
        """What an earlier attempt noted."""
        return self.job.progress

    def payload(self, type_: type[P]) -> P:
        """Raises GiveUp when the payload is of another form than ``type_``."""
        try:
            return msgspec.json.decode(self.job.payload, type=type_)
        except msgspec.MsgspecError as error:
            raise GiveUp(f"the payload cannot be read: {error}") from error

    async def note(self, progress: str) -> None:
        """Keep what is done already, so that another attempt does not do it again.

        Raises:
            LeaseLost: another attempt is under way.
        """
        if not await self._note(progress):
            raise LeaseLost(f"job {self.job.id} is held by somebody else")

    async def commit(self, work: WriterWork[T]) -> T:
        """Run a transaction that also finishes the job: its effect happens exactly once.

        What ``work`` schedules with its writer is committed with it.

        Raises:
            LeaseLost: another attempt is under way; nothing of ``work`` was kept.
        """
        result: T = await self._commit(work)
        self.committed = True
        return result


JobHandler: TypeAlias = Callable[[JobRun], Awaitable[None]]
"""Does it, and returns when it is done. May run again after a crash or a lost lease, so it is idempotent by key."""


class JobKind(msgspec.Struct, frozen=True, kw_only=True):
    """A queue and what works on it."""

    queue: str
    handler: JobHandler
    concurrency: int = 16
    retries: RetryPolicy = RetryPolicy()
    catch_up: CatchUp = "late"
    grace_s: float = 300.0
    """How late a job may be before "skip" leaves it out."""
    timeout_s: float = 60.0
    """A run that takes longer is cancelled and tried again."""
