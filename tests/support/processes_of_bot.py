"""The bot's command line as real processes, to be signalled and killed."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(arguments: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A running command, with what it prints on ``stdout``; killed at the end if it still runs."""
    child = subprocess.Popen(
        [sys.executable, "-m", "skynetbot.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def read_until(child: "subprocess.Popen[str]", pattern: str, timeout_s: float = 40) -> str:
    """Read what it prints until a line has the pattern; the first group of it."""
    assert child.stdout is not None
    seen: list[str] = []
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        line = child.stdout.readline()
        if not line:
            break
        seen.append(line)
        found = re.search(pattern, line)
        if found:
            return found[1]
    raise AssertionError(f"{pattern} did not come; the process said:\n{''.join(seen)}")
