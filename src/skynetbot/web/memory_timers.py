"""The in-memory timers port."""

from collections.abc import Sequence

import msgspec

from skynetbot.web.timers_port import TimerView

__all__ = ["MemoryTimers"]


class MemoryTimers:
    """timers_port.TimersPort over two lists a server."""

    def __init__(self) -> None:
        self.waiting: dict[int, list[TimerView]] = {}
        self.given_up: dict[int, list[TimerView]] = {}

    async def pending(
        self, guild_id: int, *, after: tuple[float, int] | None = None, limit: int
    ) -> Sequence[TimerView]:
        found = sorted(self.waiting.get(guild_id, ()), key=lambda view: (view.due, view.id))
        return [view for view in found if after is None or (view.due, view.id) > after][:limit]

    async def dead(self, guild_id: int, *, before: int | None = None, limit: int) -> Sequence[TimerView]:
        found = sorted(self.given_up.get(guild_id, ()), key=lambda view: -view.id)
        return [view for view in found if before is None or view.id < before][:limit]

    async def run_again(self, guild_id: int, id_: int) -> bool:
        view = next((view for view in self.given_up.get(guild_id, ()) if view.id == id_), None)
        if view is None:
            return False
        self.given_up[guild_id].remove(view)
        self.waiting.setdefault(guild_id, []).append(msgspec.structs.replace(view, attempts=0, error=""))
        return True
