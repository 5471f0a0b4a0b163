"""What is pending, as a table for operators; and calling back what was given up."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from skynetbot.jobs.far import far
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.jobs import LEASED, JobNames, JobRepository, JobRow
from skynetbot.storage.opening import store_for

__all__ = ["list_timers", "revive_timer"]

_HEADINGS: Final = ("ID", "DUE", "", "QUEUE", "SERVER", "PERSON", "TITLE", "TRIES", "LAST ERROR")
_WIDEST: Final = 40


async def list_timers(
    settings: OperatorSettings, *, guild_id: int | None, queue: str | None, dead: bool, limit: int
) -> str:
    """A table of what waits or runs, the next first; or of the dead, the newest first.

    Raises:
        StorageError: the database cannot be opened or read.
    """
    database = store_for(settings, Metrics())
    try:
        await database.open()
        repository = JobRepository(database)
        # One more than is shown tells whether there are more.
        look = repository.dead if dead else repository.pending
        found = await look(guild_id=guild_id, queue=queue, limit=limit + 1)
        shown = found[:limit]
        names = await repository.names(shown)
    finally:
        await database.close()
    if not shown:
        return "Nothing was given up." if dead else "Nothing is pending."
    now = time.time()
    lines = _table([_HEADINGS, *(_row(job, names, now) for job in shown)])
    if len(found) > limit:
        lines.append(f"There are more; --limit {limit * 2} shows twice as many.")
    return "\n".join(lines)


async def revive_timer(settings: OperatorSettings, id_: int) -> bool:
    """Let a dead job run again now; False when there is no such job, or another one has its key.

    Raises:
        StorageError: the database cannot be opened or written.
    """
    database = store_for(settings, Metrics())
    try:
        await database.open()
        return await JobRepository(database).revive(id_, time.time())
    finally:
        await database.close()


def _row(job: JobRow, names: JobNames, now: float) -> tuple[str, ...]:
    return (
        str(job.id),
        _local(job.due),
        "runs now" if job.state == LEASED else far(job.due, now),
        _clean(job.queue),
        _clipped(names.guilds.get(job.guild_id) or (str(job.guild_id) if job.guild_id else "–")),
        _clipped(names.people.get((job.guild_id, job.user_id)) or (str(job.user_id) if job.user_id else "–")),
        _clipped(job.title),
        str(job.attempts),
        _clean(job.error or ""),
    )


def _local(due: float) -> str:
    try:
        return datetime.fromtimestamp(due).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{due:.0f}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _clipped(text: str) -> str:
    text = _clean(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _clean(text: str) -> str:
    """On one line, without what a terminal would obey: members write these texts."""
    return "".join(character if character.isprintable() else " " for character in text)
