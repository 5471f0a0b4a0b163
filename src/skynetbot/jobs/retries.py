"""Pure rules: how long to wait before the next attempt, and what becomes of a run that was missed."""

import random
from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["CatchUp", "RetryPolicy", "is_missed", "retry_delay"]

CatchUp: TypeAlias = Literal["late", "skip"]
"""What happens to a job whose time passed while nobody worked: it runs late, once, or is left out (a recurring one
goes on with its next time either way)."""

_LARGEST_EXPONENT: Final = 60


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """``attempts`` runs at most; between them ``first_s``, doubling up to ``longest_s``, each with full jitter."""

    attempts: int = 8
    first_s: float = 2.0
    longest_s: float = 3_600.0


def retry_delay(policy: RetryPolicy, attempt: int, retry_after_s: float | None = None) -> float:
    """Seconds to wait after the failure of ``attempt`` (1 is the first), or after what the other side asked for.

    Full jitter: a random part of the ceiling, so that many that failed together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    if retry_after_s is not None:
        return max(0.0, retry_after_s) + random.uniform(0, policy.first_s)
    ceiling = min(policy.longest_s, policy.first_s * 2 ** min(attempt - 1, _LARGEST_EXPONENT))
    return random.uniform(ceiling / 10, ceiling)


def is_missed(due: float, now: float, grace_s: float) -> bool:
    """Whether a job is so late that "skip" leaves it out."""
    return now - due > grace_s
