"""A lock that the operating system releases when the process ends, however it ends."""

import os
import sys
from pathlib import Path

__all__ = ["lock_file"]


def lock_file(path: Path) -> int | None:
    """Lock the file and return its descriptor, to be closed to release it; None when somebody holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file
