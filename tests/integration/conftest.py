"""The whole bot against the local Discord, in one process."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from discord_emulator.server import Emulator
from discord_emulator.worlds import demo_world
from skynetbot.app import App
from support.demo_town import Town, bot_in


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    demo = demo_world()
    async with Emulator(demo.world, identify_window_s=0.0) as emulator, aiohttp.ClientSession() as session:
        yield Town(demo, emulator, session)


@pytest.fixture
async def app(town: Town, tmp_path: Path) -> AsyncIterator[App]:
    async with bot_in(town, tmp_path) as running:
        yield running
