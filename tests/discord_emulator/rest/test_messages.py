"""Messages over REST: what is posted, who may, what it tells the gateway, and how it refuses."""

import json
from typing import Any

import aiohttp
import pytest

from support.town import Town


def row(custom_id: str, **more: Any) -> dict[str, Any]:
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **more}
    return {"type": 1, "components": [button]}


def messages(town: Town) -> str:
    return f"/channels/{town.general.id}/messages"


async def test_post_read_edit_delete(town: Town) -> None:
    posted = await town.call("POST", messages(town), {"content": f"hi <@{town.ada.id}>"})
    assert posted["author"]["id"] == str(town.bot.id)
    assert [user["id"] for user in posted["mentions"]] == [str(town.ada.id)]
    path = f"{messages(town)}/{posted['id']}"
    assert (await town.call("GET", path))["content"] == posted["content"]
    edited = await town.call("PATCH", path, {"content": "changed"})
    assert edited["content"] == "changed"
    assert edited["edited_timestamp"]
    assert edited["mentions"] == []
    await town.call("DELETE", path, expect=204)
    await town.refused(10008, "GET", path, status=404)
    assert [e.name for e in town.events if e.name.startswith("MESSAGE_")] == [
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
    ]
    assert town.heard("MESSAGE_CREATE")[0]["guild_id"] == str(town.guild.id)


async def test_pages_of_history(town: Town) -> None:
    ids = [str(town.world.create_message(town.general, town.ada.id, str(n)).id) for n in range(12)]
    newest = await town.call("GET", messages(town) + "?limit=5")
    assert [m["id"] for m in newest] == ids[:-6:-1]
    before = await town.call("GET", f"{messages(town)}?limit=3&before={ids[5]}")
    assert [m["id"] for m in before] == [ids[4], ids[3], ids[2]]
    after = await town.call("GET", f"{messages(town)}?limit=3&after={ids[5]}")
    assert [m["id"] for m in after] == [ids[8], ids[7], ids[6]]
    around = await town.call("GET", f"{messages(town)}?limit=5&around={ids[5]}")
    assert [m["id"] for m in around] == [ids[7], ids[6], ids[5], ids[4], ids[3]]
    for limit in ("0", "101", "x", "-1", "9" * 40):
        await town.refused(50035, "GET", f"{messages(town)}?limit={limit}")


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, 50006, None),
        ({"content": ""}, 50006, None),
        ({"content": "x" * 2001}, 50035, "content"),
        ({"content": 5}, 50035, "content"),
        ({"embeds": [{"title": "t"}] * 11}, 50035, "embeds"),
        ({"embeds": [{"title": "t" * 257}]}, 50035, "embeds.0.title"),
        ({"embeds": [{"description": "d" * 4000}, {"description": "d" * 2001}]}, 50035, "embeds"),
        ({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}, 50035, "embeds.0.fields.0.name"),
        ({"embeds": [{"color": "red"}]}, 50035, "embeds.0.color"),
        ({"embeds": "no"}, 50035, "embeds"),
        ({"embeds": [3]}, 50035, "embeds.0"),
        ({"components": [row("a"), row("b"), row("c"), row("d"), row("e"), row("f")]}, 50035, "components"),
        ({"components": [row("a"), row("a")]}, 50035, "components.1.components.0.custom_id"),
        ({"components": [{"type": 1, "components": []}]}, 50035, "components.0.components"),
        ({"components": [row("a", label="l" * 81)]}, 50035, "components.0.components.0.label"),
        ({"components": [row("a", url="https://example.com")]}, 50035, "components.0.components.0.url"),
        ({"components": [row("a", style=5)]}, 50035, "components.0.components.0.url"),
        ({"components": [{"type": 10, "content": "needs a flag"}]}, 50035, "components.0.type"),
        ({"components": [{"type": 1, "components": [{"type": 3, "custom_id": "s", "options": []}]}]}, 50035, None),
        ({"components": ["x"], "content": "x"}, 50035, "components.0"),
        ({"flags": "64", "content": "x"}, 50035, "flags"),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035, "message_reference"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, 50035, "allowed_mentions"),
        ([], 50109, None),
    ],
)
async def test_refuses_what_discord_refuses(town: Town, body: Any, code: int, path: str | None) -> None:
    answer = await town.refused(code, "POST", messages(town), body, status=400)
    errors = answer.get("errors", {})
    for part in (path or "").split(".") if path else ():
        errors = errors[part]
    if path:
        assert errors["_errors"][0]["code"]


async def test_body_that_is_no_json(town: Town) -> None:
    headers = {"Authorization": f"Bot {town.bot.token}", "Content-Type": "application/json"}
    async with town.http.post(town.emulator.rest_url + messages(town), data="{", headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["code"] == 50109


async def test_embeds_and_components_come_back(town: Town) -> None:
    body = {
        "embeds": [
            {
                "title": "T",
                "description": "D",
                "color": 255,
                "url": "https://example.com",
                "timestamp": "2026-01-01T00:00:00+00:00",
                "fields": [{"name": "n", "value": "v"}],
                "footer": {"text": "f"},
                "author": {"name": "a"},
                "thumbnail": {"url": "https://example.com/t.png"},
                "image": {"url": "https://example.com/i.png"},
            }
        ],
        "components": [
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]},
            {
                "type": 1,
                "components": [
                    {"type": 3, "custom_id": "pick", "options": [{"label": "One", "value": "1"}]},
                ],
            },
        ],
    }
    posted = await town.call("POST", messages(town), body)
    assert posted["embeds"][0]["type"] == "rich"
    assert posted["embeds"][0]["fields"] == [{"name": "n", "value": "v", "inline": False}]
    assert posted["components"][0]["components"][0]["custom_id"] == "go"
    assert posted["components"][1]["components"][0]["max_values"] == 1


async def test_components_of_the_second_version(town: Town) -> None:
    picture = {"url": "https://example.com/p.png"}
    body = {
        "flags": 1 << 15,
        "components": [
            {"type": 10, "content": "# Title"},
            {
                "type": 17,
                "accent_color": 255,
                "components": [
                    {
                        "type": 9,
                        "components": [{"type": 10, "content": "text"}],
                        "accessory": {"type": 11, "media": picture},
                    },
                    {"type": 14},
                    {"type": 12, "items": [{"media": picture}]},
                    row("inside"),
                ],
            },
        ],
    }
    posted = await town.call("POST", messages(town), body)
    assert posted["components"][1]["components"][1]["spacing"] == 1
    assert posted["flags"] & (1 << 15)
    ids = [part["id"] for part in posted["components"]]
    assert len(set(ids)) == 2


async def test_nonce_is_enforced_on_request(town: Town) -> None:
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
    first = await town.call("POST", messages(town), body)
    again = await town.call("POST", messages(town), body)
    assert again["id"] == first["id"]
    assert len(town.heard("MESSAGE_CREATE")) == 1
    other = await town.call("POST", messages(town), {**body, "enforce_nonce": False})
    assert other["id"] != first["id"]


async def test_allowed_mentions_and_everyone(town: Town) -> None:
    text = f"@everyone <@{town.ada.id}> <@&{town.role.id}>"
    quiet = await town.call("POST", messages(town), {"content": text, "allowed_mentions": {"parse": []}})
    assert (quiet["mentions"], quiet["mention_roles"], quiet["mention_everyone"]) == ([], [], False)
    loud = await town.call("POST", messages(town), {"content": text})
    assert loud["mention_everyone"]
    assert loud["mention_roles"] == [str(town.role.id)]
    by_member = await town.call("POST", messages(town), {"content": text}, by=town.ada)
    assert not by_member["mention_everyone"]


async def test_reply(town: Town) -> None:
    original = town.world.create_message(town.general, town.ada.id, "question")
    reply = await town.call(
        "POST", messages(town), {"content": "answer", "message_reference": {"message_id": str(original.id)}}
    )
    assert reply["type"] == 19
    assert reply["referenced_message"]["content"] == "question"
    assert [user["id"] for user in reply["mentions"]] == [str(town.ada.id)]


async def test_uploads_are_served_and_survive_an_edit(town: Town) -> None:
    form = aiohttp.FormData()
    about = {"content": "files", "attachments": [{"id": 0, "description": "a picture", "filename": "cat.png"}]}
    form.add_field("payload_json", json.dumps(about), content_type="application/json")
    form.add_field("files[0]", b"\x89PNG one", filename="one.png", content_type="image/png")
    form.add_field("files[1]", b"<script>", filename="two.html", content_type="text/html")
    posted = await town.call("POST", messages(town), data=form)
    first, second = posted["attachments"]
    assert (first["filename"], first["description"], first["size"]) == ("cat.png", "a picture", 8)
    async with town.http.get(first["url"]) as response:
        assert await response.read() == b"\x89PNG one"
        assert response.content_type == "image/png"
    async with town.http.get(second["url"]) as response:
        assert response.content_type == "application/octet-stream"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    path = f"{messages(town)}/{posted['id']}"
    assert len((await town.call("PATCH", path, {"content": "same files"}))["attachments"]) == 2
    kept = await town.call("PATCH", path, {"attachments": [{"id": second["id"]}]})
    assert [file["id"] for file in kept["attachments"]] == [second["id"]]


async def test_who_may_do_what(town: Town) -> None:
    hers = town.world.create_message(town.general, town.ada.id, "mine")
    his = town.world.create_message(town.general, town.owner.id, "owner's")
    await town.refused(50001, "GET", messages(town), by=town.stranger, status=403)
    await town.refused(50005, "PATCH", f"{messages(town)}/{hers.id}", {"content": "x"})
    await town.refused(50013, "DELETE", f"{messages(town)}/{his.id}", by=town.ada)
    await town.call("DELETE", f"{messages(town)}/{hers.id}", by=town.ada, expect=204)
    town.world.update_role(town.guild, town.guild.roles[town.guild.id], permissions=1 << 10)
    await town.refused(50013, "POST", messages(town), {"content": "x"}, by=town.ada)
    await town.refused(10003, "GET", "/channels/1/messages", status=404)
    await town.refused(50035, "GET", "/channels/abc/messages")


async def test_bulk_delete(town: Town) -> None:
    ids = [str(town.world.create_message(town.general, town.ada.id, str(n)).id) for n in range(3)]
    await town.refused(50035, "POST", messages(town) + "/bulk-delete", {"messages": ids[:1]})
    await town.refused(50035, "POST", messages(town) + "/bulk-delete", {})
    await town.call("POST", messages(town) + "/bulk-delete", {"messages": ids}, expect=204, reason="spring%20clean")
    assert town.heard("MESSAGE_DELETE_BULK")[0]["ids"] == ids
    assert town.heard("GUILD_AUDIT_LOG_ENTRY_CREATE")[-1]["reason"] == "spring clean"


async def test_pins_old_and_new(town: Town) -> None:
    message = town.world.create_message(town.general, town.ada.id, "keep")
    await town.call("PUT", f"{messages(town)}/pins/{message.id}", expect=204)
    assert (await town.call("GET", messages(town) + "/pins"))["items"][0]["message"]["pinned"]
    assert len(await town.call("GET", f"/channels/{town.general.id}/pins")) == 1
    await town.call("DELETE", f"/channels/{town.general.id}/pins/{message.id}", expect=204)
    assert (await town.call("GET", messages(town) + "/pins"))["items"] == []
    assert len(town.heard("CHANNEL_PINS_UPDATE")) == 2


async def test_reactions(town: Town) -> None:
    message = town.world.create_message(town.general, town.ada.id, "vote")
    path = f"{messages(town)}/{message.id}/reactions"
    await town.call("PUT", f"{path}/%F0%9F%91%8D/@me", expect=204)
    await town.call("PUT", f"{path}/%F0%9F%91%8D/@me", expect=204, by=town.ada)
    read = await town.call("GET", f"{messages(town)}/{message.id}")
    assert read["reactions"][0]["count"] == 2
    assert read["reactions"][0]["me"]
    assert len(await town.call("GET", f"{path}/%F0%9F%91%8D")) == 2
    await town.call("DELETE", f"{path}/%F0%9F%91%8D/{town.ada.id}", expect=204)
    await town.call("DELETE", f"{path}/%F0%9F%91%8D/@me", expect=204)
    await town.call("PUT", f"{path}/party:123/@me", expect=204)
    await town.call("DELETE", f"{path}/party:123", expect=204)
    await town.call("DELETE", path, expect=204)
    await town.refused(10014, "PUT", f"{path}/nonsense/@me")
    assert len(town.heard("MESSAGE_REACTION_ADD")) == 3


async def test_slow_mode_binds_members_only(town: Town) -> None:
    town.world.update_channel(town.general, rate_limit_per_user=60)
    await town.call("POST", messages(town), {"content": "one"}, by=town.ada)
    refused = await town.refused(20016, "POST", messages(town), {"content": "two"}, by=town.ada, status=429)
    assert 0 < refused["retry_after"] <= 60
    for _ in range(2):
        await town.call("POST", messages(town), {"content": "bot"})


async def test_typing_and_crosspost(town: Town) -> None:
    await town.call("POST", f"/channels/{town.general.id}/typing", expect=204)
    assert town.heard("TYPING_START")
    news = await town.call("POST", f"/guilds/{town.guild.id}/channels", {"name": "news", "type": 5})
    posted = await town.call("POST", f"/channels/{news['id']}/messages", {"content": "extra"})
    crossposted = await town.call("POST", f"/channels/{news['id']}/messages/{posted['id']}/crosspost")
    assert crossposted["flags"] & 1


async def test_direct_messages(town: Town) -> None:
    channel = await town.call("POST", "/users/@me/channels", {"recipient_id": str(town.ada.id)})
    assert channel["recipients"][0]["id"] == str(town.ada.id)
    await town.call("POST", f"/channels/{channel['id']}/messages", {"content": "psst"})
    await town.refused(50001, "GET", f"/channels/{channel['id']}/messages", by=town.owner)
    assert "guild_id" not in town.heard("MESSAGE_CREATE")[0]
    await town.refused(50035, "POST", "/users/@me/channels", {})
