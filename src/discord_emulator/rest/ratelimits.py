"""Rate limits: buckets per route and major parameter, the global limit, and the invalid-request counter.

Source: https://discord.com/developers/docs/topics/rate-limits
"""

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

__all__ = ["Limited", "RateLimits"]

_GLOBAL_PER_S: Final = 50
_INVALID_LIMIT: Final = 10_000
_INVALID_WINDOW_S: Final = 600.0
# (limit, window in seconds) where Discord's are well known; the rest get a plausible default.
_KNOWN: Final = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": (1, 0.25),
    "GET /users/@me/guilds": (1, 1.0),
    "POST /webhooks/{webhook_id}/{token}": (5, 2.0),
    "POST /channels/{channel_id}/typing": (5, 5.0),
    "POST /channels/{channel_id}/messages/bulk-delete": (1, 1.0),
    "PATCH /channels/{channel_id}": (2, 600.0),
    "PATCH /guilds/{guild_id}/members/{user_id}": (10, 10.0),
}
_DEFAULT: Final = (50, 1.0)
_RELAXED: Final = 100_000
_MOST_BUCKETS: Final = 10_000


class Limited(msgspec.Struct, frozen=True):
    """The answer is 429: wait ``retry_after`` seconds."""

    retry_after: float
    scope: str


class _Bucket(msgspec.Struct):
    limit: int
    window_s: float
    remaining: int
    reset_at: float


class RateLimits:
    """``strict`` refuses what Discord would refuse; otherwise limits are told but generous."""

    def __init__(self, *, strict: bool, now: Callable[[], float]) -> None:
        self.strict = strict
        self._now = now
        self._buckets: dict[tuple[str, str, int], _Bucket] = {}
        self._global: dict[int, deque[float]] = {}
        self._invalid: deque[float] = deque()
        self.refused = 0

    def take(
        self, route: str, major: str, user_id: int, *, shared: bool = False
    ) -> tuple[Limited | None, dict[str, str]]:
        """One call of the user: None or the refusal, and the headers of the answer.

        ``shared`` calls (webhooks, invites: nobody is logged in) do not count against the global limit.
        """
        now = self._now()
        if self.strict and not shared and (refusal := self._take_global(user_id, now)) is not None:
            self.refused += 1
            headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            return refusal, {**headers, "Retry-After": f"{refusal.retry_after:.3f}"}
        limit, window_s = _KNOWN.get(route, _DEFAULT) if self.strict else (_RELAXED, 1.0)
        key = (route, major, user_id)
        if len(self._buckets) >= _MOST_BUCKETS:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.reset_at > now}
        bucket = self._buckets.get(key)
        if bucket is None or now >= bucket.reset_at:
            bucket = self._buckets[key] = _Bucket(limit, window_s, limit, now + window_s)
        refusal = None
        if bucket.remaining <= 0:
            self.refused += 1
            refusal = Limited(max(0.001, bucket.reset_at - now), "user")
        else:
            bucket.remaining -= 1
        headers = {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(bucket.remaining),
            "X-RateLimit-Reset": f"{bucket.reset_at:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, bucket.reset_at - now):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
        if refusal is not None:
            headers |= {"Retry-After": f"{refusal.retry_after:.3f}", "X-RateLimit-Scope": refusal.scope}
        return refusal, headers

    def note_invalid(self) -> None:
        """A 401, 403 or 429 was answered; 10,000 in ten minutes and Discord blocks the address."""
        now = self._now()
        self._invalid.append(now)
        while self._invalid and self._invalid[0] < now - _INVALID_WINDOW_S:
            self._invalid.popleft()
        while len(self._invalid) > _INVALID_LIMIT * 2:
            self._invalid.popleft()

    @property
    def blocked(self) -> bool:
        return self.strict and len(self._invalid) >= _INVALID_LIMIT

    def _take_global(self, user_id: int, now: float) -> Limited | None:
        calls = self._global.setdefault(user_id, deque())
        while calls and calls[0] <= now - 1.0:
            calls.popleft()
        if len(calls) >= _GLOBAL_PER_S:
            return Limited(max(0.001, calls[0] + 1.0 - now), "global")
        calls.append(now)
        return None

    def stats(self) -> dict[str, int]:
        return {"refused": self.refused, "invalid": len(self._invalid), "buckets": len(self._buckets)}
