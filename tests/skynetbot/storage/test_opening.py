"""Opening a database: it is migrated once, and what makes it impossible is named, without the password."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from skynetbot.errors import ConfigurationError
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.errors import StorageError
from skynetbot.storage.migrations import NEWEST
from skynetbot.storage.opening import store_for
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store
from support.bodies import put, stored
from support.servers import PostgresServer


async def test_opening_twice_migrates_once(make_store: Callable[[], Store]) -> None:
    first = make_store()
    assert await first.open() == NEWEST
    await first.run("members", "put", lambda: put(7))
    await first.close()
    second = make_store()
    assert await second.open() == NEWEST
    assert await stored(second) == {7: 1}


async def test_two_stores_share_one_database(make_store: Callable[[], Store]) -> None:
    stores = [make_store(), make_store()]
    assert await asyncio.gather(*(store.open() for store in stores)) == [NEWEST, NEWEST]
    await stores[0].run("members", "put", lambda: put(7))
    assert await stored(stores[1]) == {7: 1}


async def test_a_database_of_a_newer_version_is_refused_with_advice(
    engine: str, make_store: Callable[[], Store]
) -> None:
    def from_the_future() -> Work[None]:
        yield from fetch(
            "PRAGMA user_version = 9999" if engine == "sqlite" else "INSERT INTO schema_version VALUES (9999)"
        )

    today = make_store()
    await today.open()
    await today.run("schema", "raise", from_the_future)
    await today.close()
    with pytest.raises(StorageError, match=f"schema 9999, this SkynetBot knows {NEWEST}.*newer version.*backup"):
        await make_store().open()


@pytest.mark.parametrize("case", ["a folder that is a file", "a file that is no database", "a folder"])
async def test_a_path_that_cannot_be_used_is_named(case: str, tmp_path: Path) -> None:
    path = tmp_path / "here"
    if case == "a folder":
        path.mkdir()
    else:
        path.write_text("This is a letter, and no database. " * 100)
    store = SqliteStore(path / "db.sqlite3" if case == "a folder that is a file" else path, Metrics())
    with pytest.raises(StorageError, match=rf"The database {path}.* cannot be opened: .*rights and space"):
        await store.open()
    with pytest.raises(StorageError):
        await store.ping()
    await store.close()


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("127.0.0.1:9/skynet", "127.0.0.1:9/skynet"),
        ("[::1]:9/skynet", r"\[::1\]:9/skynet"),
        ("127.0.0.1:9,localhost:9/skynet", "127.0.0.1:9,localhost:9/skynet"),
        ("no-such-host.invalid/skynet", "no-such-host.invalid:5432/skynet"),
        ("127.0.0.1:9/skynet?sslmode=rubbish", "sslmode"),
        ("127.0.0.1:123456/skynet", "cannot be read"),
        ("127.0.0.1:rubbish/skynet", "cannot be read"),
        ("[::1/skynet", "cannot be read"),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_the_password(place: str, named: str) -> None:
    await _fails_to_open(f"postgresql://skynet:s3cret@{place}", named)


@pytest.mark.parametrize("sign", "/?#")
@pytest.mark.parametrize("half", ["s3cret", "1234"])
async def test_a_password_with_a_bare_sign_that_ends_it_is_not_shown_either(sign: str, half: str) -> None:
    await _fails_to_open(f"postgresql://skynet:{half}{sign}s3cret@127.0.0.1:9/skynet", "write %2F for /")


async def test_an_at_sign_in_the_password_is_nothing_special() -> None:
    await _fails_to_open("postgresql://skynet:s3cret@s3cret@127.0.0.1:9/skynet", "The database 127.0.0.1:9/skynet")


async def test_a_database_that_the_server_does_not_have_is_named(postgres: PostgresServer) -> None:
    await _fails_to_open(
        f"postgresql://postgres:s3cret@127.0.0.1:{postgres.port}/nowhere",
        'database "nowhere" does not exist.*SKYNETBOT_DATABASE_URL',
    )


def test_the_database_is_the_file_unless_a_url_says_otherwise(tmp_path: Path) -> None:
    store = store_for(OperatorSettings(data_dir=str(tmp_path)), Metrics())
    assert isinstance(store, SqliteStore)
    assert store.name == f"{tmp_path}/skynetbot.sqlite3"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_url_means_the_server(scheme: str) -> None:
    store = store_for(OperatorSettings(database_url=f"{scheme}://u:s3cret@there/bot"), Metrics())
    assert isinstance(store, PostgresStore)
    assert store.name == "there:5432/bot"


def test_a_url_of_another_kind_is_a_configuration_error_that_names_the_kind() -> None:
    with pytest.raises(ConfigurationError, match="'mysql'") as caught:
        store_for(OperatorSettings(database_url="mysql://u:s3cret@there/bot"), Metrics())
    assert "s3cret" not in str(caught.value)


async def _fails_to_open(url: str, named: str) -> None:
    store = PostgresStore(url, Metrics(), timeout_s=2)
    with pytest.raises(StorageError, match=named) as caught:
        await store.open()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in store.name
    await store.close()
