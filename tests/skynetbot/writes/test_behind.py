"""Write-behind as its callers see it, on both engines."""

import asyncio
import os
from pathlib import Path
from typing import TypeVar

import pytest

from skynetbot.observability.metrics import Metrics
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.errors import StorageUnavailable
from skynetbot.storage.pending import NothingWaiting
from skynetbot.storage.positions import DeadWriteRepository
from skynetbot.storage.statements import WorkFactory
from skynetbot.storage.store import Store
from skynetbot.storage.tables import MEMBERS, Column, Table
from skynetbot.writes.behind import Committed, WriteBehind, WritesFull
from skynetbot.writes.checks import WriteRefused
from skynetbot.writes.durability import SyncPolicy
from skynetbot.writes.journal import JournalError
from skynetbot.writes.operations import Delete, Increment, Max, Set
from skynetbot.writes.policy import WritePolicy
from support.flaky_store import FlakyStore

T = TypeVar("T")

ADA = (1, 7)


async def test_increments_survive_flushes_and_merge(writes: WriteBehind, store: Store) -> None:
    activity = ActivityRepository(store, writes)
    for round_ in range(1, 4):
        for _ in range(100):
            await writes.soon(Increment("members", ADA, "messages"))
        assert await activity.messages_of(*ADA) == 100 * round_, "reads see what waits"
        await writes.flush()
        assert await activity.messages_of(*ADA) == 100 * round_
    assert (writes.tally.queued, writes.tally.merged, writes.tally.rows, writes.tally.transactions) == (300, 297, 3, 3)


async def test_reads_see_waiting_operations_in_every_list(writes: WriteBehind, store: Store) -> None:
    activity = ActivityRepository(store, writes)
    await writes.now(Set("members", (1, 1), "messages", 10), Set("members", (1, 2), "messages", 5))
    await writes.soon(
        Increment("members", (1, 2), "messages", 6),
        Increment("members", (1, 3), "messages"),
        Set("members", (1, 3), "name", "Grace"),
        Increment("guild_days", (1, 20), "messages", 7),
        Increment("members", (2, 9), "messages", 99),
    )
    top = await activity.top(1, 3)
    assert [(row.user_id, row.messages) for row in top] == [(2, 11), (1, 10), (3, 1)]
    assert top[2].name == "Grace"
    totals = await activity.totals(1, 20)
    assert (totals.messages_total, totals.messages_today, totals.members_seen) == (7, 7, 3)
    before = await activity.counts()
    await writes.flush()
    assert await activity.counts() == before == {(1, 1): 10, (1, 2): 11, (1, 3): 1, (2, 9): 99}
    assert await activity.top(1, 3) == top


async def test_now_keeps_the_order_with_what_waits(writes: WriteBehind, store: Store) -> None:
    activity = ActivityRepository(store, writes)
    await writes.soon(Increment("members", ADA, "messages", 5))
    await writes.now(Set("members", ADA, "messages", 100))
    await writes.soon(Increment("members", ADA, "messages", 1))
    assert await activity.messages_of(*ADA) == 101
    await writes.flush()
    assert await activity.messages_of(*ADA) == 101


async def test_listeners_hear_the_new_values(
    writes: WriteBehind, store: Store, tmp_path: Path, metrics: Metrics
) -> None:
    told: list[Committed] = []
    other = WriteBehind(store, tmp_path / "other", Metrics(), returning={"members": ("messages",)})
    await other.open()
    other.listen(told.append)
    await writes.now(Set("members", ADA, "messages", 40))
    await other.soon(Increment("members", ADA, "messages", 2), Max("members", ADA, "last_message_at", 5.0))
    await other.close()
    assert told[0].values == {"members": {ADA: (42,)}}


async def test_a_poisonous_operation_is_put_aside_and_the_rest_goes_through(writes: WriteBehind, store: Store) -> None:
    activity = ActivityRepository(store, writes)
    largest = (1 << 63) - 1
    await writes.now(Set("members", ADA, "messages", largest - 1))
    for user in range(100, 150):
        await writes.soon(Increment("members", (1, user), "messages"))
    await writes.soon(Increment("members", ADA, "messages", 1), Set("members", ADA, "name", "Ada"))
    await writes.soon(Increment("members", ADA, "messages", 3))
    await writes.soon(Increment("members", ADA, "messages", -2))
    await writes.flush()
    dead = await DeadWriteRepository(store).recent()
    assert [(letter.collection, letter.key) for letter in dead] == [("members", "[1,7]")]
    assert '"by":3' in dead[0].operation
    assert dead[0].reason
    counts = await activity.counts()
    assert counts[ADA] == largest - 2
    assert sum(counts.values()) - counts[ADA] == 50
    assert (await activity.top(1, 1))[0].name == "Ada"
    await writes.flush()
    assert writes.waiting_keys == 0


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        (Increment("nothing", (1,), "x"), "no collection 'nothing'"),
        (Increment("members", (1,), "messages"), "guild_id, user_id"),
        (Increment("members", (1, "x"), "messages"), "user_id of members is of type int"),
        (Increment("members", ADA, "mesages"), "no field 'mesages'"),
        (Increment("members", ADA, "name"), "takes Set"),
        (Increment("members", ADA, "messages", 1 << 63), "not a value of type int"),
        (Increment("members", ADA, "messages", True), "not a value of type int"),
        (Set("members", ADA, "name", "a\x00b"), "not a value of type text"),
        (Set("members", ADA, "name", "\ud800"), "not a value of type text"),
        (Max("members", ADA, "last_message_at", float("nan")), "not a value of type real"),
    ],
)
async def test_what_cannot_fit_is_refused_by_name(writes: WriteBehind, operation: Increment, names: str) -> None:
    with pytest.raises(WriteRefused, match=names):
        await writes.soon(Increment("members", ADA, "messages"), operation)
    assert writes.waiting_keys == 0, "what came with it is refused too"


async def test_a_deleted_row_is_gone_and_may_come_back(writes: WriteBehind, store: Store) -> None:
    activity = ActivityRepository(store, writes)
    await writes.now(Set("members", ADA, "messages", 5), Set("members", ADA, "name", "Ada"))
    await writes.soon(Delete("members", ADA, ""), Increment("members", ADA, "messages"))
    assert await activity.messages_of(*ADA) == 1
    await writes.flush()
    assert [(row.messages, row.name) for row in await activity.top(1, 5)] == [(1, "")]
    await writes.soon(Delete("members", ADA, ""))
    await writes.flush()
    assert await activity.counts() == {}


async def test_a_read_that_a_commit_overtakes_is_read_again(store: Store, tmp_path: Path) -> None:
    """The snapshot lacks the batch, and the batch is gone when it comes back: neither alone has the value."""

    class Overtaken(FlakyStore):
        between: WriteBehind | None = None

        async def read(self, collection: str, verb: str, work: WorkFactory[T], *, scan: bool = False) -> T:
            result = await super().read(collection, verb, work, scan=scan)
            writes, self.between = self.between, None
            if writes is not None:
                await writes.flush()
            return result

    overtaken = Overtaken(store)
    writes = WriteBehind(overtaken, tmp_path / "overtaken", Metrics())
    await writes.open()
    await writes.soon(Increment("members", ADA, "messages", 3))
    overtaken.between = writes
    assert await ActivityRepository(overtaken, writes).messages_of(*ADA) == 3
    await writes.close()


async def test_a_database_that_is_away_loses_nothing_and_comes_back_by_itself(store: Store, tmp_path: Path) -> None:
    flaky = FlakyStore(store)
    policy = WritePolicy(interval_s=0.01, min_backoff_s=0.01, max_backoff_s=0.02)
    writes = WriteBehind(flaky, tmp_path / "away", Metrics(), policy=policy)
    await writes.open()
    running = asyncio.create_task(writes.run())
    activity = ActivityRepository(flaky, writes)
    flaky.away = True
    for number in range(500):
        await writes.soon(Increment("members", (1, number % 50), "messages"))
        await asyncio.sleep(0.0002)
    assert writes.tally.errors > 1
    assert sum((await activity.counts()).values()) == 500, "readers see what was accepted"
    with pytest.raises(StorageUnavailable):
        await writes.now(Increment("members", ADA, "messages"))
    flaky.away = False
    async with asyncio.timeout(5):
        while writes.waiting_keys:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sum((await activity.counts()).values()) == 500
    await writes.close()


async def test_too_much_waiting_makes_callers_wait_and_then_says_so(store: Store, tmp_path: Path) -> None:
    flaky = FlakyStore(store)
    policy = WritePolicy(max_keys=10, max_wait_s=0.05, close_timeout_s=1)
    writes = WriteBehind(flaky, tmp_path / "full", Metrics(), policy=policy)
    await writes.open()
    flaky.away = True
    for number in range(10):
        await writes.soon(Increment("members", (1, number), "messages"))
    with pytest.raises(WritesFull, match="10 rows wait"):
        await writes.soon(Increment("members", (1, 11), "messages"))
    for number in range(10, 20):
        writes.soon_nowait(Increment("members", (1, number), "messages"))
    with pytest.raises(WritesFull):
        writes.soon_nowait(Increment("members", (1, 99), "messages"))
    waiting = asyncio.create_task(writes.soon(Increment("members", (1, 0), "messages")))
    await asyncio.sleep(0)
    flaky.away = False
    await writes.flush()
    await waiting
    await writes.close()
    assert len(await ActivityRepository(store, NothingWaiting(store)).counts()) == 20


async def test_a_full_disk_refuses_soon_and_keeps_what_was_accepted_before(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = WriteBehind(store, tmp_path / "disk", Metrics())
    await writes.open()
    await writes.soon(Increment("members", ADA, "messages"))

    def full(file: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    real = os.write
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left"):
        await writes.soon(Increment("members", ADA, "messages", 100))
    # What cannot be refused any more is kept in memory and committed at once.
    writes.soon_nowait(Increment("members", ADA, "messages", 10))
    await asyncio.sleep(0)
    assert writes.tally.journal_failures == 1
    await writes.flush()
    monkeypatch.setattr(os, "write", real)
    await writes.soon(Increment("members", ADA, "messages", 1000))
    await writes.close()
    again = WriteBehind(store, tmp_path / "disk", Metrics())
    await again.open()
    assert await ActivityRepository(store, again).messages_of(*ADA) == 1011
    await again.close()


@pytest.mark.parametrize("sync", ["always", "interval", "never"])
async def test_on_disk_means_synced(
    store: Store, tmp_path: Path, sync: SyncPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (synced.append(file), real(file))[1])
    writes = WriteBehind(store, tmp_path / "sync", Metrics(), policy=WritePolicy(sync=sync))
    await writes.open()
    await writes.soon(Increment("members", ADA, "messages"))
    assert bool(synced) == (sync == "always"), "an acknowledgement waits for the disk only when told to"
    await writes.on_disk()
    assert synced
    await asyncio.gather(*(writes.soon(Increment("members", ADA, "messages")) for _ in range(200)))
    if sync == "always":
        assert len(synced) < 20, "callers share one sync"
    await writes.close()


async def test_what_the_disk_cannot_keep_is_acknowledged_by_the_commit(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flaky = FlakyStore(store)
    writes = WriteBehind(flaky, tmp_path / "sync", Metrics(), policy=WritePolicy(sync="always"))
    await writes.open()
    running = asyncio.create_task(writes.run())
    real = os.fdatasync

    def refuse(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", refuse)
    async with asyncio.timeout(5):
        await writes.soon(Increment("members", ADA, "messages"))
    assert await ActivityRepository(store, NothingWaiting(store)).messages_of(*ADA) == 1
    flaky.away = True
    with pytest.raises(JournalError, match="Input/output error"):
        await writes.soon(Increment("members", ADA, "messages"))
    flaky.away = False
    monkeypatch.setattr(os, "fdatasync", real)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await writes.close()


async def test_journalled_operations_that_this_version_does_not_know_are_put_aside(
    store: Store, tmp_path: Path
) -> None:
    wider = Table("members", MEMBERS.key, (*MEMBERS.fields, Column("karma")))
    newer = WriteBehind(store, tmp_path / "unfit", Metrics(), tables={"members": wider})
    await newer.open()
    await newer.soon(Increment("members", ADA, "karma"), Increment("members", ADA, "messages"))
    assert newer._syncing is not None
    newer._syncing.cancel()
    await asyncio.gather(newer._syncing, return_exceptions=True)
    newer._opened_durability().close()
    os.close(newer._opened_journal()._lock or 0)
    older = WriteBehind(store, tmp_path / "unfit", Metrics())
    await older.open()
    await older.flush()
    assert await ActivityRepository(store, older).messages_of(*ADA) == 1
    (letter,) = await DeadWriteRepository(store).recent()
    assert "karma" in letter.reason
    await older.close()


async def test_the_mission_s_metrics_have_its_names(writes: WriteBehind, metrics: Metrics) -> None:
    await writes.soon(Increment("members", ADA, "messages"), Increment("members", ADA, "messages"))
    text = metrics.exposition()[0].decode()
    assert "skynetbot_batch_queue_size 1.0" in text
    await writes.flush()
    text = metrics.exposition()[0].decode()
    for line in (
        "skynetbot_batch_writes_queued_total 2.0",
        "skynetbot_batch_writes_merged_total 1.0",
        "skynetbot_batch_writes_flushed_total 1.0",
        "skynetbot_batch_write_errors_total 0.0",
        "skynetbot_batch_queue_size 0.0",
        "skynetbot_batch_transactions_total 1.0",
        "skynetbot_batch_size_rows_count 1.0",
        "skynetbot_batch_flush_seconds_count 1.0",
        "skynetbot_batch_lag_seconds 0.0",
        "skynetbot_batch_journal_bytes",
    ):
        assert line in text
