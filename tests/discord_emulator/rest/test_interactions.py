"""Interactions from both ends: a person's client starts them, the bot answers in every way that there is."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from support.town import Town, open_town

EPHEMERAL, LOADING = 64, 128


async def register(town: Town, body: dict[str, Any] | None = None) -> dict[str, Any]:
    body = body or {"name": "ping", "description": "Answers."}
    path = f"/applications/{town.application.id}/commands"
    command: dict[str, Any] = await town.call("POST", path, body)
    return command


async def start(town: Town, kind: int = 2, *, data: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Start an interaction as Ada; what the bot hears of it."""
    body = {
        "type": kind,
        "application_id": str(town.application.id),
        "guild_id": str(town.guild.id),
        "channel_id": str(town.general.id),
        "session_id": "s",
        "nonce": "n1",
        "data": data or {},
        **more,
    }
    await town.call("POST", "/interactions", body, by=town.ada, expect=204)
    bots = frozenset({town.bot.id})
    return [e.data for e in town.events if e.name == "INTERACTION_CREATE" and e.user_ids == bots][-1]


async def use(town: Town, data: dict[str, Any] | None = None) -> dict[str, Any]:
    command = await register(town)
    return await start(town, data={"id": command["id"], "name": "ping", "type": 1, **(data or {})})


def callback(heard: dict[str, Any], query: str = "") -> str:
    return f"/interactions/{heard['id']}/{heard['token']}/callback{query}"


def answers(town: Town, heard: dict[str, Any], rest: str = "") -> str:
    return f"/webhooks/{town.application.id}/{heard['token']}{rest}"


async def reply(town: Town, heard: dict[str, Any], kind: int, data: Any = None, *, query: str = "") -> Any:
    body = {"type": kind, **({"data": data} if data is not None else {})}
    return await town.call("POST", callback(heard, query), body, anonymous=True)


async def test_what_the_bot_hears(town: Town) -> None:
    heard = await use(town)
    assert heard["type"] == 2
    assert heard["member"]["user"]["id"] == str(town.ada.id)
    assert int(heard["member"]["permissions"]) & (1 << 11)
    assert heard["data"]["name"] == "ping"
    assert "resolved" not in heard["data"]
    own = [e.data for e in town.events if e.name == "INTERACTION_CREATE" and e.user_ids == frozenset({town.ada.id})]
    assert own == [{"id": heard["id"], "nonce": "n1"}]


async def test_answer_with_a_message(town: Town) -> None:
    heard = await use(town)
    assert await reply(town, heard, 4, {"content": "pong"}) == ""
    posted = town.heard("MESSAGE_CREATE")[-1]
    assert posted["content"] == "pong"
    assert posted["type"] == 20
    assert posted["interaction_metadata"]["user"]["id"] == str(town.ada.id)
    assert posted["webhook_id"] == posted["application_id"] == str(town.application.id)
    assert town.heard("INTERACTION_SUCCESS") == [{"id": heard["id"], "nonce": "n1"}]
    await town.refused(40060, "POST", callback(heard), {"type": 4, "data": {"content": "x"}}, status=400)


async def test_with_response(town: Town) -> None:
    heard = await use(town)
    result = await reply(town, heard, 4, {"content": "pong", "flags": EPHEMERAL}, query="?with_response=true")
    assert result["interaction"]["response_message_ephemeral"] is True
    assert result["resource"]["message"]["content"] == "pong"
    event = next(e for e in town.events if e.name == "MESSAGE_CREATE")
    assert event.user_ids == frozenset({town.ada.id})
    message_id = result["resource"]["message"]["id"]
    await town.call("GET", f"/channels/{town.general.id}/messages/{message_id}", by=town.ada)
    await town.refused(10008, "GET", f"/channels/{town.general.id}/messages/{message_id}", by=town.owner)
    assert await town.call("GET", f"/channels/{town.general.id}/messages", by=town.owner) == []


async def test_deferred_then_edited(town: Town) -> None:
    heard = await use(town)
    result = await reply(town, heard, 5, query="?with_response=true")
    assert result["interaction"]["response_message_loading"]
    assert town.heard("MESSAGE_CREATE")[0]["flags"] & LOADING
    edited = await town.call("PATCH", answers(town, heard, "/messages/@original"), {"content": "done"}, anonymous=True)
    assert (edited["content"], edited["flags"] & LOADING, edited["edited_timestamp"]) == ("done", 0, None)
    assert (await town.call("GET", answers(town, heard, "/messages/@original")))["content"] == "done"
    await town.call("DELETE", answers(town, heard, "/messages/@original"), anonymous=True, expect=204)
    await town.refused(10008, "GET", answers(town, heard, "/messages/@original"))


async def test_follow_ups(town: Town) -> None:
    heard = await use(town)
    await town.refused(10015, "POST", answers(town, heard), {"content": "too early"})
    await reply(town, heard, 5, {"flags": EPHEMERAL})
    first = await town.call("POST", answers(town, heard), {"content": "fills the gap"}, anonymous=True)
    assert first["flags"] == EPHEMERAL
    second = await town.call("POST", answers(town, heard), {"content": "follows"}, anonymous=True)
    assert second["message_reference"]["message_id"] == first["id"]
    path = answers(town, heard, f"/messages/{second['id']}")
    assert (await town.call("PATCH", path, {"content": "followed"}, anonymous=True))["content"] == "followed"
    await town.call("DELETE", path, anonymous=True, expect=204)
    stranger = town.world.create_message(town.general, town.ada.id, "not yours")
    await town.refused(10008, "DELETE", answers(town, heard, f"/messages/{stranger.id}"))
    await town.refused(50006, "POST", answers(town, heard), {})


async def test_button_updates_its_message(town: Town) -> None:
    rows = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}]
    posted = await town.call("POST", f"/channels/{town.general.id}/messages", {"content": "?", "components": rows})
    data = {"component_type": 2, "custom_id": "go"}
    heard = await start(town, 3, data=data, message_id=posted["id"])
    assert heard["message"]["id"] == posted["id"]
    result = await reply(town, heard, 7, {"content": "gone", "components": []}, query="?with_response=1")
    assert result["resource"]["message"]["content"] == "gone"
    heard = await start(town, 3, data=data, message_id=posted["id"])
    await reply(town, heard, 6)
    original = await town.call("GET", answers(town, heard, "/messages/@original"), anonymous=True)
    assert original["id"] == posted["id"]
    await town.call("PATCH", answers(town, heard, "/messages/@original"), {"content": "later"}, anonymous=True)
    assert town.heard("MESSAGE_UPDATE")[-1]["content"] == "later"
    await town.refused(
        10008,
        "POST",
        "/interactions",
        {
            "type": 3,
            "application_id": str(town.application.id),
            "channel_id": str(town.general.id),
            "message_id": "1",
            "data": data,
        },
        by=town.ada,
    )


async def test_selects_and_options_are_resolved(town: Town) -> None:
    posted = town.world.create_message(town.general, town.bot.id, "pick")
    wanted = [str(town.ada.id), str(town.role.id)]
    heard = await start(
        town, 3, data={"component_type": 7, "custom_id": "m", "values": wanted}, message_id=str(posted.id)
    )
    assert set(heard["data"]["resolved"]) == {"users", "members", "roles"}
    command = await register(
        town,
        {
            "name": "look",
            "description": "Look at something.",
            "options": [
                {"type": 6, "name": "who", "description": "Whom."},
                {"type": 7, "name": "where", "description": "Where."},
            ],
        },
    )
    options = [
        {"type": 6, "name": "who", "value": str(town.ada.id)},
        {"type": 7, "name": "where", "value": str(town.general.id)},
    ]
    heard = await start(town, data={"id": command["id"], "options": options})
    assert heard["data"]["resolved"]["users"][str(town.ada.id)]["username"] == "ada"
    assert heard["data"]["resolved"]["channels"][str(town.general.id)]["name"] == "general"


async def test_context_menu_commands(town: Town) -> None:
    on_message = await register(town, {"name": "Quote this", "type": 3})
    on_user = await register(town, {"name": "Wave", "type": 2})
    message = town.world.create_message(town.general, town.owner.id, "wise words")
    heard = await start(town, data={"id": on_message["id"], "target_id": str(message.id)})
    assert heard["data"]["resolved"]["messages"][str(message.id)]["content"] == "wise words"
    await reply(town, heard, 4, {"content": "> wise words"})
    assert town.heard("MESSAGE_CREATE")[-1]["type"] == 23
    heard = await start(town, data={"id": on_user["id"], "target_id": str(town.owner.id)})
    assert str(town.owner.id) in heard["data"]["resolved"]["users"]


async def test_autocomplete(town: Town) -> None:
    command = await register(
        town,
        {
            "name": "find",
            "description": "Find.",
            "options": [{"type": 3, "name": "what", "description": "What.", "autocomplete": True}],
        },
    )
    options = [{"type": 3, "name": "what", "value": "ap", "focused": True}]
    heard = await start(town, 4, data={"id": command["id"], "options": options})
    choices = [{"name": "Apple", "value": "apple"}]
    await reply(town, heard, 8, {"choices": choices})
    assert town.heard("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE")[0]["choices"] == choices
    heard = await start(town, 4, data={"id": command["id"], "options": options})
    await town.refused(50035, "POST", callback(heard), {"type": 8, "data": {"choices": choices * 26}})
    await town.refused(50035, "POST", callback(heard), {"type": 4, "data": {"content": "no"}})


async def test_modal_and_its_answer(town: Town) -> None:
    heard = await use(town)
    rows = [{"type": 1, "components": [{"type": 4, "custom_id": "t", "label": "Text", "style": 1}]}]
    await town.refused(50035, "POST", callback(heard), {"type": 9, "data": {"custom_id": "m", "components": rows}})
    await reply(town, heard, 9, {"custom_id": "m", "title": "Tell me", "components": rows})
    shown = town.heard("INTERACTION_MODAL_CREATE")[0]
    assert (shown["title"], shown["nonce"], shown["application"]["id"]) == ("Tell me", "n1", str(town.application.id))
    filled = [{"type": 1, "components": [{"type": 4, "custom_id": "t", "value": "hello"}]}]
    submitted = await start(town, 5, data={"custom_id": "m", "components": filled})
    assert submitted["data"]["components"][0]["components"][0]["value"] == "hello"
    await town.refused(50035, "POST", callback(submitted), {"type": 9, "data": {"title": "again"}})
    await reply(town, submitted, 4, {"content": "thank you"})
    opened_by = town.heard("MESSAGE_CREATE")[-1]["interaction_metadata"]["triggering_interaction_metadata"]
    assert opened_by["id"] == heard["id"]
    body = {
        "type": 5,
        "application_id": str(town.application.id),
        "channel_id": str(town.general.id),
        "data": {"custom_id": "m", "components": filled},
    }
    await town.refused(50035, "POST", "/interactions", body, by=town.ada)


async def test_too_late(town: Town) -> None:
    async with open_town(interaction_timeout_s=0.05) as quick:
        heard = await use(quick)
        async with asyncio.timeout(5):
            while not quick.heard("INTERACTION_FAILURE"):
                await asyncio.sleep(0.01)
        await quick.refused(10062, "POST", callback(heard), {"type": 4, "data": {"content": "late"}}, status=404)
        assert quick.heard("INTERACTION_FAILURE")[0]["nonce"] == "n1"


async def test_unknown_interactions(town: Town) -> None:
    heard = await use(town)
    body = {"type": 4, "data": {"content": "x"}}
    await town.refused(10062, "POST", f"/interactions/1/{heard['token']}/callback", body)
    await town.refused(10062, "POST", f"/interactions/{heard['id']}/wrong/callback", body)
    await town.refused(50035, "POST", callback(heard), {"type": 99})
    await town.refused(50035, "POST", callback(heard), {"type": "4"})
    await town.refused(50035, "POST", callback(heard), {})
    await town.refused(50006, "POST", callback(heard), {"type": 4, "data": {}})
    await reply(town, heard, 4, {"content": "still open after all those"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": 1}, 50035),
        ({"type": "2"}, 50035),
        ({"channel_id": "1"}, 10003),
        ({"application_id": "1"}, 10002),
        ({"data": {"id": "1"}}, 10063),
        ({"data": {"id": "x"}}, 50035),
        ({"data": "x"}, 50035),
    ],
)
async def test_people_cannot_start_nonsense(town: Town, change: dict[str, Any], code: int) -> None:
    body = {
        "type": 2,
        "application_id": str(town.application.id),
        "channel_id": str(town.general.id),
        "data": {"id": "1"},
    }
    await town.refused(code, "POST", "/interactions", {**body, **change}, by=town.ada)


async def test_no_rate_limit_headers_on_answers(town: Town) -> None:
    heard = await use(town)
    url = town.emulator.rest_url + callback(heard)
    async with town.http.post(url, json={"type": 4, "data": {"content": "x"}}) as response:
        assert not [name for name in response.headers if name.lower().startswith("x-ratelimit")]
    async with town.http.post(town.emulator.rest_url + answers(town, heard), json={"content": "y"}) as response:
        assert response.status == 200
        assert not [name for name in response.headers if name.lower().startswith("x-ratelimit")]


async def test_a_file_sent_with_a_command_is_resolved_and_can_be_fetched(town: Town) -> None:
    command = await register(
        town,
        {
            "name": "keep",
            "description": "Keeps a file.",
            "options": [
                {
                    "type": 1,
                    "name": "it",
                    "description": "x",
                    "options": [
                        {"type": 11, "name": "file", "description": "x", "required": True},
                    ],
                }
            ],
        },
    )
    body = {
        "type": 2,
        "application_id": str(town.application.id),
        "guild_id": str(town.guild.id),
        "channel_id": str(town.general.id),
        "data": {
            "id": command["id"],
            "name": "keep",
            "attachments": [{"id": "0", "filename": "renamed.json"}],
            "options": [{"type": 1, "name": "it", "options": [{"type": 11, "name": "file", "value": "0"}]}],
        },
    }
    form = aiohttp.FormData({"payload_json": json.dumps(body)})
    form.add_field("files[0]", b"{}", filename="a.json", content_type="application/json")
    await town.call("POST", "/interactions", data=form, by=town.ada, expect=204)
    heard = [e.data for e in town.events if e.name == "INTERACTION_CREATE" and e.user_ids == frozenset({town.bot.id})][
        -1
    ]
    named = heard["data"]["options"][0]["options"][0]["value"]
    attachment = heard["data"]["resolved"]["attachments"][named]
    assert (attachment["id"], attachment["filename"], attachment["size"]) == (named, "renamed.json", 2)
    assert "attachments" not in heard["data"]
    async with town.http.get(attachment["url"]) as answer:
        assert await answer.read() == b"{}"
    # Without the file that an option names, nothing is started.
    await town.refused(50035, "POST", "/interactions", body, by=town.ada)
