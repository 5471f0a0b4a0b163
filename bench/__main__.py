"""``python -m bench NAME [--json] [--quick]``; ``all`` runs every bench."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from bench import cache, gateway, jobs, writes
from bench.report import Report, show

Bench = Callable[..., Awaitable[Report]]

BENCHES: dict[str, Bench] = {"gateway": gateway.run, "writes": writes.run, "cache": cache.run, "jobs": jobs.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the project's claims.")
    parser.add_argument("name", choices=[*BENCHES, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON object a bench")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a smoke test")
    options = parser.parse_args()
    names = list(BENCHES) if options.name == "all" else [options.name]
    passed = True
    for name in names:
        report = asyncio.run(BENCHES[name](quick=options.quick))
        show(name, report, as_json=options.json)
        passed = passed and report.passed
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
