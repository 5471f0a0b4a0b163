"""A handful of processes, played by one: each has a RelayBus and writes down what it hears."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from skynetbot.bus.relay import RelayBus
from skynetbot.bus.transport import Transport
from tests.skynetbot.bus.members import Join, Member, Until


@pytest.fixture
async def join() -> AsyncIterator[Join]:
    """Starts a member; all are closed at the end, and then no task may be left."""
    before = asyncio.all_tasks()
    members: list[Member] = []

    async def start(transports: Sequence[Transport], **options: Any) -> Member:
        member = Member(RelayBus({"news"}, transports, **{"heartbeat_s": 0.05, "backoff_s": (0.01, 0.1), **options}))
        members.append(member)
        await member.bus.start()
        return member

    yield start
    for member in members:
        await member.bus.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


@pytest.fixture
def until() -> Until:
    """Waits until a condition holds; fails after some seconds."""

    async def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            await asyncio.sleep(0.005)

    return wait
