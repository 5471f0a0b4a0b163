"""A small world behind a running emulator, and short calls to its REST, held against Discord's document."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Application, Channel, Guild, Role, User
from discord_emulator.rest.openapi import Contract
from discord_emulator.server import Emulator
from discord_emulator.world import World
from discord_emulator.worlds import install_bot

__all__ = ["DOCUMENT", "Town", "open_town"]

_ROOT = Path(__file__).parents[2]
DOCUMENT = Path(os.environ.get("DISCORD_OPENAPI") or _ROOT.parent / "shared/data/discord_api/openapi.json.zst")
REDIRECT = "http://127.0.0.1:9/callback"


@cache
def _document() -> Contract:
    return Contract.load(DOCUMENT)


def contract() -> Contract | None:
    """A fresh contract over the document, which is parsed once; None where it is not present."""
    if not DOCUMENT.exists():
        return None
    return _document().again()


@dataclass
class Town:
    """``owner`` owns the guild, ``ada`` is a member, ``stranger`` is in no guild, ``bot`` has a manager's role."""

    emulator: Emulator
    http: aiohttp.ClientSession
    owner: User
    ada: User
    stranger: User
    application: Application
    bot: User
    guild: Guild
    general: Channel
    role: Role
    events: list[Dispatch] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.emulator.world

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: User | None = None,
        expect: int | None = None,
        reason: str | None = None,
        bearer: str | None = None,
        anonymous: bool = False,
        data: Any = None,
    ) -> Any:
        """Call as the bot unless ``by`` says otherwise; the decoded answer, after its status was checked."""
        caller = by or self.bot
        headers = {} if anonymous else {"Authorization": f"Bot {caller.token}" if caller.bot else caller.token}
        if bearer is not None:
            headers = {"Authorization": f"Bearer {bearer}"}
        if reason is not None:
            headers["X-Audit-Log-Reason"] = reason
        more = {} if data is not None else {"json": body} if body is not None else {}
        url = self.emulator.rest_url + path
        async with self.http.request(method, url, headers=headers, data=data, **more) as response:
            answer = await response.json() if response.content_type == "application/json" else await response.text()
            wanted = (expect,) if expect is not None else (200, 201, 204)
            assert response.status in wanted, f"{method} {path}: {response.status} {answer}"
            return answer

    async def refused(self, code: int, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The call fails with this Discord code; its body."""
        status = options.pop("status", None)
        caller = options.pop("by", None) or self.bot
        token = f"Bot {caller.token}" if caller.bot else caller.token
        headers = {} if options.pop("anonymous", False) else {"Authorization": token}
        async with self.http.request(
            method, self.emulator.rest_url + path, json=body, headers=headers, **options
        ) as response:
            answer = await response.json()
            assert response.status >= 400, answer
            assert answer["code"] == code, answer
            assert status in (None, response.status)
            return answer

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The data of every event of this name so far."""
        return [event.data for event in self.events if event.name == name]

    def violations(self) -> list[str]:
        found = self.emulator.context.rooms.get("contract")
        return list(found.violations) if found is not None else []


@asynccontextmanager
async def open_town(**options: Any) -> AsyncIterator[Town]:
    """Start it; leaving fails when an answer was not as Discord documents it."""
    world = options.pop("world", None) or World()
    owner, ada = world.create_user("olive"), world.create_user("ada")
    stranger = world.create_user("stranger")
    application, bot = world.create_application("Helper", owner, [REDIRECT])
    guild = world.create_guild("Town", owner)
    general = next(iter(guild.channels.values()))
    role = world.create_role(guild, "Regular", position=1)
    install_bot(world, guild, application, permissions=(1 << 53) - 1)
    world.add_member(guild, ada)
    emulator = Emulator(world, **options)
    found = contract()
    if found is not None:
        emulator.context.rooms["contract"] = found
    async with emulator, aiohttp.ClientSession() as http:
        town = Town(
            emulator=emulator,
            http=http,
            owner=owner,
            ada=ada,
            stranger=stranger,
            application=application,
            bot=bot,
            guild=guild,
            general=general,
            role=role,
        )
        world.hub.subscribe(town.events.append)
        yield town
        assert not town.violations(), "\n".join(town.violations())
