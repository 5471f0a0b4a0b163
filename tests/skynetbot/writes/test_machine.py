"""Random lives of several writers: whatever fails and dies in between, the tables equal sequential execution.

The model applies each writer's operations, in their order, at the instant at which they are committed; reads of a
writer see its own waiting operations on top.
"""

import asyncio
import copy
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import StorageError
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.rows import unstored
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import Row, SelectRows, Work, fetch
from skynetbot.storage.store import Store
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.operations import Append, Delete, Increment, Operation, Set
from support.flaky_store import FlakyStore
from support.plain_rows import FIELDS, SAMPLE, SETS, PlainRows
from support.sample_operations import keys, operations
from support.servers import PostgresServer

_CREATE = """
CREATE TABLE sample (place {int}, kind {text}, total {int}, other {int}, seen {real}, name {text}, last {text},
    PRIMARY KEY (place, kind)) {narrow};
CREATE TABLE sample_tags (place {int}, kind {text}, member {text}, PRIMARY KEY (place, kind, member)) {narrow};
CREATE TABLE sample_voters (place {int}, kind {text}, member {int}, PRIMARY KEY (place, kind, member)) {narrow};
"""
_TABLES = {"sample": SAMPLE}

Step = tuple[Any, ...]
_writers = st.integers(0, 1)
_increments = st.builds(Increment, st.just("sample"), keys, st.just("total"), st.integers(1, 3))
_groups = st.lists(_increments | operations, min_size=1, max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("soon"), _writers, _groups),
        st.tuples(st.just("soon"), _writers, _groups),
        st.tuples(st.just("now"), _writers, _groups),
        st.tuples(st.just("flush"), _writers),
        st.tuples(st.just("fail"), _writers, st.sampled_from(["before", "after"])),
        st.tuples(st.just("crash"), _writers),
        st.tuples(st.just("close"), _writers),
        st.tuples(st.just("read"), _writers, keys),
    ),
    max_size=25,
)


class Writer:
    """One process of the real thing, with what it has accepted and not committed."""

    def __init__(self, store: Store, journals: Path, model: PlainRows) -> None:
        self.flaky = FlakyStore(store)
        self._journals = journals
        self._model = model
        self.waiting: list[Operation] = []
        self.writes: WriteBehind | None = None
        self.journal = ""

    async def open(self) -> WriteBehind:
        if self.writes is None:
            self.writes = WriteBehind(self.flaky, self._journals, Metrics(), tables=_TABLES)
            await self.writes.open()
            self.journal = self.writes._opened_journal().writer
        return self.writes

    def committed(self) -> None:
        for operation in self.waiting:
            self._model.apply(operation)
        self.waiting = []

    async def crash(self) -> None:
        """What kill -9 leaves: the lock is free, nothing else was done."""
        writes, self.writes = self.writes, None
        self.flaky.fail_next = None
        assert writes is not None
        assert writes._syncing is not None
        writes._syncing.cancel()
        await asyncio.gather(writes._syncing, return_exceptions=True)
        writes._opened_durability().close()
        os.close(writes._opened_journal()._lock or 0)


class Life:
    """Two writers over one database, and the model beside them."""

    def __init__(self, store: Store, journals: Path) -> None:
        self.store = store
        self.model = PlainRows()
        self.left: dict[str, list[Operation]] = {}
        """What waited in the journals of the dead."""
        self.writers = [Writer(store, journals, self.model) for _ in range(2)]

    async def step(self, step: Step) -> None:
        name, which, *rest = step
        writer = self.writers[which]
        if name == "crash":
            await self._crash(writer)
            return
        writes = writer.writes or await self._start(writer)
        await getattr(self, f"_{name}")(writer, writes, *rest)

    async def _start(self, writer: Writer) -> WriteBehind:
        writes = await writer.open()
        # The journal that it claimed may be the one of the other; every one that nobody holds was committed.
        writer.waiting = self.left.pop(writer.journal, [])
        for left in self.left.values():
            for operation in left:
                self.model.apply(operation)
        self.left = {}
        return writes

    async def _soon(self, writer: Writer, writes: WriteBehind, group: list[Operation]) -> None:
        await writes.soon(*group)
        writer.waiting.extend(group)

    async def _now(self, writer: Writer, writes: WriteBehind, group: list[Operation]) -> None:
        touched = writes._pending.touches([(o.collection, o.key) for o in group])
        touched |= writes._in_flight is not None and writes._in_flight.touches([(o.collection, o.key) for o in group])
        fail = writer.flaky.fail_next
        if writes._in_flight is not None:
            # Which of several transactions would fail is the failure's choice, not the model's.
            writer.flaky.fail_next = fail = None
        try:
            await writes.now(*group)
        except StorageError:
            assert fail
            if fail == "before":
                return
        if touched:
            writer.committed()
        for operation in group:
            self.model.apply(operation)

    async def _flush(self, writer: Writer, writes: WriteBehind) -> None:
        writer.flaky.fail_next, fail = None, writer.flaky.fail_next
        if fail is not None and writes._in_flight is None and writer.waiting:
            writer.flaky.fail_next = fail
            with pytest.raises(StorageError):
                await writes.flush()
            if fail == "after":
                writer.committed()
            return
        await writes.flush()
        writer.committed()

    async def _fail(self, writer: Writer, writes: WriteBehind, how: Any) -> None:
        writer.flaky.fail_next = how

    async def _close(self, writer: Writer, writes: WriteBehind) -> None:
        writer.flaky.fail_next = None
        writer.writes = None
        await writes.close()
        writer.committed()

    async def _read(self, writer: Writer, writes: WriteBehind, key: tuple[Any, ...]) -> None:
        expected = copy.deepcopy(self.model)
        for operation in writer.waiting:
            expected.apply(operation)
        values, members = expected.state()

        def work() -> Work[tuple[list[Row], dict[str, list[Row]]]]:
            rows = yield SelectRows(SAMPLE, FIELDS, [key])
            sets = {}
            for name in SETS:
                sql = f"SELECT member FROM sample_{name} WHERE place = ?1 AND kind = ?2"  # noqa: S608
                sets[name] = yield from fetch(sql, *key)
            return rows, sets

        (rows, sets), overlay = await writes.view("sample", "read", work)
        stored = rows[0][2:] if rows else (None,) * len(FIELDS)
        seen = {name: unstored(SAMPLE, name, value) for name, value in zip(FIELDS, stored, strict=True)}
        assert overlay.apply("sample", key, seen) == {name: values.get((key, name)) for name in FIELDS}
        for name in SETS:
            found = overlay.apply_set("sample", key, name, frozenset(row[0] for row in sets[name]))
            assert found == {at[2] for at in members if at[:2] == (key, name)}

    async def _crash(self, writer: Writer) -> None:
        if writer.writes is not None:
            await writer.crash()
            self.left[writer.journal], writer.waiting = writer.waiting, []

    async def finish(self) -> None:
        """Everybody dies; one start later all that was accepted is in the tables, once."""
        for writer in self.writers:
            await self._crash(writer)
        last = self.writers[0]
        await self._close(last, await self._start(last))
        assert await _stored(self.store) == self.model.state()


async def _stored(store: Store) -> tuple[dict[Any, Any], set[Any]]:
    def work() -> Work[tuple[list[Row], dict[str, list[Row]]]]:
        rows = yield from fetch("SELECT place, kind, total, other, seen, name, last FROM sample")
        sets = {}
        for name in SETS:
            sets[name] = yield from fetch(f"SELECT place, kind, member FROM sample_{name}")  # noqa: S608
        return rows, sets

    rows, sets = await store.read("sample", "all", work)
    values = {
        (row[:2], name): unstored(SAMPLE, name, value)
        for row in rows
        for name, value in zip(FIELDS, row[2:], strict=True)
        if value is not None
    }
    return values, {(row[:2], name, row[2]) for name, members in sets.items() for row in members}


async def _live(store: Store, journals: Path, life: list[Step]) -> None:
    both = Life(store, journals)
    for step in life:
        await both.step(step)
    await both.finish()


K = (1, "a")
_LOST_ANSWER: list[Step] = [
    ("soon", 0, [Increment("sample", K, "total", 1)]),
    ("fail", 0, "after"),
    ("flush", 0),
    ("read", 0, K),
    ("soon", 0, [Increment("sample", K, "total", 1)]),
    ("crash", 0),
    ("flush", 0),
]
_REPEATED_AFTER_A_LOST_ANSWER: list[Step] = [*_LOST_ANSWER[:3], ("flush", 0), ("read", 0, K)]
_NOW_AFTER_A_FAILED_FLUSH: list[Step] = [
    ("soon", 0, [Increment("sample", K, "total", 1)]),
    ("fail", 0, "before"),
    ("flush", 0),
    ("soon", 0, [Increment("sample", (2, "b"), "total", 1)]),
    ("now", 0, [Increment("sample", (2, "b"), "total", 1)]),
    ("read", 0, K),
]
_DROPPED_AND_BACK: list[Step] = [
    ("now", 0, [Set("sample", K, "total", 2), Append("sample", K, "last", 1, 2)]),
    ("soon", 0, [Delete("sample", K, ""), Increment("sample", K, "total", 1)]),
    ("now", 0, [Increment("sample", K, "total", 1)]),
    ("fail", 0, "after"),
    ("now", 0, [Increment("sample", K, "total", 1)]),
]


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the sample tables, to be copied for each life."""
    from skynetbot.storage.migrations import SQLITE_WORDS

    path = tmp_path_factory.mktemp("machine") / "empty.sqlite3"

    async def make() -> None:
        store = SqliteStore(path, Metrics())
        await store.open()
        await _create(store, SQLITE_WORDS)
        await store.close()

    asyncio.run(make())
    return path


async def _create(store: Store, words: dict[str, str]) -> None:
    def work() -> Work[None]:
        for statement in _CREATE.format_map(words).split(";"):
            if statement.strip():
                yield from fetch(statement)

    await store.run("sample", "create", work)


@given(steps)
@example(_LOST_ANSWER)
@example(_REPEATED_AFTER_A_LOST_ANSWER)
@example(_NOW_AFTER_A_FAILED_FLUSH)
@example(_DROPPED_AND_BACK)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_on_sqlite(empty_file: Path, life: list[Step]) -> None:
    folder = Path(tempfile.mkdtemp(dir=empty_file.parent))
    shutil.copy(empty_file, folder / "life.sqlite3")

    async def live() -> None:
        store = SqliteStore(folder / "life.sqlite3", Metrics(), power_safe=False)
        await store.open()
        try:
            await _live(store, folder / "journal", life)
        finally:
            await store.close()

    asyncio.run(live())
    shutil.rmtree(folder)


@given(steps)
@example(_LOST_ANSWER)
@example(_REPEATED_AFTER_A_LOST_ANSWER)
@example(_NOW_AFTER_A_FAILED_FLUSH)
@example(_DROPPED_AND_BACK)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_on_postgres(postgres: PostgresServer, sample_url: str, tmp_path: Path, life: list[Step]) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))

    async def live() -> None:
        store = PostgresStore(sample_url, Metrics(), pool_size=3)
        await store.open()
        try:
            await store.run("sample", "empty", _truncate)
            await _live(store, folder / "journal", life)
        finally:
            await store.close()

    asyncio.run(live())


def _truncate() -> Work[None]:
    yield from fetch("TRUNCATE sample, sample_tags, sample_voters, write_positions, dead_writes")


@pytest.fixture(scope="module")
def sample_url(postgres: PostgresServer, migrated: str) -> str:
    from skynetbot.storage.migrations import POSTGRES_WORDS

    url = postgres.create_database(migrated)

    async def make() -> None:
        store = PostgresStore(url, Metrics())
        await store.open()
        await _create(store, POSTGRES_WORDS)
        await store.close()

    asyncio.run(make())
    return url
