"""Part of the job bench: APScheduler on SQLite, pgqueuer on PostgreSQL, saq on Valkey (see `clients.queues`).

They live in one environment of their own. saq does not take our redis, and pydantic and uvloop, which come with them,
would change what Litestar and Granian do in ours.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from bench.clients import queues
from bench.clients.environment import UnavailableError, call, environment
from support.servers import PostgresServer, ValkeyServer

__all__ = ["PEERS", "Peer", "PeerSample", "peer_python", "take_peer"]

Peer: TypeAlias = Literal["apscheduler", "pgqueuer", "saq"]

PEERS: Final[tuple[Peer, ...]] = ("apscheduler", "pgqueuer", "saq")
_REQUIREMENTS: Final = (
    "apscheduler==3.11.3",
    "sqlalchemy==2.1.9",
    "pgqueuer==1.6.0",
    "asyncpg==0.32.0",
    "saq[redis,hiredis]==0.26.4",
)
_UNTIL: Final = "2026-11-24T00:00:00Z"
_TIMEOUT_S: Final = 240
_INSERTS: Final[dict[Peer, int]] = {"apscheduler": 2_000, "pgqueuer": 20_000, "saq": 4_000}
"""As many as each does in a few seconds."""


class PeerSample(msgspec.Struct):
    """What it did; the fields are of `clients.queues.measure`."""

    inserts_per_s: float
    fired_per_s: float
    lateness: list[float]
    once: bool


def peer_python() -> str:
    """The Python that has them. Raises UnavailableError."""
    python = sys.executable
    return environment(
        f"queues-{sys.version_info[0]}.{sys.version_info[1]}", _REQUIREMENTS, python=python, until=_UNTIL
    )


def take_peer(
    python: str,
    peer: Peer,
    postgres: PostgresServer | None,
    valkey: ValkeyServer | None,
    *,
    per_s: int,
    count: int,
    quick: bool,
) -> PeerSample:
    """Run it once on an empty store. Raises UnavailableError."""
    inserts = _INSERTS[peer] // (8 if quick else 1)
    options = [f"--inserts={inserts}", f"--per-s={per_s}", f"--count={count}"]

    def run(place: str) -> PeerSample:
        said = call([python, "-I", queues.__file__, peer, f"--place={place}", *options], timeout_s=_TIMEOUT_S)
        return msgspec.convert(json.loads(said.splitlines()[-1]), PeerSample)

    if peer == "apscheduler":
        with tempfile.TemporaryDirectory(prefix="bench-jobs-") as folder:
            return run(str(Path(folder) / "jobs.sqlite3"))
    if peer == "pgqueuer":
        if postgres is None:
            raise UnavailableError("there is no PostgreSQL server")
        url = postgres.create_database()
        try:
            return run(url)
        finally:
            postgres.drop_database(url)
    if valkey is None:
        raise UnavailableError("there is no Valkey server")
    valkey.restart()  # it keeps nothing
    return run(valkey.url)
