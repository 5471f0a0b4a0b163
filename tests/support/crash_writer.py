"""A process that writes as fast as it can until somebody kills it, and reports each acknowledgement.

    python crash_writer.py DATABASE JOURNALS LIFE SYNC

DATABASE is a SQLite file or a PostgreSQL address; LIFE numbers this process among all of the test. Each group of
operations gives its own row the value 1 and adds 1 to a row that everybody shares, so that losing a group, applying
it twice and tearing it apart all show. A line ``a 17`` says that group 17 was acknowledged as journalled, ``n 18``
that 18 was committed.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.errors import StorageError
from skynetbot.storage.opening import store_for
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.operations import Increment
from skynetbot.writes.policy import WritePolicy

CALLERS = 8
SHARED = (0, 0)


async def main(database: str, journals: str, life: int, sync: str) -> None:
    metrics = Metrics()
    if "://" in database:
        store = store_for(OperatorSettings(database_url=database, database_timeout_s=5), metrics)
    else:
        store = SqliteStore(Path(database), metrics)
    await store.open()
    # Flushing far more often than anybody would: every instant of a flush shall be hit.
    policy = WritePolicy(interval_s=0.005, gap_s=0, keys=20, sync=sync, min_backoff_s=0.01, max_backoff_s=0.1)  # type: ignore[arg-type]
    writes = WriteBehind(store, Path(journals), metrics, policy=policy)
    await writes.open()
    numbers = itertools.count(1)
    print("ready", flush=True)

    async def call(index: int) -> None:
        while True:
            number = next(numbers)
            group = (Increment("members", (life, number), "messages"), Increment("members", SHARED, "messages"))
            if number % 17 == 0:
                try:
                    await writes.now(*group)
                except StorageError:
                    continue  # not acknowledged: it may be there or not, but once
                sys.stdout.write(f"n {number}\n")
            else:
                await writes.soon(*group)
                sys.stdout.write(f"a {number}\n")
            sys.stdout.flush()
            await asyncio.sleep(0.0005 if index else 0)

    async with asyncio.TaskGroup() as group:
        group.create_task(writes.run())
        for index in range(CALLERS):
            group.create_task(call(index))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
