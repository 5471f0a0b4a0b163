"""The dashboard's port to what is pending, over the table of jobs."""

from collections.abc import Sequence

from skynetbot.jobs.service import Jobs
from skynetbot.storage.jobs import LEASED, JobRow
from skynetbot.web.timers_port import TimerView

__all__ = ["JobTimers"]


class JobTimers:
    """timers_port.TimersPort."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def pending(
        self, guild_id: int, *, after: tuple[float, int] | None = None, limit: int
    ) -> Sequence[TimerView]:
        rows = await self._jobs.repository.pending(guild_id=guild_id, after=after or (0, 0), limit=limit)
        return await self._views(rows)

    async def dead(self, guild_id: int, *, before: int | None = None, limit: int) -> Sequence[TimerView]:
        return await self._views(await self._jobs.repository.dead(guild_id=guild_id, before=before, limit=limit))

    async def run_again(self, guild_id: int, id_: int) -> bool:
        return await self._jobs.revive(id_, guild_id)

    async def _views(self, rows: Sequence[JobRow]) -> Sequence[TimerView]:
        people = (await self._jobs.repository.names(rows)).people
        return [
            TimerView(
                id=row.id,
                queue=row.queue,
                title=row.title,
                due=row.due,
                user_id=row.user_id or None,
                user_name=people.get((row.guild_id, row.user_id), ""),
                running=row.state == LEASED,
                repeats=row.schedule is not None,
                attempts=row.attempts,
                error=row.error or "",
            )
            for row in rows
        ]
