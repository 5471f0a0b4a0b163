"""Fixtures of the bot's unit tests: a fresh database in a temporary folder, fakes for the outside world."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.database import Database


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def database(tmp_path: Path, metrics: Metrics) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "test.sqlite3", metrics)
    await opened.open()
    yield opened
    await opened.close()
