"""Merged changes of rows do on both engines what a plain dictionary does with them, in a handful of statements."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.errors import RowRefused
from skynetbot.storage.postgres import PostgresStore
from skynetbot.storage.rows import RowChange, apply_rows, stored
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.statements import DeleteRows, Mode, SelectRows, Statement, UpsertRows, Work
from skynetbot.storage.store import Store
from skynetbot.storage.tables import TABLES
from support.pets import PETS, Change, Members, Pets, Rows, SetOf, plainly

numbers = st.integers(-3, 3)
reals = st.sampled_from([-1.5, 0.0, 0.25, 1e300])
texts = st.sampled_from(["", "a", "é😀", "'; DROP TABLE pets; --"])
lists = st.lists(numbers | texts, max_size=3)
EVERY: Sequence[Mode] = ("add", "set", "once", "max", "min")


def change_of(modes: Sequence[Mode], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    nulls = st.builds(Change, st.just("set"), st.none())
    return st.builds(Change, st.sampled_from(modes), values, st.booleans()) | nulls


fields = st.fixed_dictionaries(
    {},
    optional={
        "legs": change_of(EVERY, numbers),
        "weight": change_of(EVERY[1:], reals),
        "name": change_of(("set", "once"), texts),
        "toys": change_of(("set", "once"), lists),
    },
)
sets = st.fixed_dictionaries(
    {},
    optional={
        "friends": st.builds(SetOf, st.booleans(), st.dictionaries(numbers, st.booleans(), max_size=3)),
        "tags": st.builds(SetOf, st.booleans(), st.dictionaries(texts, st.booleans(), max_size=3)),
    },
)
keys = st.tuples(st.integers(1, 2), st.sampled_from(["cat", "dog"]))
changes = st.lists(st.builds(RowChange, keys, st.booleans(), fields, sets), max_size=4, unique_by=lambda c: c.key)
batches = st.lists(st.tuples(changes, st.sampled_from([(), ("legs",), ("toys", "name")])), max_size=4)


@pytest.fixture
async def pets(store: Store) -> Pets:
    made = Pets(store)
    await made.create()
    return made


def test_every_batch_does_what_a_plain_dictionary_does(engine: str, request: pytest.FixtureRequest) -> None:
    """Synchronous, because hypothesis calls it again and again; the loop and the database stay the same."""
    with asyncio.Runner() as runner:
        store = runner.run(_made(engine, request))
        pets = Pets(store)
        runner.run(pets.create())

        @settings(
            max_examples=60,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        @given(batches)
        def check(batches: Sequence[tuple[Sequence[RowChange], tuple[str, ...]]]) -> None:
            runner.run(compare(pets, batches))

        check()
        runner.run(store.close())


async def compare(pets: Pets, batches: Sequence[tuple[Sequence[RowChange], tuple[str, ...]]]) -> None:
    await pets.clear()
    rows: Rows = {}
    members: Members = {}
    for batch, returning in batches:
        told = await pets.apply(*batch, returning=returning)
        plainly(rows, members, batch)
        written = [change.key for change in batch if change.fields]
        assert told == (
            {key: tuple(stored(PETS, name, rows[key][name]) for name in returning) for key in written}
            if returning
            else {}
        )
    assert await pets.rows() == rows
    assert await pets.members() == {place: there for place, there in members.items() if there}


CAT = (1, "cat")


async def test_each_mode_meets_a_stored_value_and_an_absent_one(pets: Pets) -> None:
    modes: dict[Mode, tuple[int, int]] = {"add": (2, 7), "set": (2, 2), "once": (2, 5), "max": (2, 5), "min": (2, 2)}
    for mode, (from_nothing, from_5) in modes.items():
        for said in (True, False):
            change = RowChange(CAT, False, {"legs": Change(mode, 2, said)}, {})
            await pets.clear()
            assert await pets.apply(change, returning=("legs",)) == {CAT: (from_nothing,)}
            await pets.apply(RowChange(CAT, False, {"legs": Change("set", 5)}, {}))
            assert await pets.apply(change, returning=("legs",)) == {CAT: (from_5,)}


async def test_a_computed_change_keeps_the_fields_that_it_does_not_name(pets: Pets) -> None:
    await pets.apply(RowChange(CAT, False, {"name": Change("set", "Tom"), "toys": Change("set", ["ball"])}, {}))
    await pets.apply(RowChange(CAT, False, {"legs": Change("add", 4, said=False)}, {}))
    assert await pets.rows() == {CAT: {"legs": 4, "weight": None, "name": "Tom", "toys": ["ball"]}}


async def test_a_dropped_row_takes_its_sets_along_and_others_keep_theirs(pets: Pets) -> None:
    friends = {"friends": SetOf(False, {1: True, 2: True})}
    for key in (CAT, (1, "dog"), (2, "cat")):
        await pets.apply(RowChange(key, False, {"legs": Change("set", 4)}, friends))
    await pets.apply(
        RowChange(CAT, True, {}, {}),
        RowChange((2, "cat"), True, {"legs": Change("add", 3)}, {"friends": SetOf(False, {9: True})}),
    )
    assert {key: row["legs"] for key, row in (await pets.rows()).items()} == {(1, "dog"): 4, (2, "cat"): 3}
    assert await pets.members() == {((1, "dog"), "friends"): {1, 2}, ((2, "cat"), "friends"): {9}}


async def test_a_row_that_is_refused_takes_the_whole_batch_along(pets: Pets) -> None:
    largest = (1 << 63) - 1
    await pets.apply(RowChange(CAT, False, {"legs": Change("set", largest)}, {}))
    others = [RowChange((home, "dog"), False, {"legs": Change("add", 1)}, {}) for home in range(5)]
    for said in (True, False):
        with pytest.raises(RowRefused):
            await pets.apply(*others, RowChange(CAT, False, {"legs": Change("add", 1, said)}, {}))
    assert {key: row["legs"] for key, row in (await pets.rows()).items()} == {CAT: largest}


async def test_writers_of_the_same_rows_in_any_order_do_not_lose_a_change(pets: Pets) -> None:
    keys = [(home, "cat") for home in range(10)]

    async def write(number: int) -> None:
        for _ in range(5):
            names = keys if number % 2 else keys[::-1]
            await pets.apply(
                *(RowChange(key, False, {"legs": Change("add", 1, said=bool(number % 3))}, {}) for key in names)
            )

    await asyncio.gather(*(write(number) for number in range(6)))
    assert {row["legs"] for row in (await pets.rows()).values()} == {30}


async def test_every_table_of_the_bot_has_the_columns_that_it_declares(store: Store) -> None:
    for table in TABLES.values():
        key = tuple("x" if column.type == "text" else 1 for column in table.key)
        values = {"text": "x", "int": 1, "real": 1.0, "list": []}
        change = RowChange(key, False, {column.name: Change("set", values[column.type]) for column in table.fields}, {})
        names = tuple(column.name for column in table.fields)
        told = await store.run(table.name, "apply", lambda t=table, c=change, n=names: apply_rows(t, [c], n))
        assert told == {key: tuple(values[column.type] for column in table.fields)}


def test_a_batch_of_one_shape_is_one_statement_however_many_rows() -> None:
    batch = [RowChange((home, "cat"), False, {"legs": Change("add", 1)}, {}) for home in range(1000, 0, -1)]
    (statement,) = statements_of(apply_rows(PETS, batch, ("legs",)))
    assert isinstance(statement, UpsertRows)
    assert [row[0] for row in statement.rows] == list(range(1, 1001)), "locks are taken in the order of the keys"


def test_what_sql_cannot_say_reads_locked_rows_that_exist_by_then() -> None:
    batch = [
        RowChange(CAT, True, {"legs": Change("add", 1, said=False)}, {"tags": SetOf(True, {"x": True, "y": False})})
    ]
    kinds = [
        (type(statement).__name__, statement.table.name)
        for statement in statements_of(apply_rows(PETS, batch), {SelectRows: [(*CAT, None)]})
    ]
    assert kinds == [
        *(("DeleteRows", name) for name in ("pets", "pets_friends", "pets_tags")),
        ("UpsertRows", "pets"),
        ("SelectRows", "pets"),
        ("UpsertRows", "pets"),
        *(("DeleteRows", "pets_tags"), ("DeleteRows", "pets_tags"), ("UpsertRows", "pets_tags")),
    ]


def test_nothing_to_do_is_no_statement() -> None:
    assert statements_of(apply_rows(PETS, [])) == []
    assert statements_of(apply_rows(PETS, [RowChange(CAT, False, {}, {})], ("legs",))) == []


async def test_statements_without_rows_are_harmless(pets: Pets) -> None:
    def work() -> Work[list[Any]]:
        return [
            (yield UpsertRows(PETS, (("legs", "add"),), [], ("legs",))),
            (yield SelectRows(PETS, ("legs",), [])),
            (yield SelectRows(PETS, ("legs",), [], lock=True)),
            (yield DeleteRows(PETS, [])),
        ]

    assert await pets.store.run("pets", "nothing", work) == [[], [], [], []]


async def test_deleting_by_a_leading_part_of_the_key_deletes_all_of_it(pets: Pets) -> None:
    def work() -> Work[None]:
        yield DeleteRows(PETS, [(1,), (3,)])

    for key in (CAT, (1, "dog"), (2, "cat"), (3, "cat")):
        await pets.apply(RowChange(key, False, {"legs": Change("set", 4)}, {}))
    await pets.store.run("pets", "leave", work)
    assert list(await pets.rows()) == [(2, "cat")]


async def test_a_batch_may_have_any_number_of_rows(pets: Pets) -> None:
    for count in (1, 2, 63, 64, 65, 1000, 12_001):
        batch = [
            RowChange((home, "cat"), False, {"legs": Change("add", 1)}, {"friends": SetOf(False, {count: True})})
            for home in range(count)
        ]
        told = await pets.apply(*batch, returning=("legs",))
        assert list(told) == [change.key for change in batch]
    assert sum(row["legs"] for row in (await pets.rows()).values()) == 1 + 2 + 63 + 64 + 65 + 1000 + 12_001
    await pets.apply(*(RowChange((home, "cat"), True, {}, {}) for home in range(12_001)))
    assert await pets.rows() == {}
    assert await pets.members() == {}


def statements_of(work: Work[Any], answers: Mapping[type, list[Any]] | None = None) -> list[Any]:
    """What a body asks for when it is answered like this."""
    asked: list[Statement] = []
    try:
        statement = next(work)
        while True:
            asked.append(statement)
            statement = work.send((answers or {}).get(type(statement), []))
    except StopIteration:
        return asked


async def _made(engine: str, request: pytest.FixtureRequest) -> Store:
    """A fresh database that belongs to the loop that runs this."""
    made: Store
    if engine == "sqlite":
        path = request.getfixturevalue("tmp_path") / "rows.sqlite3"
        made = SqliteStore(path, Metrics(), power_safe=False)
    else:
        server = request.getfixturevalue("postgres")
        made = PostgresStore(server.create_database(), Metrics())
    await made.open()
    return made
