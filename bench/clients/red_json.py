"""Red-DiscordBot's JSON config driver, unmodified, as the baseline of the write bench.

Red pins every dependency and conflicts with our lock, so it lives in a virtual environment of its own (see
`environment`). This file is also the script that runs in there, so it needs only the standard library outside of
``measure`` and ``_run``.

The store is laid out as Red's bank lays it out: category USER, one object an account, sets to its ``balance``.
Every set rewrites and fsyncs the whole file, under one lock: that is the driver, not this script. Balances are of one
width, so the file's size is the same for every set.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

__all__ = ["RED_VERSION", "measure"]

RED_VERSION: Final = "3.5.24"  # pins its whole tree with ==, so this is the only pin needed
# The newest that this Red supports is 3.11: ours if it is that, or one that uv finds.
_PYTHON: Final = sys.executable if sys.version_info[:2] == (3, 11) else "3.11"
_COG: Final = "Bank"
_COG_ID: Final = "384734293238749"
_FIRST_BALANCE: Final = 1_000_000
_RUN_TIMEOUT_S: Final = 900


def measure(accounts: int, sets: int, callers: int) -> dict[str, Any] | str:
    """The script's figures, or a sentence that says why they cannot be had. The store is made where temp files go."""
    from bench.clients.environment import UnavailableError, call, environment

    try:
        python = environment(f"red-{RED_VERSION}", [f"Red-DiscordBot=={RED_VERSION}"], python=_PYTHON)
        result = call(
            [python, "-I", __file__, f"--accounts={accounts}", f"--sets={sets}", f"--callers={callers}"],
            timeout_s=_RUN_TIMEOUT_S,
        )
        figures = json.loads(result.splitlines()[-1])
    except UnavailableError as error:
        return f"Red's JSON driver cannot be measured here: {error}"
    except (OSError, ValueError, IndexError) as error:
        return f"Red's JSON driver cannot be measured here: {type(error).__name__}: {error}"
    assert isinstance(figures, dict)
    return figures


async def _run(accounts: int, sets: int, callers: int, folder: Path) -> dict[str, Any]:
    from redbot.core._drivers.base import ConfigCategory, IdentifierData  # type: ignore[import-not-found]
    from redbot.core._drivers.json import JsonDriver  # type: ignore[import-not-found]

    driver = JsonDriver(_COG, _COG_ID, data_path_override=folder)
    people = [str(200_000_000_000_000_000 + number * 4_194_304) for number in range(accounts)]
    expected = {
        person: {"name": f"user-{number:06}", "balance": _FIRST_BALANCE, "created_at": 1_700_000_000}
        for number, person in enumerate(people)
    }
    await driver.import_data([(ConfigCategory.USER.value, expected)], {})
    balances = [
        IdentifierData(_COG, _COG_ID, ConfigCategory.USER.value, (person,), ("balance",), 1) for person in people
    ]
    size = driver.data_path.stat().st_size
    expected = json.loads(json.dumps(expected))  # the driver keeps what it was given
    chosen = iter([(number, random.randrange(accounts)) for number in range(1, sets + 1)])
    acks: list[float] = []

    async def caller() -> None:
        for number, account in chosen:  # shared: the driver's lock is first come, first served, so the last one wins
            balance = _FIRST_BALANCE + number
            expected[people[account]]["balance"] = balance
            began = time.perf_counter()
            await driver.set(balances[account], value=balance)
            acks.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    took = time.perf_counter() - began
    acks.sort()
    on_disk = json.loads(driver.data_path.read_text(encoding="utf-8"))
    return {
        "accounts": accounts,
        "callers": callers,
        "sets_per_s": round(sets / took, 1),
        "ack_p50_ms": round(acks[len(acks) // 2] * 1e3, 3),
        "ack_p99_ms": round(acks[int(len(acks) * 0.99)] * 1e3, 3),
        "bytes_per_set": size,
        "gate": on_disk == {_COG_ID: {"USER": expected}}
        and len(acks) == sets
        and driver.data_path.stat().st_size == size,
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description="Measure Red's JsonDriver. Runs in the environment that has Red.")
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--sets", type=int, required=True)
    parser.add_argument("--callers", type=int, required=True)
    options = parser.parse_args()
    if min(options.accounts, options.sets, options.callers) < 1 or options.sets > 8 * _FIRST_BALANCE:
        parser.error("accounts, sets and callers are 1 or more, and sets 8,000,000 or fewer")

    import redbot  # type: ignore[import-not-found]

    redbot._early_init()  # as Red's own start does: uvloop
    with tempfile.TemporaryDirectory(prefix="red-json-") as folder:
        figures = asyncio.run(_run(options.accounts, options.sets, options.callers, Path(folder)))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    _main()
