"""Plays a recorded chat into a world: each stream becomes a server, each author a member, at any speed.

File format: one JSON object a line (plain or zstd): ``t`` epoch milliseconds, ``c`` stream, ``u`` author,
``k`` m message, a action, j join, q leave, n rename (``x`` is the new name), ``x`` text, ``b`` 1 for bots.
Mentions are written ``<@author>``.
"""

import asyncio
import io
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, Literal

import msgspec

from discord_emulator.entities import Application, Channel, Guild, User
from discord_emulator.gateway.server import Gateway
from discord_emulator.world import World
from discord_emulator.worlds import install_bot

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Replay", "ReplayError", "ReplayEvent", "read_events"]

_MENTION: Final = re.compile(r"<@!?([A-Za-z][A-Za-z0-9_]*)>")
_MAX_BACKLOG: Final = 5_000
"""Frames that may wait for the slowest client before the replay waits too."""
_YIELD_EVERY: Final = 50
_MAX_CONTENT: Final = 2_000


class ReplayError(Exception):
    """The file cannot be played; the message names the line and what is wrong with it."""


class ReplayEvent(msgspec.Struct, frozen=True):
    t: int
    c: str
    k: Literal["m", "a", "j", "q", "n"]
    u: str
    x: str = ""
    b: int = 0


def read_events(path: Path, *, limit: int | None = None) -> Iterator[ReplayEvent]:
    """The file's events in order, at most ``limit``.

    Raises:
        ReplayError: a line is not of the format.
        OSError: the file cannot be read.
    """
    decode = msgspec.json.Decoder(ReplayEvent).decode
    with ExitStack() as opened:
        lines: BinaryIO = opened.enter_context(path.open("rb"))
        if path.suffix == ".zst":
            plain = opened.enter_context(zstd.ZstdFile(lines))
            # The compressed file's reader knows no lines as fast as a buffered one does.
            lines = opened.enter_context(io.BufferedReader(plain))
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                if limit is not None and number > limit:
                    return
                yield decode(line)
        except (msgspec.DecodeError, zstd.ZstdError, EOFError) as error:
            raise ReplayError(f"{path} line {number}: {error}") from error


class Replay:
    """One run over one file. ``run`` plays it; cancelling it stops between two events."""

    def __init__(
        self,
        world: World,
        gateway: Gateway,
        application: Application,
        path: Path,
        *,
        speed: float,
        owner: User,
        one_server: bool = False,
    ) -> None:
        """``speed`` 1 is real time, 20 twenty times as fast, 0 as fast as the clients read.

        With ``one_server`` the streams become channels of one server, named after the file.
        """
        self._world = world
        self._gateway = gateway
        self._application = application
        self._path = path
        self._speed = speed
        self._owner = owner
        self._one_server = one_server
        self._channels: dict[str, Channel] = {}
        self.guilds: dict[str, Guild] = {}
        self.authors: dict[str, User] = {}
        self.played = 0
        self.messages = 0
        self.refused = 0
        """Messages of authors whom somebody has banned or timed out meanwhile."""
        self.finished = False

    def prepare(self, *, limit: int | None = None) -> None:
        """Make the servers of every stream before the first event, so that bots know them in time."""
        for event in read_events(self._path, limit=limit):
            if event.c not in self.guilds:
                self._add_guild(event.c)

    async def run(self, *, limit: int | None = None) -> None:
        """Play the file once."""
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        first_ms: int | None = None
        for event in read_events(self._path, limit=limit):
            if first_ms is None:
                first_ms = event.t
            if self._speed > 0:
                due = started_at + (event.t - first_ms) / 1000 / self._speed
                pause = due - loop.time()
                if pause > 0.001:
                    await asyncio.sleep(pause)
            if self.played % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
                await self._gateway.wait_backlog(_MAX_BACKLOG)
            self.play(event)
        self.finished = True

    def play(self, event: ReplayEvent) -> None:
        """Make one event happen now."""
        guild = self.guilds.get(event.c)
        if guild is None or guild.id not in self._world.guilds:
            guild = self._add_guild(event.c)
        author = self.authors.get(event.u)
        if author is None:
            author = self._world.create_user(event.u, bot=bool(event.b))
            self.authors[event.u] = author
        self.played += 1
        match event.k:
            case "m" | "a":
                if not self._may_speak(guild, author):
                    self.refused += 1
                    return
                self._enter(guild, author, silent=True)
                text = self._with_mentions(event.x)
                text = f"_{text}_" if event.k == "a" else text
                self.messages += 1
                self._world.create_message(self._channel(event.c, guild), author.id, text[:_MAX_CONTENT])
            case "j" if author.id not in guild.bans:
                self._enter(guild, author, silent=False)
            case "q":
                self._world.remove_member(guild, author.id)
            case "n" if author.id not in guild.bans:
                member = self._enter(guild, author, silent=True)
                self._world.update_member(guild, guild.members[member], nick=event.x[:32] or None)

    def stats(self) -> dict[str, int | bool]:
        return {
            "played": self.played,
            "messages": self.messages,
            "refused": self.refused,
            "authors": len(self.authors),
            "guilds": len(self.guilds),
            "finished": self.finished,
        }

    def _add_guild(self, stream: str) -> Guild:
        existing = next(iter(self.guilds.values()), None) if self._one_server else None
        if existing is None or existing.id not in self._world.guilds:
            name = self._path.name.partition(".")[0] if self._one_server else stream
            existing = self._world.create_guild(name, self._owner)
            install_bot(self._world, existing, self._application)
            self._channels[stream] = self._world.channels[existing.system_channel_id or 0]
            if self._one_server:
                self._world.update_channel(self._channels[stream], name=stream)
        self.guilds[stream] = existing
        return existing

    def _may_speak(self, guild: Guild, author: User) -> bool:
        if author.id in guild.bans:
            return False
        member = guild.members.get(author.id)
        return member is None or member.timeout_until is None or member.timeout_until <= self._world.time()

    def _enter(self, guild: Guild, author: User, *, silent: bool) -> int:
        if author.id not in guild.members:
            self._world.add_member(guild, author, silent=silent)
        return author.id

    def _channel(self, stream: str, guild: Guild) -> Channel:
        """Where the stream plays; a new one when somebody has deleted it."""
        channel = self._channels.get(stream)
        if channel is None or channel.id not in self._world.channels:
            channel = self._channels[stream] = self._world.create_channel(guild, stream)
        return channel

    def _with_mentions(self, text: str) -> str:
        if "<@" not in text:
            return text

        def known(match: re.Match[str]) -> str:
            author = self.authors.get(match[1])
            return f"<@{author.id}>" if author is not None else f"@{match[1]}"

        return _MENTION.sub(known, text)
