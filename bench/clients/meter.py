"""Counts deliveries and CPU of one client process, told over stdin when a burst begins."""

import os
import sys
import threading
import time

import msgspec

__all__ = ["Meter"]


class Meter:
    """``deliver`` is the handler's only work. Lines on stdout: one when ready, then two for each burst."""

    def __init__(self) -> None:
        self._left = 0
        self._checksum = 0
        self._cpu_at_start = 0.0
        self._ready = False
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {1})

    def ready(self) -> None:
        """Connected, with every server loaded: wait for bursts."""
        if not self._ready:
            self._ready = True
            threading.Thread(target=self._listen, daemon=True).start()
            _say({"ready": True})

    def deliver(self, message_id: int) -> None:
        self._checksum = (self._checksum + message_id) & 0xFFFF_FFFF_FFFF
        self._left -= 1
        if not self._left:
            _say({"cpu_s": time.process_time() - self._cpu_at_start, "checksum": self._checksum})

    def _listen(self) -> None:
        for line in sys.stdin:
            self._left = int(line)
            self._checksum = 0
            self._cpu_at_start = time.process_time()
            _say({"go": True})


def _say(what: object) -> None:
    sys.stdout.write(msgspec.json.encode(what).decode() + "\n")
    sys.stdout.flush()
