"""Channels and their overwrites over REST, and the threads that not everybody may see or write in."""

from typing import Any

import pytest

from support.raw_gateway import raw_gateway
from support.town import Town

_VIEW, _SEND = 1 << 10, 1 << 11


async def make(town: Town, **fields: Any) -> dict[str, Any]:
    body = {"name": "Side Room", **fields}
    channel: dict[str, Any] = await town.call("POST", f"/guilds/{town.guild.id}/channels", body, expect=201)
    return channel


async def test_create_read_edit_delete(town: Town) -> None:
    made = await make(town, topic="talk", type=0)
    assert (made["name"], made["topic"], made["guild_id"]) == ("side-room", "talk", str(town.guild.id))
    path = f"/channels/{made['id']}"
    assert await town.call("GET", path) == made
    changes = {"name": "moved", "topic": None, "nsfw": True, "rate_limit_per_user": 5}
    edited = await town.call("PATCH", path, changes, reason="tidy%20up")
    assert {key: edited[key] for key in changes} == changes
    listed = await town.call("GET", f"/guilds/{town.guild.id}/channels")
    assert made["id"] in {channel["id"] for channel in listed}
    assert (await town.call("DELETE", path))["id"] == made["id"]
    await town.refused(10003, "GET", path, status=404)
    assert [event.name for event in town.events if event.name.startswith("CHANNEL_")] == [
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
    ]
    entries = (await town.call("GET", f"/guilds/{town.guild.id}/audit-logs"))["audit_log_entries"]
    assert [entry["action_type"] for entry in entries[:3]] == [12, 11, 10]
    assert entries[1]["reason"] == "tidy up"


@pytest.mark.parametrize("kind", [0, 2, 4, 5, 13, 15])
async def test_every_kind_of_channel_has_the_documented_form(town: Town, kind: int) -> None:
    made = await make(town, type=kind)
    assert made["type"] == kind
    await town.call("GET", f"/guilds/{town.guild.id}/channels")


async def test_channels_are_moved(town: Town) -> None:
    parent = await make(town, type=4, name="Area")
    child = await make(town, parent_id=parent["id"])
    assert child["parent_id"] == parent["id"]
    await town.call("PATCH", f"/guilds/{town.guild.id}/channels", [{"id": child["id"], "position": 7}], expect=204)
    assert (await town.call("GET", f"/channels/{child['id']}"))["position"] == 7


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 5}, "name"),
        ({}, "name"),
        ({"name": "x", "type": 99}, "type"),
        ({"name": "x", "permission_overwrites": [{"id": "1", "type": "no"}]}, "permission_overwrites"),
    ],
)
async def test_refuses_bad_channels(town: Town, body: Any, field: str) -> None:
    answer = await town.refused(50035, "POST", f"/guilds/{town.guild.id}/channels", body, status=400)
    assert field in answer["errors"]


async def test_refuses_bad_edits(town: Town) -> None:
    path = f"/channels/{town.general.id}"
    for body, field in (
        ({"topic": "x" * 1025}, "topic"),
        ({"rate_limit_per_user": 21_601}, "rate_limit_per_user"),
        ({"name": ""}, "name"),
    ):
        assert field in (await town.refused(50035, "PATCH", path, body, status=400))["errors"]


async def test_members_may_not_manage_channels(town: Town) -> None:
    path = f"/channels/{town.general.id}"
    await town.refused(50013, "PATCH", path, {"name": "mine"}, by=town.ada, status=403)
    await town.refused(50013, "DELETE", path, by=town.ada, status=403)
    await town.refused(50013, "POST", f"/guilds/{town.guild.id}/channels", {"name": "x"}, by=town.ada, status=403)
    await town.refused(50001, "GET", path, by=town.stranger, status=403)
    await town.refused(0, "GET", path, anonymous=True, status=401)


async def test_overwrites_decide_what_a_member_may(town: Town) -> None:
    path = f"/channels/{town.general.id}"
    messages = path + "/messages"
    deny = {"type": 1, "allow": "0", "deny": str(_SEND)}
    await town.call("PUT", f"{path}/permissions/{town.ada.id}", deny, expect=204)
    await town.refused(50013, "POST", messages, {"content": "x"}, by=town.ada, status=403)
    read = await town.call("GET", path)
    assert {"id": str(town.ada.id), "type": 1, "allow": "0", "deny": str(_SEND)} in read["permission_overwrites"]
    allow = {"type": 1, "allow": str(_SEND), "deny": "0"}
    await town.call("PUT", f"{path}/permissions/{town.ada.id}", allow, expect=204)
    await town.call("POST", messages, {"content": "x"}, by=town.ada)
    hide = {"type": 0, "allow": "0", "deny": str(_VIEW)}
    await town.call("PUT", f"{path}/permissions/{town.guild.id}", hide, expect=204)
    await town.refused(50001, "GET", messages, by=town.ada, status=403)
    await town.call("DELETE", f"{path}/permissions/{town.guild.id}", expect=204)
    await town.call("GET", messages, by=town.ada)
    await town.refused(50013, "PUT", f"{path}/permissions/{town.ada.id}", allow, by=town.ada, status=403)


async def test_nobody_hands_out_what_they_do_not_have(town: Town) -> None:
    world = town.world
    keeper = world.create_role(town.guild, "Keeper", position=2, permissions=1 << 28)
    world.update_member(town.guild, town.guild.members[town.ada.id], roles=[keeper.id])
    path = f"/channels/{town.general.id}/permissions/{town.ada.id}"
    await town.refused(50013, "PUT", path, {"type": 1, "allow": str(1 << 3)}, by=town.ada, status=403)


async def test_locked_and_private_threads(town: Town) -> None:
    path = f"/channels/{town.general.id}/threads"
    thread = await town.call("POST", path, {"name": "aside", "type": 11, "auto_archive_duration": 60}, expect=201)
    assert (thread["parent_id"], thread["owner_id"]) == (str(town.general.id), str(town.bot.id))
    assert thread["thread_metadata"]["auto_archive_duration"] == 60
    await town.refused(50013, "DELETE", f"/channels/{thread['id']}/thread-members/{town.bot.id}", by=town.ada)
    await town.refused(50013, "PATCH", f"/channels/{thread['id']}", {"locked": True}, by=town.ada, status=403)
    await town.call("PATCH", f"/channels/{thread['id']}", {"archived": True, "locked": True})
    await town.refused(50083, "POST", f"/channels/{thread['id']}/messages", {"content": "x"}, by=town.ada, status=400)
    private = await town.call("POST", path, {"name": "quiet", "type": 12}, expect=201)
    await town.call("PATCH", f"/channels/{private['id']}", {"archived": True})
    assert (await town.call("GET", f"{path}/archived/private"))["threads"][0]["id"] == private["id"]
    joined = await town.call("GET", f"/channels/{town.general.id}/users/@me/threads/archived/private")
    assert joined["threads"][0]["id"] == private["id"]
    await town.refused(50013, "GET", f"{path}/archived/private", by=town.ada, status=403)
    answer = await town.refused(50035, "POST", path, {"name": "x", "auto_archive_duration": 5}, status=400)
    assert "auto_archive_duration" in answer["errors"]


async def test_private_threads_are_for_those_in_them(town: Town) -> None:
    path = f"/channels/{town.general.id}/threads"
    private = await town.call("POST", path, {"name": "quiet", "type": 12}, expect=201)
    messages = f"/channels/{private['id']}/messages"
    await town.refused(50001, "GET", messages, by=town.ada, status=403)
    assert (await town.call("GET", f"/guilds/{town.guild.id}/threads/active", by=town.ada))["threads"] == []
    await town.call("PUT", f"/channels/{private['id']}/thread-members/{town.ada.id}", expect=204)
    await town.call("POST", messages, {"content": "thanks"}, by=town.ada)
    assert len((await town.call("GET", f"/guilds/{town.guild.id}/threads/active", by=town.ada))["threads"]) == 1


async def test_bounds_of_invites(town: Town) -> None:
    path = f"/channels/{town.general.id}/invites"
    invite = await town.call("POST", path, {"max_age": 600, "max_uses": 1})
    assert (invite["max_age"], invite["max_uses"], invite["uses"]) == (600, 1, 0)
    assert "max_age" in (await town.refused(50035, "POST", path, {"max_age": 604_801}, status=400))["errors"]


async def test_the_gateway_keeps_private_threads_private(town: Town) -> None:
    async with raw_gateway(town.emulator.gateway_url) as client:
        await client.identify(town.ada.token)
        path = f"/channels/{town.general.id}/threads"
        private = await town.call("POST", path, {"name": "quiet", "type": 12}, expect=201)
        messages = f"/channels/{private['id']}/messages"
        await town.call("POST", messages, {"content": "not for ada"})
        await town.call("PUT", f"/channels/{private['id']}/thread-members/{town.ada.id}", expect=204)
        assert (await client.until("THREAD_CREATE"))["id"] == private["id"]
        await town.call("POST", messages, {"content": "welcome"})
        assert (await client.until("MESSAGE_CREATE"))["content"] == "welcome"
        assert not any(b"not for ada" in frame for frame in client.frames)
