"""What travels: plain values, unharmed, or a word that something could not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.bus.frames import Beat, Bye, FrameUnreadable, MessageNotPlain, Messages, decode, encode, pack, unpack

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary() | st.floats(allow_nan=False)
)
plain = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.integers(0, 2**60) | st.text(), inner))


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), plain), max_size=5))
def test_plain_values_arrive_as_they_are(messages: list[tuple[str, Any]]) -> None:
    frame = decode(encode(Messages("a", 1, [pack(topic, message, 10**6) for topic, message in messages])))
    assert isinstance(frame, Messages)
    assert [unpack(each) for each in frame.packed] == messages


@pytest.mark.parametrize("frame", [Beat("a", 7), Bye("a", 0)])
def test_other_frames(frame: Beat | Bye) -> None:
    assert decode(encode(frame)) == frame


def test_tuples_arrive_as_lists() -> None:
    assert unpack(pack("t", (1, ("a", 2)), 100)) == ("t", [1, ["a", 2]])


class Record(msgspec.Struct):
    x: int = 1


@pytest.mark.parametrize("message", [Record(), {1, 2}, [object()], {"a": {"b": Record()}}])
def test_what_would_arrive_as_something_else_is_refused_with_its_type(message: Any) -> None:
    with pytest.raises(MessageNotPlain, match=r"A (Record|set|object) cannot travel on the topic 't'"):
        pack("t", message, 100)


@pytest.mark.parametrize("message", ["x" * 101, 2**64, "\ud800"])
def test_plain_values_that_cannot_travel_become_a_gap(message: Any) -> None:
    topic, reason = unpack(pack("t", message, 100))
    assert topic == GAP_TOPIC
    assert reason.startswith("a message on t could not travel: ")


@pytest.mark.parametrize("data", [b"", b"\xff", b"hello", b"\x91\xa4what", encode(Beat("a", 1))[:-1]])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(FrameUnreadable):
        decode(data)
