"""What handlers ask for by name, and how it is made."""

from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.params import Dependency

from skynetbot.web.access import GuildAccess
from skynetbot.web.site import Site

__all__ = ["Access", "AnyRequest", "TheSite", "provide_access", "provide_site", "whole_number"]

AnyRequest = Request[Any, Any, Any]
TheSite = Annotated[Site, Dependency(skip_validation=True)]
Access = Annotated[GuildAccess, Dependency(skip_validation=True)]


async def provide_site(state: State) -> Site:
    site: Site = state.site
    return site


async def provide_access(request: AnyRequest, site: TheSite, guild_id: int) -> GuildAccess:
    """Every handler under a server asks for this; without it, it has no server to show."""
    return await site.door.access_guild(request, guild_id)


def whole_number(text: object) -> int | None:
    """A number out of a query or a form; None for anything else, and for what no number of ours can be."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18 else None
