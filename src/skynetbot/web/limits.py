"""A limit on attempts by address: a sliding minute, in bounded memory."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Final

from litestar import Request
from litestar.exceptions import HTTPException

__all__ = ["AttemptLimit", "TooManyAttempts", "peer_address"]

_WINDOW_S: Final = 60.0
_MAX_PEERS: Final = 10_000


class TooManyAttempts(HTTPException):
    status_code = 429
    detail = "Too many login attempts from your address. Wait a minute and try again."


class AttemptLimit:
    """At most ``per_minute`` attempts from one address; the addresses seen longest ago are forgotten first."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, peer: str) -> None:
        """Raises TooManyAttempts."""
        now = self._now()
        attempts = self._attempts.setdefault(peer, deque())
        self._attempts.move_to_end(peer)
        while attempts and now - attempts[0] >= _WINDOW_S:
            attempts.popleft()
        if len(attempts) >= self._per_minute:
            wait_s = int(_WINDOW_S - (now - attempts[0])) + 1
            raise TooManyAttempts(headers={"Retry-After": str(wait_s)})
        attempts.append(now)
        while len(self._attempts) > _MAX_PEERS:
            self._attempts.popitem(last=False)

    def stats(self) -> dict[str, int]:
        return {"peers": len(self._attempts)}


def peer_address(request: Request[Any, Any, Any], *, trust_proxy: bool) -> str:
    """Who sent the request. Behind a proxy that is the last entry it added, never what the client claims."""
    if trust_proxy and (forwarded := request.headers.get("x-forwarded-for")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.client.host if request.client else "local"
