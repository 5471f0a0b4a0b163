"""My servers, and one server: counters, ranking, last actions, moving while one looks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.response import Stream

from skynetbot.web.access import GuildAccess
from skynetbot.web.ports import LiveUpdate
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite
from skynetbot.web.sessions import Session, UserGuild
from skynetbot.web.site import Site

__all__ = ["live", "server", "servers"]

_TOP: Final = 10
_ACTIONS: Final = 20
_HEARTBEAT_S: Final = 15.0
_RECHECK_S: Final = 30.0
# Updates of one page are at most this often; a busy server's hundred messages a second become four pictures.
_MIN_GAP_S: Final = 0.25


@get("/servers")
async def servers(request: AnyRequest, site: TheSite) -> Response[str]:
    session = await site.door.signed_in(request)
    mine = sorted(await site.door.user_guilds(session), key=lambda guild: guild.name.casefold())
    here = [
        (guild, present)
        for guild in mine
        if (present := site.ports.guilds.get(guild.id)) is not None and await _is_open(site, session, guild)
    ]
    absent = [guild for guild in mine if guild.manageable and site.ports.guilds.get(guild.id) is None]
    others = len(mine) - len(here) - len(absent)
    return site.pages.page("servers.html", session=session, here=here, absent=absent, others=others)


@get("/servers/{guild_id:int}")
async def server(access: Access, site: TheSite) -> Response[str]:
    return site.pages.page(
        "server.html",
        session=access.session,
        sections=await site.ports.settings.sections(access.guild.id, access.level),
        **await _picture(site, access),
    )


@get("/servers/{guild_id:int}/live")
async def live(access: Access, site: TheSite) -> Stream:
    """Server-sent events: each is the whole state, so whoever missed one is right again with the next."""
    site.streams.check(access.session.key)
    return Stream(
        _events(site, access),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _is_open(site: Site, session: Session, guild: UserGuild) -> bool:
    # Only where a role may give a level are the server's settings asked for it.
    return guild.manageable or (
        bool(site.ports.guilds.member_roles(guild.id, session.user_id)) and await site.door.level(session, guild) > 0
    )


async def _picture(site: Site, access: GuildAccess) -> dict[str, Any]:
    guild_id = access.guild.id
    totals, top, actions = await asyncio.gather(
        site.ports.activity.totals(guild_id),
        site.ports.activity.top(guild_id, _TOP),
        site.ports.actions.recent(guild_id, _ACTIONS),
    )
    return {"guild": access.guild, "totals": totals, "top": top, "actions": actions, "now": site.now()}


async def _events(site: Site, access: GuildAccess) -> AsyncIterator[bytes]:
    """Subscribe first, then read the state, then follow: nothing falls between the two."""
    guild_id = access.guild.id
    clock = asyncio.get_running_loop().time
    with site.streams.opened(access.session.key) as stream:
        async with site.ports.live.subscribe(guild_id) as updates:
            picture = await _picture(site, access)
            yield b"retry: 2000\n\n"
            yield _event(site, LiveUpdate(picture["totals"], picture["actions"]), picture["top"])
            checked = clock()
            ending = asyncio.ensure_future(stream.ending.wait())
            following = asyncio.ensure_future(_next(updates))
            try:
                while True:
                    await asyncio.wait({ending, following}, timeout=_HEARTBEAT_S, return_when="FIRST_COMPLETED")
                    if ending.done():
                        yield b"event: closed\ndata: {}\n\n"
                        return
                    if clock() - checked >= _RECHECK_S or not following.done():
                        checked = clock()
                        if not await site.door.still_allowed(access):
                            yield b"event: gone\ndata: {}\n\n"
                            return
                    if not following.done():
                        yield b": still here\n\n"
                        continue
                    update = following.result()
                    if update is None:
                        yield b"event: closed\ndata: {}\n\n"
                        return
                    yield _event(site, update, await site.ports.activity.top(guild_id, _TOP))
                    await asyncio.wait({ending}, timeout=_MIN_GAP_S)
                    following = asyncio.ensure_future(_next(updates))
            finally:
                for task in (ending, following):
                    task.cancel()
                await asyncio.gather(ending, following, return_exceptions=True)


async def _next(updates: AsyncIterator[LiveUpdate]) -> LiveUpdate | None:
    return await anext(updates, None)


def _event(site: Site, update: LiveUpdate, top: Any) -> bytes:
    data = {
        "totals": update.totals,
        "actions": site.pages.fragment("_actions.html", actions=update.actions),
        "top": site.pages.fragment("_top.html", top=top),
        "at": site.now(),
    }
    return b"event: state\ndata: " + msgspec.json.encode(data) + b"\n\n"
