"""From every released schema to the newest, on both engines: no row is lost, and the result is like a fresh one.

``released/`` holds the SQL of each released version as it was. A release adds its two files, and its rows to `FILLS`.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from skynetbot.storage import migrations
from skynetbot.storage.errors import StorageError
from skynetbot.storage.migrations import MIGRATIONS, NEWEST, POSTGRES_WORDS, SQLITE_WORDS
from skynetbot.storage.positions import DeadWriteRepository
from skynetbot.storage.sessions import SessionRepository
from skynetbot.storage.settings import SavedSettings, SettingsRepository, SettingsRow, SettingsSave
from skynetbot.storage.statements import Work, fetch
from skynetbot.storage.store import Store
from support.bodies import put, stored

RELEASED = Path(__file__).parent / "released"
VERSIONS = [int(path.name[:4]) for path in sorted(RELEASED.glob("*.sqlite.sql"))]
WORDS = {"sqlite": SQLITE_WORDS, "postgres": POSTGRES_WORDS}

FILLS = {
    1: """
INSERT INTO guild_settings VALUES (1, 'ranks', 3, {body}, 9, 'Ada', 1.5), (2, 'ranks', 1, {body}, 9, 'Ada', 2.5);
INSERT INTO member_activity VALUES (1, 7, 42), (1, 8, 9223372036854775807), (2, 7, 0);
INSERT INTO member_names VALUES (1, 7, 'Ada'), (2, 7, 'Ada Lovelace 😀');
INSERT INTO guild_day_activity VALUES (1, 20000, 40), (1, 20001, 2), (2, 20000, 0);
INSERT INTO member_ranks VALUES (1, 7, 5, 12.25);
INSERT INTO actions (at, guild_id, feature, kind, subject, summary, reason, channel_id, user_id, message_id,
    settings_version, evidence) VALUES (1.5, 1, 'f', 'k', 's', 'u', 'r', 1, NULL, 3, 2, {body});
INSERT INTO web_sessions VALUES ('key', {body}, 99.5), ('for ever', {body}, NULL);
""",
}
BODY = b'{"limit":3}'
KEPT = {
    "SELECT guild_id, feature, version, body, author_id, author_name, at FROM guild_settings ORDER BY 1": [
        (1, "ranks", 3, BODY, 9, "Ada", 1.5),
        (2, "ranks", 1, BODY, 9, "Ada", 2.5),
    ],
    "SELECT guild_id, user_id, messages, name, last_message_at FROM members ORDER BY 1, 2": [
        (1, 7, 42, "Ada", None),
        (1, 8, (1 << 63) - 1, None, None),
        (2, 7, 0, "Ada Lovelace 😀", None),
    ],
    "SELECT guild_id, day, messages, commands FROM guild_days ORDER BY 1, 2": [
        (1, 20_000, 40, None),
        (1, 20_001, 2, None),
        (2, 20_000, 0, None),
    ],
    "SELECT * FROM member_ranks": [(1, 7, 5, 12.25)],
    "SELECT * FROM actions": [(1, 1.5, 1, "f", "k", "s", "u", "r", 1, None, 3, 2, BODY)],
    "SELECT key, value, expires_at FROM web_sessions ORDER BY 1 DESC": [("key", BODY, 99.5), ("for ever", BODY, None)],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_released_migration_never_changes(engine: str, version: int) -> None:
    number, text = MIGRATIONS[version - 1]
    assert number == version
    assert text.format_map(WORDS[engine]) == (RELEASED / f"{version:04}.{engine}.sql").read_text("utf-8")


def test_migrations_are_numbered_without_gaps_and_every_release_has_rows_here() -> None:
    assert [number for number, _ in MIGRATIONS] == list(range(1, NEWEST + 1))
    assert list(FILLS) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_database_of_every_released_version_keeps_its_rows(
    engine: str, address: str, make_store: Callable[[], Store], version: int
) -> None:
    await build(engine, address, version)
    store = make_store()
    assert await store.open() == NEWEST
    for sql, rows in KEPT.items():
        assert await rows_of(store, sql) == rows
    # And the code of today finds them.
    settings = SettingsRepository(store)
    assert await settings.all_of(1) == SavedSettings(1, {"ranks": SettingsRow("ranks", 3, BODY)})
    # What was saved before there was a history is its beginning, and later changes follow it.
    (first,) = await settings.changes(1)
    assert (first.revision, first.version, first.before, first.after, first.source) == (
        1,
        3,
        None,
        BODY,
        "before history",
    )
    save = [SettingsSave("ranks", 3, b"{}")]
    after = await settings.save(1, save, author_id=9, author_name="Ada", at=2.5, source="discord")
    assert (after.revision, after.rows["ranks"].version) == (2, 4)
    assert await settings.bodies_at(1, 1) == {"ranks": BODY}
    assert await SessionRepository(store).get("for ever", 1e9) == (BODY, None)
    assert await DeadWriteRepository(store).recent() == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_migrated_database_has_the_schema_of_a_fresh_one(
    engine: str, address: str, make_store: Callable[[], Store], store: Store, version: int
) -> None:
    await build(engine, address, version)
    migrated = make_store()
    await migrated.open()
    schema = await schema_of(engine, migrated)
    assert schema == await schema_of(engine, store)
    assert {"members", "write_positions"} <= {row[0] for row in schema}
    assert "member_names" not in {row[0] for row in schema}


async def test_a_migration_that_fails_changes_nothing(
    make_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_store()
    await before.open()
    await before.run("members", "put", lambda: put(7))
    await before.close()
    broken = (NEWEST + 1, "DELETE FROM members; CREATE TABLE half_done (n {int}); INSERT INTO no_such_table VALUES (1)")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
        patch.setattr(migrations, "NEWEST", NEWEST + 1)
        with pytest.raises(StorageError, match="no_such_table"):
            await make_store().open()
    again = make_store()
    assert await again.open() == NEWEST
    assert await stored(again) == {7: 1}
    with pytest.raises(StorageError, match="half_done"):
        await rows_of(again, "SELECT * FROM half_done")


_OPENER = """
import asyncio, sys
from pathlib import Path
from skynetbot.observability.metrics import Metrics
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.sqlite import SqliteStore

async def main():
    for address in sys.argv[1:]:
        url = address.startswith("postgresql:")
        store = PostgresStore(address, Metrics()) if url else SqliteStore(Path(address), Metrics())
        print(await store.open())
        await store.close()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


async def test_two_processes_may_open_a_new_database_at_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Exactly one of them migrates then: making the tables for the second time is an error."""
    if engine == "sqlite":
        addresses = [str(tmp_path / f"{number}.sqlite3") for number in range(8)]
    else:
        addresses = [request.getfixturevalue("postgres").create_database() for _ in range(2)]
    for out, errors in await asyncio.to_thread(open_in_two_processes, addresses):
        assert errors == ""
        assert out.split() == [str(NEWEST)] * len(addresses)


def open_in_two_processes(addresses: Sequence[str]) -> list[tuple[str, str]]:
    """What each of them says."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", _OPENER, *addresses]
    processes = [subprocess.Popen(command, text=True, env=environment, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=30) for process in processes]


async def build(engine: str, address: str, version: int) -> None:
    """A database as this released version left it, with rows in all of its tables."""
    scripts = [(RELEASED / f"{number:04}.{engine}.sql").read_text("utf-8") for number in range(1, version + 1)]
    body = f"X'{BODY.hex()}'" if engine == "sqlite" else rf"'\x{BODY.hex()}'"
    scripts.append(FILLS[version].format(body=body))
    if engine == "sqlite":
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        file = apsw.Connection(address)
        file.execute("\n".join([*scripts, f"PRAGMA user_version = {version}"]))
        file.close()
        return
    scripts.append("CREATE TABLE schema_version (version BIGINT NOT NULL)")
    server = await asyncpg.connect(address)
    await server.execute(";".join(scripts))
    numbers = [(number,) for number in range(1, version + 1)]
    await server.executemany("INSERT INTO schema_version VALUES ($1)", numbers)
    await server.close()


async def rows_of(store: Store, sql: str) -> list[tuple[Any, ...]]:
    def work() -> Work[list[tuple[Any, ...]]]:
        return (yield from fetch(sql))

    return await store.read("test", "rows", work, scan=True)


async def schema_of(engine: str, store: Store) -> list[tuple[Any, ...]]:
    """Everything that tells two schemas apart; the table's name comes first."""
    if engine == "sqlite":
        return await rows_of(store, "SELECT tbl_name, type, name, sql FROM sqlite_master ORDER BY 1, 2, 3")
    columns = await rows_of(
        store,
        "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default, is_identity "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 3",
    )
    indexes = await rows_of(
        store, "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
    )
    constraints = await rows_of(
        store,
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    )
    return columns + indexes + constraints
