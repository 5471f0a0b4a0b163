"""What is pending in a server, and what was given up: a page, a button that calls it back, and the same as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from skynetbot.jobs.far import far
from skynetbot.web.access import GuildAccess
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite, whole_number
from skynetbot.web.settings_port import NotAllowed
from skynetbot.web.site import Site
from skynetbot.web.timers_port import TimerView

__all__ = ["api_timers", "run_again", "timers"]

_PAGE: Final = 25
_MANAGER_LEVEL: Final = 3
"""Who may call back what was given up; whoever sees the server may look."""
_LARGEST_DUE: Final = 1e15


@get("/servers/{guild_id:int}/timers")
async def timers(request: AnyRequest, access: Access, site: TheSite) -> Response[str]:
    found = await _look(request, access, site)
    done = {name: whole_number(request.query_params.get(name)) for name in ("again", "gone")}
    return site.pages.page(
        "timers.html",
        session=access.session,
        guild=access.guild,
        sections=await site.ports.settings.sections(access.guild.id, access.level),
        here="timers",
        pending=found.pending,
        dead=found.dead,
        later=found.later,
        older=found.older,
        is_first=found.after is None,
        is_newest=found.before is None,
        may_run=access.level >= _MANAGER_LEVEL,
        done=done,
        far=far,
        now=site.now(),
    )


@post("/servers/{guild_id:int}/timers/{number:int}/again", status_code=303)
async def run_again(access: Access, site: TheSite, number: int) -> Response[str]:
    """Let one that was given up run again now."""
    if access.level < _MANAGER_LEVEL:
        raise NotAllowed(
            f"Running something again needs level {_MANAGER_LEVEL} (manager) in this server, and you have level "
            f"{access.level}. Its administrators give levels to roles in the Access settings."
        )
    known = 0 < number < 2**63 and await site.ports.timers.run_again(access.guild.id, number)
    # Of a number that is none of ours nothing is repeated.
    outcome = f"{'again' if known else 'gone'}={number if 0 < number < 10**18 else 0}"
    return Redirect(f"/servers/{access.guild.id}/timers?{outcome}", status_code=303)


@get("/api/servers/{guild_id:int}/timers")
async def api_timers(request: AnyRequest, access: Access, site: TheSite) -> dict[str, Any]:
    """``next`` and ``dead_next`` are what to give as ``after`` and ``before`` for what follows; null at the end."""
    found = await _look(request, access, site)
    return {
        "pending": [_json(view) for view in found.pending],
        "next": found.later,
        "dead": [_json(view) for view in found.dead],
        "dead_next": found.older,
        "may_run_again": access.level >= _MANAGER_LEVEL,
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """A page of each: where it begins, what is on it, and where the next one begins."""

    after: tuple[float, int] | None
    pending: Sequence[TimerView]
    later: str | None
    before: int | None
    dead: Sequence[TimerView]
    older: str | None


async def _look(request: AnyRequest, access: GuildAccess, site: Site) -> _Found:
    guild_id = access.guild.id
    after = _place(request.query_params.get("after"))
    before = whole_number(request.query_params.get("before"))
    # One more than is shown tells whether there is another page.
    pending = await site.ports.timers.pending(guild_id, after=after, limit=_PAGE + 1)
    dead = await site.ports.timers.dead(guild_id, before=before, limit=_PAGE + 1)
    return _Found(
        after,
        pending[:_PAGE],
        _address(pending[_PAGE - 1]) if len(pending) > _PAGE else None,
        before,
        dead[:_PAGE],
        str(dead[_PAGE - 1].id) if len(dead) > _PAGE else None,
    )


def _address(view: TimerView) -> str:
    # repr gives back the very same float.
    return f"{view.due!r},{view.id}"


def _place(text: str | None) -> tuple[float, int] | None:
    """Where a page begins; None for anything that no page of ours gave out."""
    due, _, id_ = (text or "").partition(",")
    number = whole_number(id_)
    try:
        at = float(due)
    except ValueError:
        return None
    return (at, number) if number is not None and 0 <= at <= _LARGEST_DUE else None


def _json(view: TimerView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "queue": view.queue,
        "title": view.title,
        "due": view.due,
        "user_id": None if view.user_id is None else str(view.user_id),
        "user_name": view.user_name or None,
        "running": view.running,
        "repeats": view.repeats,
        "attempts": view.attempts,
        "error": view.error or None,
    }
