"""The fast path: what Discord sends, what it may leave out, and what is no JSON at all."""

import msgspec
import pytest

from skynetbot.discord.messages import Message, decode_message_frame, decode_payload, message_from_payload

FULL = {
    "id": "112233445566778899",
    "channel_id": "22",
    "guild_id": "33",
    "content": "hello",
    "author": {"id": "44", "username": "ada", "global_name": "Ada", "bot": False},
    "member": {"nick": "Countess", "roles": ["5", "6"]},
    "type": 0,
}


def frame(d: object, *, t: str = "MESSAGE_CREATE", s: int = 7) -> bytes:
    return msgspec.json.encode({"t": t, "s": s, "op": 0, "d": d})


def decoded(d: object) -> Message:
    found = decode_message_frame(frame(d))
    assert found is not None
    return found.d


def test_a_message_frame_becomes_typed_data_with_integer_ids() -> None:
    found = decode_message_frame(frame(FULL))
    assert found is not None
    message = found.d
    assert (found.op, found.t, found.s) == (0, "MESSAGE_CREATE", 7)
    assert (message.id, message.channel_id, message.guild_id) == (112233445566778899, 22, 33)
    assert message.author_name == "Countess"
    assert message.role_ids == [5, 6]
    assert message.from_person


def test_another_event_is_not_for_the_fast_path() -> None:
    raw = frame({"id": "1"}, t="GUILD_CREATE")
    assert decode_message_frame(raw) is None
    assert decode_payload(raw) == {"t": "GUILD_CREATE", "s": 7, "op": 0, "d": {"id": "1"}}


def test_a_message_in_another_key_order_is_still_read() -> None:
    raw = msgspec.json.encode({"op": 0, "s": 1, "t": "MESSAGE_CREATE", "d": FULL})
    assert decode_message_frame(raw) is None
    assert message_from_payload(decode_payload(raw)["d"]).text == "hello"


@pytest.mark.parametrize("field", sorted(set(FULL) - {"id"}))
def test_every_field_may_be_missing(field: str) -> None:
    assert decoded({k: v for k, v in FULL.items() if k != field}).id


@pytest.mark.parametrize("field", ["guild_id", "content", "author", "member", "type", "mentions", "webhook_id"])
def test_every_optional_field_may_be_null(field: str) -> None:
    assert decoded({**FULL, field: None}).text in ("", "hello")


def test_unknown_fields_are_ignored() -> None:
    assert decoded({**FULL, "brand_new": {"deep": [1]}}).text == "hello"


def test_an_odd_form_of_a_lesser_field_costs_that_field_only() -> None:
    raw = frame({**FULL, "mention_everyone": "perhaps"})
    assert decode_message_frame(raw) is None
    message = message_from_payload(decode_payload(raw)["d"])
    assert message.mention_everyone is None
    assert message.text == "hello"


def test_a_message_without_a_readable_author_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        message_from_payload({**FULL, "author": "ada"})


@pytest.mark.parametrize("raw", [b"", b"{", b'{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{', b"\xff\xfe", b"\x00"])
def test_what_is_no_json_is_a_decode_error(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_message_frame(raw) or decode_payload(raw)


def test_bots_webhooks_and_nobody_are_no_persons() -> None:
    assert not message_from_payload({**FULL, "author": {"id": "1", "bot": True}}).from_person
    assert not message_from_payload({**FULL, "webhook_id": "9"}).from_person
    assert not message_from_payload({**FULL, "author": None}).from_person
