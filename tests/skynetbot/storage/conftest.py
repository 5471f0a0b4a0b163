"""Fixtures of the storage tests: stores that are made and opened by the test itself."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.store import Store
from support.servers import PostgresServer

MakeStore: TypeAlias = Callable[[], Store]


@pytest.fixture
def address(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Of a database that has nothing in it: a file that is not there yet, or a URL."""
    if engine == "sqlite":
        return str(tmp_path / "new" / "empty.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
async def make_store(engine: str, address: str) -> AsyncIterator[MakeStore]:
    """Makes stores of one database that nobody has opened; they are closed after the test."""
    made: list[Store] = []

    def make() -> Store:
        made.append(SqliteStore(Path(address), Metrics()) if engine == "sqlite" else PostgresStore(address, Metrics()))
        return made[-1]

    yield make
    for store in made:
        await store.close()
