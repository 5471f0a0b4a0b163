"""Real PostgreSQL and Valkey servers for tests and benches.

Nothing listens anywhere but on 127.0.0.1, without passwords. `support.processes` says what becomes of them,
`support.wheels` where their programs come from.
"""

import ctypes
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from support.processes import Server
from support.wheels import (
    ServerFailedError,
    as_nobody,
    postgres_cache,
    postgres_problem,
    postgres_programs,
    run,
    valkey_problem,
    valkey_program,
)

__all__ = ["PostgresServer", "ServerFailedError", "ValkeyServer", "postgres_problem", "valkey_problem"]


class PostgresServer(Server):
    """PostgreSQL with UTF-8, locale C and 60 connections; the superuser ``postgres`` needs no password.

    ``durable=False`` leaves out fsync and full page writes: faster, and still safe against kill(), but not against
    a power cut. ``settings`` are configuration parameters that win over ours.
    """

    name = "postgres"
    problem = staticmethod(postgres_problem)
    quick_end = "QUIT"
    clean_end = "INT"

    def __init__(self, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "60",
            "shared_buffers": "32MB",
            "dynamic_shared_memory_type": "mmap",  # in the data folder, so that a crash leaves nothing in /dev/shm
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            **(settings or {}),
        }

    @property
    @override
    def url(self) -> str:
        """Of the database ``postgres``."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create_database(self, template: str | None = None) -> str:
        """The URL of a new database with a name of its own; ``template`` is a database's name or URL.

        A template must have no connections while it is copied. Raises ServerFailedError.
        """
        name = f"test_{uuid.uuid4().hex[:16]}"
        source = f" TEMPLATE {_quoted(_database_name(template))}" if template else ""
        self._psql(f"CREATE DATABASE {name}{source}")
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop_database(self, url: str) -> None:
        """Drop it if it is there and end its connections. Raises ServerFailedError."""
        self._psql(f"DROP DATABASE IF EXISTS {_quoted(_database_name(url))} WITH (FORCE)")

    @override
    def _command(self, folder: Path) -> tuple[list[str], dict[str, Any]]:
        if not (folder / "data").exists():
            run(["cp", "-a", str(postgres_cache() / "data"), str(folder / "data")])
        options = [f"--{name}={value}" for name, value in {**self.settings, "port": str(self.port)}.items()]
        return [str(postgres_programs() / "postgres"), "-D", str(folder / "data"), *options], as_nobody()

    @override
    def _ready(self, folder: Path, pid: int) -> bool:
        lines = _postmaster_lines(folder)
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    @override
    def _remove(self, folder: Path) -> None:
        """A killed server leaves its lock file, and a few bytes of System V shared memory named in line 7."""
        lines = _postmaster_lines(folder)
        if len(lines) > 6 and len(words := lines[6].split()) == 2:
            ctypes.CDLL(None).shmctl(int(words[1]), 0, None)  # 0 is IPC_RMID
        super()._remove(folder)

    def _psql(self, statement: str) -> None:
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", self.url, "--command", statement]
        run([str(postgres_programs() / "psql"), *options])


class ValkeyServer(Server):
    """Valkey that keeps nothing on disk: restart() gives an empty one on the same port."""

    name = "valkey"
    problem = staticmethod(valkey_problem)
    quick_end = "KILL"
    clean_end = "TERM"

    @property
    @override
    def url(self) -> str:
        """Of the database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    @override
    def _command(self, folder: Path) -> tuple[list[str], dict[str, Any]]:
        options = {"bind": "127.0.0.1", "port": str(self.port), "save": "", "appendonly": "no", "dir": str(folder)}
        return [str(valkey_program()), *(word for name, value in options.items() for word in (f"--{name}", value))], {}

    @override
    def _ready(self, folder: Path, pid: int) -> bool:
        return re.search(rf"^{pid}:M .*Ready to accept connections", self.log, re.MULTILINE) is not None


def _postmaster_lines(folder: Path) -> list[str]:
    try:
        return (folder / "data/postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _database_name(name_or_url: str) -> str:
    return urlsplit(name_or_url).path.removeprefix("/") if "://" in name_or_url else name_or_url


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
