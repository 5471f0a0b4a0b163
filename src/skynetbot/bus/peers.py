"""Which numbers of which instance have arrived: what is new, what was lost, and who has fallen silent.

Each instance numbers its messages 1, 2, 3 … for as long as it lives. Numbers of an instance only ever grow here: what
comes late, after its loss was reported, is not new any more. So messages of one instance are seen in order and once.
"""

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["SILENT_BEATS", "Peers"]

SILENT_BEATS: Final = 3
"""Heartbeats without a word after which something is wrong."""
_REMEMBER: Final = 20  # times as long as an instance may be silent; repeats can come late from a frozen server
_MOST: Final = 1_024


@dataclass
class _Peer:
    last: int = 0
    silent: int = 0  # heartbeats
    ended: bool = False


class Peers:
    """Time is counted in calls of ``tick``, one a heartbeat.

    A process that was frozen for a minute counts one heartbeat and not sixty: what arrived meanwhile is still in its
    sockets. Methods that return a string or None return the reason for a gap.
    """

    def __init__(self, heartbeat_s: float, forget_s: float) -> None:
        self._peers: dict[str, _Peer] = {}
        self._forget = max(SILENT_BEATS + 1, math.ceil(forget_s / heartbeat_s))
        self.duplicates = 0

    def messages(self, instance: str, first: int, count: int) -> tuple[int, str | None]:
        """``count`` consecutive messages came: how many of the leading ones are not new, and whether some are lost."""
        peer = self._of(instance)
        old = min(max(0, peer.last - first + 1), count)
        lost = max(0, first - peer.last - 1)
        self.duplicates += old
        peer.last = max(peer.last, first + count - 1)
        return old, f"{lost} messages of {instance} did not arrive" if lost else None

    def beat(self, instance: str, last: int) -> str | None:
        """The instance lives and has sent everything up to ``last``."""
        peer = self._peers.get(instance)
        if peer is not None and peer.ended:
            return None  # of before its end, on a slower way
        return self._ahead(instance, last)

    def bye(self, instance: str, last: int) -> str | None:
        """The instance ends; nothing is expected of it any more."""
        reason = self._ahead(instance, last)
        self._of(instance).ended = True
        return reason

    def tick(self) -> list[str]:
        """A heartbeat has passed: why, for each instance whose silence is a reason for a gap."""
        reasons = []
        for instance, peer in tuple(self._peers.items()):
            peer.silent += 1
            if peer.silent >= self._forget * _REMEMBER:
                del self._peers[instance]
            elif self._expected(peer) and peer.silent % SILENT_BEATS == 0:
                reasons.append(f"nothing heard of {instance} for {peer.silent} heartbeats")
        return reasons

    def __len__(self) -> int:
        """How many instances are thought to live."""
        return sum(map(self._expected, self._peers.values()))

    def _expected(self, peer: _Peer) -> bool:
        return not peer.ended and peer.silent < self._forget

    def _ahead(self, instance: str, last: int) -> str | None:
        peer = self._of(instance)
        lost, peer.last = max(0, last - peer.last), max(peer.last, last)
        return f"{lost} messages of {instance} did not arrive" if lost else None

    def _of(self, instance: str) -> _Peer:
        peer = self._peers.get(instance)
        if peer is None:
            # Nothing of it is known, so its first sign beyond number 1 is a gap: the safe guess.
            peer = self._peers[instance] = _Peer()
            if len(self._peers) > _MOST:
                del self._peers[max(self._peers, key=lambda name: self._peers[name].silent)]
        peer.silent = 0
        return peer
