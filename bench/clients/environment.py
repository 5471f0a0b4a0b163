"""Virtual environments of their own for peers that our lock cannot hold, under ``~/.cache/skynetbot-bench``.

Each is made once, from pinned requirements, and is complete when it has its name.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["UnavailableError", "call", "environment"]

_INSTALL_TIMEOUT_S: Final = 300
_INSIDE: Final = Path("Scripts/python.exe" if os.name == "nt" else "bin/python")


class UnavailableError(Exception):
    """It cannot be had here; the message says why."""


def environment(name: str, requirements: Sequence[str], *, python: str, until: str | None = None) -> str:
    """The Python of the environment that has these packages, made on first use.

    Args:
        name: of its folder; another one for other requirements.
        python: which interpreter, as uv takes it.
        until: a day; what was published later is not taken, so that unpinned dependencies stay what they were.

    Raises:
        UnavailableError: it cannot be made.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skynetbot-bench"
    home = cache / name
    if (home / _INSIDE).exists():  # renamed to here when complete, so never half made
        return str(home / _INSIDE)
    uv = _uv()
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home, ignore_errors=True)  # its Python is gone
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as temporary:
        building = Path(temporary) / "venv"
        call([uv, "venv", "--quiet", "--no-config", "--no-project", "--python", python, str(building)], cwd=cache)
        options = ["--quiet", "--no-config", "--no-build", "--python", str(building / _INSIDE)]
        if until is not None:
            options += ["--exclude-newer", until]
        call([uv, "pip", "install", *options, *requirements], cwd=cache)
        try:
            building.rename(home)
        except OSError:
            if not (home / _INSIDE).exists():  # else another process was faster
                raise
    return str(home / _INSIDE)


def call(command: Sequence[str], *, cwd: Path | None = None, timeout_s: int = _INSTALL_TIMEOUT_S) -> str:
    """What the command prints, run without our own environment. Raises UnavailableError."""
    hidden = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    variables = {key: value for key, value in os.environ.items() if key not in hidden}
    variables["UV_PYTHON_DOWNLOADS"] = "never"
    what = " ".join([Path(command[0]).name, *command[1:3]])
    try:
        done = subprocess.run(
            command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"`{what}` took more than {timeout_s} s") from None
    if done.returncode:
        said = " ".join(done.stderr.split())[-300:] or "nothing"
        raise UnavailableError(f"`{what}` failed with {done.returncode} and said: {said}")
    return done.stdout


def _uv() -> str:
    own = Path(__file__).parents[2] / ".tools" / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    uv = str(own) if own.exists() else shutil.which("uv")
    if uv is None:
        raise UnavailableError("uv, which makes its environment, was not found (run `make setup`)")
    return uv
