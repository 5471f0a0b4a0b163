"""Fixtures of the bot's unit tests: fresh databases on both engines, batched writes over them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind
from support.servers import PostgresServer, postgres_problem


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One real server for this worker; what a test needs of durability is not needed here."""
    problem = postgres_problem()
    if problem is not None:
        pytest.skip(problem)
    with PostgresServer(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The address of a database with today's schema, to be copied."""
    url = postgres.create_database()

    async def migrate() -> None:
        store = PostgresStore(url, Metrics())
        await store.open()
        await store.close()

    # In a thread: whoever asks may be in an event loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrate())).result()
    return url


@pytest.fixture
async def database(tmp_path: Path, metrics: Metrics) -> AsyncIterator[SqliteStore]:
    """The embedded engine, for tests that are not about storage."""
    opened = SqliteStore(tmp_path / "test.sqlite3", metrics)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def store(engine: str, tmp_path: Path, metrics: Metrics, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A fresh, open database on each engine."""
    opened: Store
    if engine == "sqlite":
        opened = SqliteStore(tmp_path / "test.sqlite3", metrics)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        opened = PostgresStore(server.create_database(request.getfixturevalue("migrated")), metrics)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def writes(store: Store, tmp_path: Path, metrics: Metrics) -> AsyncIterator[WriteBehind]:
    """Batched writes that flush only when told to."""
    opened = WriteBehind(store, tmp_path / "journal", metrics)
    await opened.open()
    yield opened
    await opened.close()
