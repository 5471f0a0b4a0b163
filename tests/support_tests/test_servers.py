"""The harness for real servers: what it starts, what it keeps, and that it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from support import processes, servers
from support.servers import PostgresServer, ServerFailedError, ValkeyServer

needs_postgres = pytest.mark.skipif(servers.postgres_problem() is not None, reason=servers.postgres_problem() or "")
needs_valkey = pytest.mark.skipif(servers.valkey_problem() is not None, reason=servers.valkey_problem() or "")

ORPHAN = """
import sys, time
from support.servers import PostgresServer, ValkeyServer
server = {"postgres": PostgresServer, "valkey": ValkeyServer}[sys.argv[1]]()
server.start()
if sys.argv[2] == "paused":
    server.pause()
print(*server.pids, server._folder, flush=True)
time.sleep(60)
"""


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


async def query(url: str, *statements: str) -> object:
    """The value that the last statement gives."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def ask(server: ValkeyServer, command: bytes, timeout_s: float = 5.0) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as connection:
        connection.sendall(command + b"\r\n")
        return connection.recv(1000)


def gone(pids: list[int]) -> bool:
    return all(processes.state(pid) == "Z" for pid in pids)


def shared_memory_of(server: PostgresServer) -> str:
    """The id of its System V segment."""
    assert server._folder is not None
    return servers._postmaster_lines(server._folder)[6].split()[1]


def shared_memory() -> list[str]:
    """The ids of all System V segments of the machine; empty where they can't be listed."""
    table = Path("/proc/sysvipc/shm")
    return [line.split()[1] for line in table.read_text().splitlines()[1:]] if table.exists() else []


@needs_postgres
class TestPostgres:
    async def test_is_utf8_local_and_durable(self, postgres: PostgresServer) -> None:
        assert await query(postgres.url, "SHOW fsync") == "on"
        assert await query(postgres.url, "SHOW server_encoding") == "UTF8"
        assert await query(postgres.url, "SHOW listen_addresses") == "127.0.0.1"
        assert await query(postgres.url, "SHOW max_connections") == "60"

    async def test_can_be_told_otherwise(self) -> None:
        with PostgresServer(durable=False, settings={"max_connections": "7"}) as server:
            assert await query(server.url, "SHOW fsync") == "off"
            assert await query(server.url, "SHOW max_connections") == "7"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
    def test_never_runs_as_root(self, postgres: PostgresServer) -> None:
        assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in postgres.pids)

    async def test_a_crash_keeps_what_was_committed(self, postgres: PostgresServer) -> None:
        await query(postgres.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (5) RETURNING n")
        url, pids = postgres.url, postgres.pids
        assert len(pids) > 1
        postgres.kill()
        assert gone(pids)
        with pytest.raises(OSError):
            await query(url, "SELECT 1")
        postgres.restart()
        assert postgres.url == url
        assert await query(url, "SELECT n FROM kept") == 5
        assert "automatic recovery in progress" in postgres.log

    async def test_starts_again_after_a_stop_that_keeps_the_data(self, postgres: PostgresServer) -> None:
        await query(postgres.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (6) RETURNING n")
        postgres.stop(remove=False)
        postgres.stop(remove=False)
        postgres.restart()
        assert await query(postgres.url, "SELECT n FROM kept") == 6
        assert "automatic recovery in progress" not in postgres.log

    async def test_databases_do_not_see_each_other(self, postgres: PostgresServer) -> None:
        one = postgres.create_database()  # inside a running event loop
        await query(one, "CREATE TABLE mine (n int)", "INSERT INTO mine VALUES (1) RETURNING n")
        two, copy = postgres.create_database(), postgres.create_database(template=one)
        assert await query(two, "SELECT to_regclass('mine')") is None
        await query(copy, "INSERT INTO mine VALUES (2) RETURNING n")
        assert await query(copy, "SELECT count(*) FROM mine") == 2
        assert await query(one, "SELECT count(*) FROM mine") == 1

    async def test_drops_a_database_that_is_in_use(self, postgres: PostgresServer) -> None:
        url = postgres.create_database()
        connection = await asyncpg.connect(url)
        postgres.drop_database(url)
        postgres.drop_database(url)
        await connection.close(timeout=1)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await query(url, "SELECT 1")

    def test_says_why_a_database_can_not_be_made(self, postgres: PostgresServer) -> None:
        with pytest.raises(ServerFailedError, match='"no such" does not exist'):
            postgres.create_database(template="no such")

    async def test_says_nothing_while_paused(self, postgres: PostgresServer) -> None:
        connection = await asyncpg.connect(postgres.url)
        postgres.pause()
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT 1", timeout=0.3)
        postgres.resume()
        await connection.close()
        assert await query(postgres.url, "SELECT 1") == 1

    @pytest.mark.parametrize("before", ["running", "paused", "killed"])
    def test_leaves_nothing_behind(self, before: str) -> None:
        server = PostgresServer()
        server.start()
        pids, folder, segment = server.pids, server._folder, shared_memory_of(server)
        if before == "paused":
            server.pause()
        if before == "killed":
            server.kill()
        server.stop()
        server.stop()
        assert gone(pids)
        assert folder is not None
        assert not folder.exists()
        assert segment not in shared_memory()
        with pytest.raises(ServerFailedError, match="never started"):
            server.restart()

    def test_says_what_the_server_said_when_it_does_not_start(self) -> None:
        with pytest.raises(ServerFailedError, match="no_such_setting"):
            PostgresServer(settings={"no_such_setting": "1"}).start()

    async def test_looks_for_another_port_when_somebody_was_faster(
        self, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ports = [processes.free_port(), postgres.port]
        monkeypatch.setattr(processes, "free_port", ports.pop)
        with PostgresServer() as other:
            assert other.port != postgres.port
            assert await query(other.url, "SELECT 1") == 1

    async def test_several_servers_at_once(self, postgres: PostgresServer) -> None:
        with PostgresServer(durable=False) as other:
            assert urlsplit(other.url).port != urlsplit(postgres.url).port
            await query(other.url, "CREATE TABLE mine (n int)", "SELECT 1")
            assert await query(postgres.url, "SELECT to_regclass('mine')") is None


@needs_valkey
class TestValkey:
    def test_answers(self, valkey: ValkeyServer) -> None:
        assert ask(valkey, b"PING") == b"+PONG\r\n"
        assert valkey.url == f"redis://127.0.0.1:{valkey.port}/0"

    def test_a_crash_forgets_everything(self, valkey: ValkeyServer) -> None:
        assert ask(valkey, b"SET a 1") == b"+OK\r\n"
        port = valkey.port
        valkey.kill()
        with pytest.raises(OSError):
            ask(valkey, b"PING")
        valkey.restart()
        assert valkey.port == port
        assert ask(valkey, b"GET a") == b"$-1\r\n"

    def test_says_nothing_while_paused(self, valkey: ValkeyServer) -> None:
        valkey.pause()
        with pytest.raises(TimeoutError):
            ask(valkey, b"PING", timeout_s=0.3)
        valkey.resume()
        assert ask(valkey, b"PING") == b"+PONG\r\n"

    def test_leaves_nothing_behind(self, valkey: ValkeyServer) -> None:
        pids, folder = valkey.pids, valkey._folder
        valkey.stop()
        assert gone(pids)
        assert folder is not None
        assert not folder.exists()


@pytest.mark.parametrize("state", ["running", pytest.param("paused", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "kind", [pytest.param("postgres", marks=needs_postgres), pytest.param("valkey", marks=needs_valkey)]
)
def test_no_server_outlives_a_killed_owner(kind: str, state: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    command = [sys.executable, "-c", ORPHAN, kind, state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        assert owner.stdout is not None
        *pids, folder = owner.stdout.readline().split()
        assert pids
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15.0
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    assert gone([int(pid) for pid in pids])
