"""A test server as processes: started on a free port, frozen, killed, and never left behind.

No server outlives the process that started it: it is stopped at exit, and when that process is killed a watchdog
(``sh`` waiting for the end of a pipe) stops the server and removes its folder.
"""

import atexit
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from support.wheels import CLEAN_ENVIRONMENT, ServerFailedError, base_folder

START_TIMEOUT_S = 60.0  # generous: crash recovery on a busy machine
STOP_TIMEOUT_S = 20.0
# $1: the signal that ends the server, $2: its folder. Standard input: the server's process id after every start, 0
# after every end, and the end of the pipe when the test process is gone or done with the server.
WATCHDOG = """
pid=0
while read -r line; do pid=$line; done
if [ "$pid" != 0 ]; then
    kill -"$1" "$pid"; kill -CONT "$pid"
    n=0; while kill -0 "$pid" && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
    kill -0 "$pid" && kill -KILL "$pid"
fi
rm -rf "$2"
"""


class Server(ABC):
    """One server process, its folder and its port. Not for use by several threads at once; all calls block."""

    name: str
    problem: Callable[[], str | None]
    quick_end: str  # the signal that ends it at once and leaves nothing behind outside its folder
    clean_end: str  # the signal that ends it in good order

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _command(self, folder: Path) -> tuple[list[str], dict[str, Any]]:
        """The command line, and more arguments for Popen; puts data into the folder when it has none yet."""

    @abstractmethod
    def _ready(self, folder: Path, pid: int) -> bool:
        """Whether this very process takes connections."""

    def start(self) -> None:
        """Start on a free port with empty data; nothing happens when it was started before.

        Raises ServerFailedError when it does not take connections within a minute.
        """
        if self._folder is not None:
            return
        if problem := self.problem():
            raise ServerFailedError(problem)
        folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=base_folder()))
        self._folder = folder
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", self.quick_end, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        _started.add(self)
        try:
            folder.chmod(0o755)
            self._launch_on_a_free_port()
        except BaseException:
            self.stop()
            raise

    def stop(self, *, remove: bool = True) -> None:
        """Shut down in good order; also removes the folder unless told not to. May be called again and again."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(signal.Signals[f"SIG{self.clean_end}"])
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
            self.kill()
        if remove and self._folder is not None:
            self._remove(self._folder)
            self._folder = self._watchdog = None
            _started.discard(self)

    def kill(self) -> None:
        """SIGKILL for all of its processes, as a crash would end them; returns when they are gone. The data stays."""
        if self._process is None:
            return
        family = self._signal_all(signal.SIGSTOP)  # first, so that it starts no more of them
        for pid in reversed(family):
            _send(pid, signal.SIGKILL)
        self._process.wait()
        _wait_for(lambda: all(state(pid) == "Z" for pid in family), STOP_TIMEOUT_S)
        self._process = None
        self._tell_watchdog(0)

    def restart(self) -> None:
        """Start again on the same port and data, after kill() or stop(remove=False), or after a clean stop now."""
        if self._folder is None:
            raise ServerFailedError(f"{self.name} was never started, or its data is removed")
        self.stop(remove=False)
        self._launch()

    def pause(self) -> None:
        """Freeze all of its processes: connections stay open and connecting may succeed, but nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after pause()."""
        self._signal_all(signal.SIGCONT)

    @property
    def log(self) -> str:
        """What the server has said so far; empty when there is no data folder."""
        path = None if self._folder is None else self._folder / "log"
        return path.read_text(errors="replace") if path and path.exists() else ""

    @property
    def pids(self) -> list[int]:
        """Its processes, the main one first; empty when it does not run."""
        if self._process is None or self._process.poll() is not None:
            return []
        main = self._process.pid
        return [main, *(pid for pid, (parent, _) in _processes().items() if parent == main)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _remove(self, folder: Path) -> None:
        if self._watchdog is not None:
            self._watchdog.communicate()  # it removes the folder
        shutil.rmtree(folder, ignore_errors=True)

    def _launch_on_a_free_port(self) -> None:
        for attempt in range(5):
            self.port = free_port()
            try:
                self._launch()
                break
            except ServerFailedError:
                if attempt == 4 or "Address already in use" not in self.log:  # somebody else was faster
                    raise

    def _launch(self) -> None:
        assert self._folder is not None
        folder = self._folder
        command, more = self._command(folder)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=folder,
                env=CLEAN_ENVIRONMENT,
                **more,
            )
        self._process = process
        self._tell_watchdog(process.pid)
        _wait_for(lambda: process.poll() is not None or self._ready(folder, process.pid), START_TIMEOUT_S)
        if process.poll() is not None or not self._ready(folder, process.pid):
            self.kill()
            raise ServerFailedError(f"{self.name} did not start:\n{self.log[-2000:]}")

    def _signal_all(self, number: signal.Signals) -> list[int]:
        """Send it to the main process, then to the children that it has by then; returns them all."""
        if not self.pids:
            return []
        main = self.pids[0]
        _send(main, number)
        if number == signal.SIGSTOP:  # it takes effect a moment later, and until then children can be born
            _wait_for(lambda: state(main) in "TZ", STOP_TIMEOUT_S)
        family = self.pids
        for pid in family[1:]:
            _send(pid, number)
        return family

    def _tell_watchdog(self, pid: int) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.write(b"%d\n" % pid)
                self._watchdog.stdin.flush()


_started: set[Server] = set()


@atexit.register
def _stop_all() -> None:
    for server in list(_started):
        server.stop()


def free_port() -> int:
    """A port below the ones that outgoing connections get: none of those may take it between kill() and restart()."""
    while True:
        port = random.randrange(12_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _processes() -> dict[int, tuple[int, str]]:
    """All processes of the machine: their parent and the letter of their state (R, S, T, Z ...)."""
    return dict(_proc_table() if Path("/proc/self/stat").exists() else _ps_table())


def _proc_table() -> Iterator[tuple[int, tuple[int, str]]]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                yield int(entry.name), (int(parent), state)


def _ps_table() -> Iterator[tuple[int, tuple[int, str]]]:
    shown = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    for pid, parent, state in (line.split()[:3] for line in shown.splitlines()):
        yield int(pid), (int(parent), state[:1])


def state(pid: int) -> str:
    """The letter of its state; "Z", as for a zombie, also when it is gone."""
    return _processes().get(pid, (0, "Z"))[1]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_for(condition: Callable[[], bool], timeout_s: float) -> None:
    """Until the condition holds or the time is up."""
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
