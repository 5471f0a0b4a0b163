"""What waits to be sent: bounded, numbered, and never lost without a hole in the numbers."""

import msgspec

from skynetbot.bus.outbox import Outbox


def fill(outbox: Outbox, count: int, size: int = 1) -> None:
    for _ in range(count):
        outbox.put(msgspec.Raw(b"x" * size))


def test_batches_are_consecutive() -> None:
    outbox = Outbox(1_000, 10**9)
    fill(outbox, 300)
    first, batch = outbox.take()
    assert (first, len(batch), outbox.settled) == (1, 256, 0)
    outbox.done(len(batch))
    assert outbox.settled == 256
    first, batch = outbox.take()
    assert (first, len(batch)) == (257, 44)


def test_batches_are_small_in_bytes_but_never_empty() -> None:
    outbox = Outbox(1_000, 10**9)
    fill(outbox, 3, size=40_000)
    fill(outbox, 1, size=100_000)
    sizes = []
    while len(outbox):
        _, batch = outbox.take()
        outbox.done(len(batch))
        sizes.append(len(batch))
    assert sizes == [1, 1, 1, 1]


def test_when_full_the_oldest_go_and_their_numbers_with_them() -> None:
    outbox = Outbox(3, 10**9)
    fill(outbox, 5)
    assert outbox.dropped == 2
    assert outbox.settled == 2
    assert outbox.take()[0] == 3


def test_it_is_bounded_in_bytes_but_keeps_the_newest() -> None:
    outbox = Outbox(1_000, 100)
    fill(outbox, 3, size=60)
    fill(outbox, 1, size=500)
    assert (len(outbox), outbox.dropped, outbox.take()[0]) == (1, 3, 4)


def test_what_is_under_way_is_not_settled_whatever_is_dropped_behind_it() -> None:
    outbox = Outbox(2, 10**9)
    fill(outbox, 2)
    outbox.take()
    fill(outbox, 5)
    assert outbox.settled == 0
    outbox.done(2)
    assert (outbox.settled, outbox.sent, outbox.last) == (5, 2, 7)
