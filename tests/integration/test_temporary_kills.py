"""A real process, killed with -9 during a ban, a mute, a role, a lock and a slow mode: each ends on time, and once."""

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from discord_emulator.faults import Fault
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.cases import CaseRepository, CaseRow
from skynetbot.storage.sqlite import SqliteStore
from support.demo_town import Town, eventually, free_port
from support.measures import ROLES, UNBAN, audit, badge, because, chan, everyone, id_of, option, sub, user

pytestmark = pytest.mark.slow

OVERWRITE_DELETE, CHANNEL_UPDATE = 15, 11
START_ROUTES = r"(PUT .*/bans/|PATCH .*/members/|PUT .*/roles/|PUT .*/permissions/|PATCH .*/channels/\d+$)"
END_ROUTES = r"(DELETE .*/bans/|DELETE .*/roles/|DELETE .*/permissions/|PATCH .*/channels/\d+$)"
KINDS = {"tempban", "mute", "temprole", "lock", "slowmode"}


class Trial:
    """The town, the bot as a process, and its database."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.folder = folder
        self.gift = badge(town)
        self.child: subprocess.Popen[str] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SKYNETBOT_")},
            "SKYNETBOT_DATA_DIR": str(folder),
            "SKYNETBOT_WEB_PORT": str(free_port()),
            "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
            "DISCORD_TOKEN": town.demo.bot.token,
        }

    async def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "skynetbot.cli", "run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
        )
        await asyncio.to_thread(self._until_connected, self.child)

    def kill(self) -> None:
        """kill -9."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            assert self.child.stdout is not None
            self.child.stdout.close()
            self.child = None

    async def order_all(self, duration: str) -> None:
        """The five orders at once, without waiting for their answers."""
        town = self.town
        give = sub("give", user(town, "kofi"), option("role", str(self.gift.id), 8), option("duration", duration))
        slow = [option("seconds", 30, 4), chan(town, "off-topic"), option("duration", duration)]
        await town.command("ada", "tempban", [user(town, "emre"), *because(duration)])
        await town.command("ada", "mute", [user(town, "goran"), *because(duration)])
        await town.command("ada", "temprole", give)
        await town.command("ada", "lock", [*because(duration), chan(town, "help")])
        await town.command("ada", "slowmode", slow)

    def in_force(self) -> dict[str, bool]:
        """What a person would find in Discord now."""
        town, members = self.town, self.town.guild.members
        until = members[id_of(town, "goran")].timeout_until
        return {
            "tempban": id_of(town, "emre") in town.guild.bans,
            "mute": until is not None and until.timestamp() > time.time(),
            "temprole": self.gift.id in members[id_of(town, "kofi")].roles,
            "lock": everyone(town, "help") is not None,
            "slowmode": town.channel("off-topic").rate_limit_per_user == 30,
        }

    @contextmanager
    def nobody_writes(self) -> Iterator[None]:
        """Hold the database's write lock: what the process does now it cannot record."""
        connection = apsw.Connection(str(self.folder / "skynetbot.sqlite3"))
        connection.set_busy_timeout(5_000)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    async def ends(self, within_s: float) -> dict[str, float]:
        """When each was seen to be over in Discord."""
        over: dict[str, float] = {}
        async with asyncio.timeout(within_s):
            while len(over) < len(KINDS):
                for kind, there in self.in_force().items():
                    if not there:
                        over.setdefault(kind, time.time())
                await asyncio.sleep(0.01)
        return over

    async def cases(self) -> dict[str, CaseRow]:
        """Every case, by kind; read beside the running process."""
        store = SqliteStore(self.folder / "skynetbot.sqlite3", Metrics())
        await store.open()
        try:
            repository, town = CaseRepository(store), self.town
            targets = [id_of(town, name) for name in ("emre", "goran", "kofi")]
            targets += [town.channel(name).id for name in ("help", "off-topic")]
            found = [case for target in targets for case in await repository.of_user(town.guild.id, target)]
        finally:
            await store.close()
        assert len({case.kind for case in found}) == len(found), "no order twice"
        return {case.kind: case for case in found}

    async def cases_when(self, condition: Callable[[dict[str, CaseRow]], bool], within_s: float) -> dict[str, CaseRow]:
        async with asyncio.timeout(within_s):
            while not condition(found := await self.cases()):
                await asyncio.sleep(0.1)
        return found

    def count_of_ends(self) -> tuple[int, int, int, int]:
        """How often a ban was lifted, a role given or taken, an overwrite removed, a channel changed."""
        return tuple(len(audit(self.town, action)) for action in (UNBAN, ROLES, OVERWRITE_DELETE, CHANNEL_UPDATE))  # type: ignore[return-value]

    @staticmethod
    def _until_connected(child: "subprocess.Popen[str]") -> None:
        assert child.stdout is not None
        seen: list[str] = []
        for line in child.stdout:
            seen.append(line)
            if re.search("is connected", line):
                return
        raise AssertionError("".join(seen))


@asynccontextmanager
async def trial(town: Town, folder: Path) -> AsyncIterator[Trial]:
    running = Trial(town, folder)
    try:
        yield running
    finally:
        running.kill()


def all_closed(cases: dict[str, CaseRow]) -> bool:
    return all(case.closed_at is not None for case in cases.values())


LATE_S = 2.0
"""On a busy machine; alone it is a few hundredths of a second."""


@pytest.mark.parametrize(("lasting", "away_s"), [(12, 0.0), (4, 4.5)])
async def test_killed_while_they_last(town: Town, tmp_path: Path, lasting: int, away_s: float) -> None:
    """The new process is there before they end, or only after."""
    async with trial(town, tmp_path) as run:
        await run.start()
        await run.order_all(f"{lasting}s")
        await eventually(lambda: all(run.in_force().values()))
        run.kill()
        await asyncio.sleep(away_s)
        watching = asyncio.create_task(run.ends(30))
        await run.start()
        connected = time.time()
        over = await watching
        cases = await run.cases_when(all_closed, 5)
        assert set(cases) == KINDS
        for kind, case in cases.items():
            assert case.expires_at is not None
            assert case.closed_at is not None
            latest = max(case.expires_at, connected) + LATE_S
            assert case.expires_at - 0.05 <= over[kind] <= latest, kind
            assert case.expires_at <= case.closed_at <= latest, kind
        assert run.count_of_ends() == (1, 2, 1, 2)


@pytest.mark.parametrize("reached", [False, True])
async def test_killed_between_the_commit_and_what_is_recorded(town: Town, tmp_path: Path, reached: bool) -> None:
    """The orders are committed; Discord has done them and nobody wrote it down, or Discord never heard of them."""
    async with trial(town, tmp_path) as run:
        await run.start()
        faults = town.emulator.context.faults
        faults.add(Fault(route=START_ROUTES, delay_s=1.0, status=None if reached else 503, times=None))
        await run.order_all("15s")
        await eventually(lambda: faults.applied == 5)
        with run.nobody_writes():
            if reached:
                await eventually(lambda: all(run.in_force().values()))
                await asyncio.sleep(0.2)
            run.kill()
        faults.clear()
        await asyncio.sleep(1.5)
        assert all(run.in_force().values()) is reached
        assert any(run.in_force().values()) is reached
        await run.start()
        await eventually(lambda: all(run.in_force().values()))
        over = await run.ends(30)
        cases = await run.cases_when(all_closed, 5)
        assert set(cases) == KINDS
        for kind, case in cases.items():
            assert case.expires_at is not None
            assert case.expires_at - 0.05 <= over[kind] <= case.expires_at + LATE_S, kind
        lifted, roles, removed, changed = run.count_of_ends()
        assert (lifted, removed) == (1, 1)
        # Carried out once more, where it had been done: the same again.
        assert (roles, changed) == ((3, 3) if reached else (2, 2))


async def test_killed_while_they_are_ended(town: Town, tmp_path: Path) -> None:
    async with trial(town, tmp_path) as run:
        await run.start()
        await run.order_all("4s")
        await eventually(lambda: all(run.in_force().values()))
        town.emulator.context.faults.add(Fault(route=END_ROUTES, delay_s=1.0, status=503, times=None))
        before = town.emulator.context.faults.applied
        await eventually(lambda: town.emulator.context.faults.applied >= before + 4)
        run.kill()
        town.emulator.context.faults.clear()
        await run.start()
        await run.ends(10)
        assert set(await run.cases_when(all_closed, 5)) == KINDS
        assert run.count_of_ends() == (1, 2, 1, 2)


async def test_killed_at_any_instant_nothing_is_left_behind(town: Town, tmp_path: Path) -> None:
    kills = int(os.environ.get("SKYNETBOT_TEST_KILLS", "4"))
    async with trial(town, tmp_path) as run:
        await run.start()
        ordering = asyncio.create_task(run.order_all("8s"))
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0, 0.12))
            run.kill()
            await run.start()
        await asyncio.gather(ordering, return_exceptions=True)
        cases = await run.cases_when(all_closed, 20)
        await run.ends(10)
        # An order that was not committed leaves nothing at all; one that was is carried out, or says that it was not.
        for kind, case in cases.items():
            assert case.expires_at is not None
            assert case.closed_at is not None
            assert case.closed_at >= case.expires_at, kind
        jobs = await _jobs_left(run)
        assert jobs == []


async def _jobs_left(run: Trial) -> list[Any]:
    store = SqliteStore(run.folder / "skynetbot.sqlite3", Metrics())
    await store.open()
    try:
        from skynetbot.storage.jobs import JobRepository

        async with asyncio.timeout(5):
            while rows := await JobRepository(store).pending(guild_id=run.town.guild.id):
                await asyncio.sleep(0.1)
        return [*rows, *await JobRepository(store).dead(guild_id=run.town.guild.id)]
    finally:
        await store.close()
