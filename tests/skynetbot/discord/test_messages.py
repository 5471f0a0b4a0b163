"""The fast path: what Discord sends, what it may leave out, and what is no JSON at all."""

import msgspec
import pytest

from skynetbot.discord.messages import FrameDecoder, Message, message_from_payload

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


def test_a_message_frame_becomes_typed_data_with_integer_ids() -> None:
    payload = FrameDecoder()(frame(FULL))
    message = payload["d"]
    assert (payload["op"], payload["t"], payload["s"]) == (0, "MESSAGE_CREATE", 7)
    assert isinstance(message, Message)
    assert (message.id, message.channel_id, message.guild_id) == (112233445566778899, 22, 33)
    assert message.author_name == "Countess"
    assert message.role_ids == [5, 6]
    assert message.from_person


def test_another_event_stays_a_plain_dict() -> None:
    payload = FrameDecoder()(frame({"id": "1"}, t="GUILD_CREATE"))
    assert payload == {"t": "GUILD_CREATE", "s": 7, "op": 0, "d": {"id": "1"}}


def test_a_message_in_another_key_order_is_still_read() -> None:
    raw = msgspec.json.encode({"op": 0, "s": 1, "t": "MESSAGE_CREATE", "d": FULL})
    assert message_from_payload(FrameDecoder()(raw)["d"]).text == "hello"


@pytest.mark.parametrize("field", sorted(set(FULL) - {"id"}))
def test_every_field_may_be_missing(field: str) -> None:
    payload = FrameDecoder()(frame({k: v for k, v in FULL.items() if k != field}))
    assert isinstance(payload["d"], Message)


@pytest.mark.parametrize("field", ["guild_id", "content", "author", "member", "type", "mentions", "webhook_id"])
def test_every_optional_field_may_be_null(field: str) -> None:
    message = FrameDecoder()(frame({**FULL, field: None}))["d"]
    assert isinstance(message, Message)
    assert message.text in ("", "hello")


def test_unknown_fields_are_ignored() -> None:
    assert FrameDecoder()(frame({**FULL, "brand_new": {"deep": [1]}}))["d"].text == "hello"


def test_an_odd_form_of_a_lesser_field_costs_that_field_only() -> None:
    odd: list[str] = []
    payload = FrameDecoder(odd.append)(frame({**FULL, "mention_everyone": "perhaps"}))
    assert odd == ["MESSAGE_CREATE"]
    message = message_from_payload(payload["d"])
    assert message.mention_everyone is None
    assert message.text == "hello"


def test_a_message_without_a_readable_author_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        message_from_payload({**FULL, "author": "ada"})


@pytest.mark.parametrize("raw", [b"", b"{", b'{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{', b"\xff\xfe", b"\x00"])
def test_what_is_no_json_is_a_decode_error(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        FrameDecoder()(raw)


def test_bots_webhooks_and_nobody_are_no_persons() -> None:
    assert not message_from_payload({**FULL, "author": {"id": "1", "bot": True}}).from_person
    assert not message_from_payload({**FULL, "webhook_id": "9"}).from_person
    assert not message_from_payload({**FULL, "author": None}).from_person
