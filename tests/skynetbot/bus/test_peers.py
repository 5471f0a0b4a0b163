"""Numbers of instances: every loss is a gap, and nothing is seen twice or out of order."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from skynetbot.bus.peers import Peers


def peers(forget_s: float = 30.0) -> Peers:
    return Peers(heartbeat_s=1.0, forget_s=forget_s)


def test_numbers_in_order_are_no_gap() -> None:
    of = peers()
    assert of.beat("a", 0) is None
    assert of.messages("a", 1, 2) == (0, None)
    assert of.beat("a", 2) is None
    assert of.messages("a", 3, 1) == (0, None)


def test_a_jump_is_a_gap_and_says_how_much() -> None:
    of = peers()
    of.messages("a", 1, 1)
    assert of.messages("a", 4, 1) == (0, "2 messages of a did not arrive")


def test_repeats_are_old_also_in_part() -> None:
    of = peers()
    of.messages("a", 1, 3)
    assert of.messages("a", 1, 3) == (3, None)
    assert of.messages("a", 2, 4) == (2, None)
    assert of.duplicates == 5


def test_a_beat_ahead_is_one_gap() -> None:
    of = peers()
    of.messages("a", 1, 1)
    assert of.beat("a", 2)
    assert of.beat("a", 2) is None
    assert of.beat("a", 1) is None


def test_an_instance_that_was_there_before_us_is_a_gap() -> None:
    assert peers().beat("a", 7)
    assert peers().messages("a", 8, 1)[1]


def test_silence_is_a_gap_each_third_beat_until_it_is_forgotten() -> None:
    of = peers(forget_s=10)
    of.beat("a", 0)
    said = [bool(of.tick()) for _ in range(15)]
    assert [n for n, reasons in enumerate(said, 1) if reasons] == [3, 6, 9]
    assert len(of) == 0


def test_a_word_ends_the_silence() -> None:
    of = peers()
    of.beat("a", 0)
    for _ in range(20):
        of.tick()
        of.tick()
        of.beat("a", 0)
        assert not of.tick()


def test_an_instance_that_comes_back_is_held_to_its_numbers() -> None:
    of = peers(forget_s=10)
    of.messages("a", 1, 5)
    for _ in range(50):
        of.tick()
    assert of.messages("a", 5, 1) == (1, None)
    assert of.messages("a", 6, 1) == (0, None)
    assert len(of) == 1


def test_after_goodbye_nothing_is_expected_and_repeats_stay_old() -> None:
    of = peers()
    of.messages("a", 1, 2)
    assert of.bye("a", 2) is None
    assert not any(of.tick() for _ in range(100))
    assert of.messages("a", 1, 2) == (2, None)
    assert of.beat("a", 2) is None
    assert len(of) == 0


def test_goodbye_tells_of_what_was_lost_at_the_end() -> None:
    of = peers()
    of.messages("a", 1, 2)
    assert of.bye("a", 3)


def test_nobody_is_remembered_for_ever() -> None:
    of = peers(forget_s=4)
    of.beat("a", 0)
    for n in range(3_000):
        of.bye(f"short-lived {n}", 0)
    assert len(of._peers) <= 1_024
    for _ in range(100):
        of.tick()
    assert not of._peers


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 4), max_size=40),
    st.randoms(use_true_random=False),
    st.floats(0, 0.6),
    st.integers(0, 12),
)
def test_whatever_the_network_does_every_loss_is_a_gap(
    sizes: list[int], random: Random, loss: float, mess: int
) -> None:
    """Frames of consecutive messages with beats between them are lost, repeated and moved; a last beat arrives."""
    frames, last = [], 0
    for size in sizes:
        frames.append((last + 1, size))
        last += size
        if random.random() < 0.3:
            frames.append((last, 0))
    sent = [frame for frame in frames for _ in range(random.choice((1, 1, 2))) if random.random() >= loss]
    order = sorted(range(len(sent)), key=lambda at: at + random.randint(0, mess))
    of, upto, warned = peers(), 0, False
    for first, size in [*(sent[at] for at in order), (last, 0)]:
        old, reason = of.messages("a", first, size) if size else (0, of.beat("a", first))
        warned = warned or reason is not None
        for number in range(first + old, first + size):
            assert number > upto
            assert number == upto + 1 or warned
            upto, warned = number, False
    assert upto == last or warned
