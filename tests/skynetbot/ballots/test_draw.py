"""Lots can be drawn again: known numbers of Java's generator, and hashes computed by hand."""

import hashlib
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skynetbot.ballots.draw import open_draw, shuffled
from skynetbot.ballots.errors import RuleError


def test_java_numbers_are_those_of_java() -> None:
    # new Random(42).nextInt(10), five times.
    java = open_draw("java", "42")
    assert [java.below(10) for _ in range(5)] == [0, 3, 8, 4, 0]
    # new Random(42).nextInt(), four times, of which nextInt(2^30) is the upper thirty bits.
    java = open_draw("java", "42")
    whole = (-1170105035, 234785527, -1360544799, 205897768)
    assert [java.below(1 << 30) for _ in whole] == [(number & 0xFFFFFFFF) >> 2 for number in whole]
    # new Random(0).nextDouble() = 0.730967787376657
    assert open_draw("java", "0").pick(1_000_000) == 730_967


def test_sha256_numbers_can_be_computed_by_anyone() -> None:
    draw = open_draw("sha256", "poll 7")
    for number in (1, 2, 3):
        digest = hashlib.sha256(f"poll 7:{number}".encode()).hexdigest()
        assert draw.pick(5) == int(digest, 16) % 5


@given(st.sampled_from(["sha256", "java"]), st.integers(0, 2**48), st.integers(1, 50))
def test_numbers_stay_in_range_and_repeat(kind: str, seed: int, size: int) -> None:
    for how in ("pick", "below"):
        first, second = (open_draw("java" if kind == "java" else "sha256", str(seed)) for _ in range(2))
        numbers = [getattr(first, how)(size) for _ in range(5)]
        assert numbers == [getattr(second, how)(size) for _ in range(5)]
        assert all(0 <= number < size for number in numbers)


def test_every_order_is_about_equally_frequent() -> None:
    seen = Counter(shuffled("ABC", open_draw("sha256", str(seed))) for seed in range(6_000))
    assert set(seen) == set(permutations("ABC"))
    assert all(850 < times < 1_150 for times in seen.values())


def test_a_java_seed_is_a_number() -> None:
    with pytest.raises(RuleError, match="whole number"):
        open_draw("java", "poll 7")
