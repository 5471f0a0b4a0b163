"""Operations merged until they are committed together, and the one transaction that commits them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from skynetbot.storage.errors import RowRefused
from skynetbot.storage.positions import DeadWrite, add_dead_write, lock_position, save_position
from skynetbot.storage.rows import Key, PreparedRows, RowChange, apply_prepared, apply_rows, prepare_rows
from skynetbot.storage.statements import Fetch, Row, Work
from skynetbot.storage.tables import Table
from skynetbot.writes.effects import RowEffect
from skynetbot.writes.operations import Delete, Operation

__all__ = ["Batch", "Outcome", "apply_batch", "dead_letter", "flush_work", "isolating_flush_work"]

Tables: TypeAlias = Mapping[str, Table]
_SLICE: Final = 128
"""Rows; as many as SQLite takes in one statement of ours."""

Returning: TypeAlias = Mapping[str, tuple[str, ...]]


class Batch:
    """Merged operations with the journal positions that they cover: ``after < sequence <= upto``."""

    __slots__ = ("after", "bytes", "keys", "opened_at", "operations", "prepared", "rows", "unfit", "upto")

    def __init__(self, after: int) -> None:
        self.after = after
        self.upto = after
        self.rows: dict[str, dict[Key, RowEffect]] = {}
        self.keys = 0
        self.operations = 0
        self.bytes = 0
        self.opened_at = 0.0
        """When the first operation came, seconds since 1970."""
        self.unfit: list[DeadWrite] = []
        """Journalled operations that the tables of this version do not know."""
        self.prepared: list[PreparedRows] | None = None

    def add(self, table: Table, operation: Operation) -> None:
        """Merge one operation."""
        rows = self.rows.get(table.name)
        if rows is None:
            rows = self.rows[table.name] = {}
        row = rows.get(operation.key)
        if row is None:
            row = rows[operation.key] = RowEffect()
            self.keys += 1
        row.then(table, operation)
        self.operations += 1

    def prepare(self, tables: Tables) -> Iterator[None]:
        """Sort the rows into statements, a slice at each step; nothing may be added from now on.

        In slices and in the event loop, because as one piece in the database's thread it would hold the interpreter
        for tens of milliseconds while callers wait for their acknowledgement.
        """
        prepared: list[PreparedRows] = []
        for name in sorted(self.rows):
            keys = sorted(self.rows[name])
            for start in range(0, len(keys), _SLICE):
                part = ((key, self.rows[name][key]) for key in keys[start : start + _SLICE])
                changes = [RowChange(key, row.dropped, row.fields, row.sets) for key, row in part]
                prepared.append(prepare_rows(tables[name], changes))
                yield
        self.prepared = prepared

    def touches(self, keys: Iterable[tuple[str, Key]]) -> bool:
        return any(key in self.rows.get(table, ()) for table, key in keys)


class Outcome(msgspec.Struct, frozen=True):
    """What a flush did."""

    applied: bool
    """False when the database had the batch already, from a commit whose answer was lost."""
    values: Mapping[str, Mapping[Key, Row]] = {}
    """By table and key, the returned fields of the rows that were written."""
    dead: Sequence[DeadWrite] = ()


def apply_batch(tables: Tables, batch: Batch, returning: Returning) -> Work[dict[str, dict[Key, Row]]]:
    """Write the merged rows, table by table in one order for every writer."""
    if batch.prepared is None:
        for _ in batch.prepare(tables):
            pass
    values: dict[str, dict[Key, Row]] = {}
    for part in batch.prepared or ():
        name = part.table.name
        written = yield from apply_prepared(part, returning.get(name, ()))
        values.setdefault(name, {}).update(written)
    return values


def flush_work(writer: str, tables: Tables, batch: Batch, returning: Returning, at: float) -> Work[Outcome]:
    """The rows and the writer's position in one transaction, so that each operation is applied exactly once.

    Raises (from the statements): RowRefused, when some operation cannot be stored.
    """
    position = yield from lock_position(writer, at)
    if position >= batch.upto:
        return Outcome(applied=False)
    values = yield from apply_batch(tables, batch, returning)
    for letter in batch.unfit:
        yield from add_dead_write(letter)
    yield from save_position(writer, batch.upto, at)
    return Outcome(applied=True, values=values, dead=batch.unfit)


def isolating_flush_work(
    writer: str,
    tables: Tables,
    batch: Batch,
    returning: Returning,
    at: float,
    journalled: Mapping[int, Sequence[Operation]],
) -> Work[Outcome]:
    """`flush_work` for a batch that was refused: halves it until the refused fields are found.

    Of those fields the journal's operations are applied one by one; what is refused goes to the dead letters, the
    rest is stored.
    """
    position = yield from lock_position(writer, at)
    if position >= batch.upto:
        return Outcome(applied=False)
    values: dict[str, dict[Key, Row]] = {}
    dead = list(batch.unfit)
    for name in sorted(batch.rows):
        table = tables[name]
        units = [unit for key, row in batch.rows[name].items() for unit in _units(key, row)]
        stored, refused = yield from _halve(table, units, returning.get(name, ()))
        values[name] = stored
        for unit in refused:
            for sequence, operation in _operations_of(name, unit, journalled):
                reason = yield from _try_one(table, operation)
                if reason is not None:
                    dead.append(dead_letter(writer, sequence, operation, reason, at))
    for letter in dead:
        yield from add_dead_write(letter)
    yield from save_position(writer, batch.upto, at)
    return Outcome(applied=True, values=values, dead=dead)


def _units(key: Key, row: RowEffect) -> Iterator[RowChange]:
    """A row's change as changes of one field each, which commute."""
    if row.dropped:
        yield RowChange(key, True, {}, {})
    for name, field in row.fields.items():
        yield RowChange(key, False, {name: field}, {})
    for name, members in row.sets.items():
        yield RowChange(key, False, {}, {name: members})


def _halve(
    table: Table, units: Sequence[RowChange], returning: tuple[str, ...]
) -> Work[tuple[dict[Key, Row], list[RowChange]]]:
    if not units:
        return {}, []
    values, error = yield from _attempt(table, units, returning)
    if error is None:
        return values, []
    if len(units) == 1:
        return {}, list(units)
    middle = len(units) // 2
    first, refused = yield from _halve(table, units[:middle], returning)
    second, also_refused = yield from _halve(table, units[middle:], returning)
    return {**first, **second}, [*refused, *also_refused]


def _attempt(
    table: Table, units: Sequence[RowChange], returning: tuple[str, ...]
) -> Work[tuple[dict[Key, Row], RowRefused | None]]:
    yield Fetch("SAVEPOINT attempt")
    error: RowRefused | None = None
    values: dict[Key, Row] = {}
    try:
        # Changes of one row are kept apart here, so they are applied in rounds of distinct rows.
        for distinct in _rounds(units):
            values.update((yield from apply_rows(table, distinct, returning)))
    except RowRefused as refusal:
        error = refusal
        yield Fetch("ROLLBACK TO SAVEPOINT attempt")
    yield Fetch("RELEASE SAVEPOINT attempt")
    return values, error


def _rounds(units: Sequence[RowChange]) -> list[list[RowChange]]:
    rounds: list[list[RowChange]] = []
    seen: dict[Key, int] = defaultdict(int)
    for unit in units:
        place = seen[unit.key]
        seen[unit.key] += 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(unit)
    return rounds


def _try_one(table: Table, operation: Operation) -> Work[str | None]:
    row = RowEffect()
    row.then(table, operation)
    _, error = yield from _attempt(table, [RowChange(operation.key, row.dropped, row.fields, row.sets)], ())
    return None if error is None else str(error)


def _operations_of(
    table: str, unit: RowChange, journalled: Mapping[int, Sequence[Operation]]
) -> Iterator[tuple[int, Operation]]:
    name = next(iter((*unit.fields, *unit.sets)), "")
    for sequence, operations in journalled.items():
        for operation in operations:
            if operation.collection == table and operation.key == unit.key:
                if operation.field == name:
                    yield sequence, operation
                elif not operation.field:
                    # The whole row was deleted: so was this field of it.
                    yield sequence, Delete(table, unit.key, name)


def dead_letter(writer: str, sequence: int, operation: Operation, reason: str, at: float) -> DeadWrite:
    """The record of an operation that the tables refused."""
    return DeadWrite(
        at=at,
        writer=writer,
        position=sequence,
        collection=operation.collection,
        key=msgspec.json.encode(operation.key).decode(),
        operation=msgspec.json.encode({"kind": type(operation).__name__, **msgspec.structs.asdict(operation)}).decode(),
        reason=reason,
    )
