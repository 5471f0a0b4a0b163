"""The shared tier in Valkey or Redis: saves the database questions that another process asked a moment ago.

It is never the truth. What it holds dies after a few seconds whatever happens, a newer version is never replaced by an
older one, and when the server is away or slow the answer is "not here", at once and for a while.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import redis.asyncio as valkey
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from skynetbot.cache.snapshots import Loaded
from skynetbot.observability.logs import get_logger

__all__ = ["ValkeyTier", "connect"]

K = TypeVar("K")
V = TypeVar("V")

_log = get_logger(__name__)
_TIMEOUT_S: Final = 0.1
_REST_S: Final = 1.0
"""How long a server that failed is left alone."""
# KEYS[1]; ARGV: version, value, milliseconds to live. Versions stay below 2^53, where Lua's numbers are exact.
_PUT_IF_NEWER: Final = """
local known = redis.call('HGET', KEYS[1], 'v')
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'd', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""


def connect(url: str) -> valkey.Redis:
    """A client that gives up quickly and tries nothing twice; the caller closes it."""
    return valkey.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=16,
    )


class ValkeyTier(Generic[K, V]):
    """A `SharedTier`."""

    def __init__(
        self,
        client: Any,
        prefix: str,
        *,
        encode: Callable[[V], bytes],
        decode: Callable[[K, bytes], V],
        ttl_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._encode = encode
        self._decode = decode
        self._ttl_ms = int(ttl_s * 1_000)
        self._clock = clock
        self._rest_until = float("-inf")
        self.failures = 0

    async def get(self, key: K) -> Loaded[V] | None:
        if self._clock() < self._rest_until:
            return None
        try:
            version, value = await self._client.hmget(self._name(key), "v", "d")
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if version is None or value is None:
            return None
        try:
            return Loaded(self._decode(key, value), int(version))
        except ValueError as error:
            # Written by a version of ours that saw things differently: as good as not here.
            self._failed(error)
            return None

    async def put(self, key: K, loaded: Loaded[V]) -> None:
        if loaded.value is None or self._clock() < self._rest_until:
            return
        try:
            await self._client.eval(
                _PUT_IF_NEWER, 1, self._name(key), loaded.version, self._encode(loaded.value), self._ttl_ms
            )
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    def _name(self, key: K) -> str:
        return f"{self._prefix}:{key}"

    def _failed(self, error: Exception) -> None:
        if self._clock() >= self._rest_until:
            _log.warning("the shared cache does not answer", error=str(error) or type(error).__name__)
        self.failures += 1
        self._rest_until = self._clock() + _REST_S
