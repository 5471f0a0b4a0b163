"""Servers, members, roles and bans over REST, with the events and audit entries that they leave."""

from datetime import timedelta

from discord_emulator import payloads
from support.town import Town


async def test_read_and_edit_a_guild(town: Town) -> None:
    path = f"/guilds/{town.guild.id}"
    read = await town.call("GET", path + "?with_counts=true")
    assert read["approximate_member_count"] == 3
    assert {role["id"] for role in read["roles"]} == {str(role_id) for role_id in town.guild.roles}
    edited = await town.call("PATCH", path, {"name": "Village"}, reason="smaller")
    assert edited["name"] == town.heard("GUILD_UPDATE")[0]["name"] == "Village"
    await town.refused(50035, "PATCH", path, {"name": "x"})
    await town.refused(50013, "PATCH", path, {"name": "Mine"}, by=town.ada)
    await town.refused(50001, "GET", path, by=town.stranger)
    await town.refused(10004, "GET", "/guilds/1")
    assert (await town.call("GET", path + "/preview"))["name"] == "Village"
    for empty in ("emojis", "stickers", "integrations", "auto-moderation/rules", "scheduled-events"):
        assert await town.call("GET", f"{path}/{empty}") == []
    assert (await town.call("GET", path + "/vanity-url"))["code"] is None


async def test_channels_of_a_guild(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/channels"
    overwrite = {"id": str(town.guild.id), "type": 0, "deny": str(1 << 10), "allow": "0"}
    made = await town.call(
        "POST", path, {"name": "Secret Room", "topic": "hush", "permission_overwrites": [overwrite]}, expect=201
    )
    assert made["name"] == "secret-room"
    assert town.heard("CHANNEL_CREATE")[0]["id"] == made["id"]
    await town.refused(50001, "GET", f"/channels/{made['id']}", by=town.ada)
    assert len(await town.call("GET", path)) == 2
    one = f"/channels/{made['id']}"
    edited = await town.call("PATCH", one, {"name": "open", "topic": None, "rate_limit_per_user": 5})
    assert (edited["name"], edited["topic"], edited["rate_limit_per_user"]) == ("open", None, 5)
    await town.refused(50035, "PATCH", one, {"rate_limit_per_user": 21_601})
    await town.refused(50035, "PATCH", one, {"name": ""})
    await town.call("PUT", f"{one}/permissions/{town.ada.id}", {"type": 1, "allow": "1024"}, expect=204)
    await town.call("GET", one, by=town.ada)
    await town.call("DELETE", f"{one}/permissions/{town.ada.id}", expect=204)
    await town.call("PATCH", path, [{"id": made["id"], "position": 9}], expect=204)
    await town.call("DELETE", one)
    assert town.heard("CHANNEL_DELETE")[0]["id"] == made["id"]
    await town.refused(10003, "GET", one)
    await town.refused(50035, "POST", path, {"name": "x", "type": 99})
    await town.refused(50035, "POST", path, {})
    await town.refused(50109, "PATCH", path, {"id": 1})
    actions = [entry["action_type"] for entry in town.heard("GUILD_AUDIT_LOG_ENTRY_CREATE")]
    assert actions == [10, 11, 13, 15, 12]


async def test_voice_and_category_channels(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/channels"
    category = await town.call("POST", path, {"name": "Talk", "type": 4})
    voice = await town.call("POST", path, {"name": "Lounge", "type": 2, "parent_id": category["id"]})
    assert voice["parent_id"] == category["id"]
    assert voice["bitrate"] == 64_000


async def test_members(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/members"
    listed = await town.call("GET", path + "?limit=1000")
    assert [int(m["user"]["id"]) for m in listed] == sorted(town.guild.members)
    assert len(await town.call("GET", path)) == 1
    after = await town.call("GET", f"{path}?limit=10&after={town.ada.id}")
    assert all(int(m["user"]["id"]) > town.ada.id for m in after)
    found = await town.call("GET", path + "/search?query=AD&limit=5")
    assert [m["user"]["username"] for m in found] == ["ada"]
    assert (await town.call("GET", f"{path}/{town.ada.id}"))["user"]["id"] == str(town.ada.id)
    await town.refused(10007, "GET", f"{path}/{town.stranger.id}", status=404)
    await town.refused(50035, "GET", path + "?limit=1001")


async def test_edit_a_member(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/members/{town.ada.id}"
    edited = await town.call("PATCH", path, {"nick": "Countess", "roles": [str(town.role.id)]})
    assert (edited["nick"], edited["roles"]) == ("Countess", [str(town.role.id)])
    until = payloads.timestamp(town.world.time() + timedelta(hours=1))
    await town.call("PATCH", path, {"communication_disabled_until": until}, reason="calm down")
    await town.refused(50013, "POST", f"/channels/{town.general.id}/messages", {"content": "x"}, by=town.ada)
    assert town.heard("GUILD_AUDIT_LOG_ENTRY_CREATE")[-1]["reason"] == "calm down"
    await town.call("PATCH", path, {"communication_disabled_until": None})
    await town.call("POST", f"/channels/{town.general.id}/messages", {"content": "x"}, by=town.ada)
    far = payloads.timestamp(town.world.time() + timedelta(days=29))
    await town.refused(50035, "PATCH", path, {"communication_disabled_until": far})
    await town.refused(50035, "PATCH", path, {"communication_disabled_until": "tomorrow"})
    await town.refused(50035, "PATCH", path, {"nick": "n" * 33})
    await town.refused(10011, "PATCH", path, {"roles": ["1"]})
    await town.refused(50013, "PATCH", f"/guilds/{town.guild.id}/members/{town.owner.id}", {"nick": "x"})
    mine = await town.call("PATCH", f"/guilds/{town.guild.id}/members/@me", {"nick": "Robo"})
    assert mine["nick"] == "Robo"
    assert len(town.heard("GUILD_MEMBER_UPDATE")) == 4


async def test_roles_of_a_member_and_kick(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/members/{town.ada.id}"
    await town.call("PUT", f"{path}/roles/{town.role.id}", expect=204)
    assert town.guild.members[town.ada.id].roles == [town.role.id]
    assert await town.call("GET", f"/guilds/{town.guild.id}/roles/member-counts") == {
        str(town.role.id): 1,
        **{str(role.id): 1 for role in town.guild.roles.values() if role.managed},
    }
    await town.call("DELETE", f"{path}/roles/{town.role.id}", expect=204)
    await town.refused(50013, "PUT", f"{path}/roles/{town.role.id}", by=town.ada)
    await town.refused(50013, "DELETE", f"/guilds/{town.guild.id}/members/{town.bot.id}", by=town.ada)
    await town.call("DELETE", path, expect=204)
    assert town.heard("GUILD_MEMBER_REMOVE")[0]["user"]["id"] == str(town.ada.id)


async def test_roles(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/roles"
    made = await town.call("POST", path, {"name": "Helpers", "permissions": "8192", "color": 255, "hoist": True})
    assert made["permissions"] == "8192"
    one = f"{path}/{made['id']}"
    assert (await town.call("GET", one))["name"] == "Helpers"
    assert (await town.call("PATCH", one, {"name": "Friends", "mentionable": True}))["mentionable"]
    await town.call("PATCH", path, [{"id": made["id"], "position": 2}])
    assert len(await town.call("GET", path)) == 4
    await town.call("DELETE", one, expect=204)
    await town.refused(10011, "GET", one)
    await town.refused(50013, "POST", path, {"name": "Evil"}, by=town.ada)
    await town.refused(50035, "POST", path, {"permissions": "all"})
    await town.refused(50035, "POST", path, {"color": 1 << 24})
    await town.refused(50028, "DELETE", f"{path}/{town.guild.id}")
    own = next(role for role in town.guild.roles.values() if role.managed)
    await town.refused(50013, "PATCH", f"{path}/{own.id}", {"name": "God"})
    names = [event.name for event in town.events if event.name.startswith("GUILD_ROLE")]
    assert names == ["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"]


async def test_nobody_grants_what_they_do_not_have(town: Town) -> None:
    manager = town.world.create_role(town.guild, "Manager", permissions=1 << 28, position=5)
    town.world.update_member(town.guild, town.guild.members[town.ada.id], roles=[manager.id])
    await town.refused(50013, "POST", f"/guilds/{town.guild.id}/roles", {"permissions": "8"}, by=town.ada)
    path = f"/channels/{town.general.id}/permissions/{town.ada.id}"
    await town.refused(50013, "PUT", path, {"type": 1, "allow": "8192"}, by=town.ada)


async def test_bans(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/bans"
    town.world.create_message(town.general, town.ada.id, "spam")
    await town.refused(50013, "PUT", f"{path}/{town.owner.id}", {})
    await town.refused(50035, "PUT", f"{path}/{town.ada.id}", {"delete_message_seconds": 604_801})
    await town.call("PUT", f"{path}/{town.ada.id}", {"delete_message_seconds": 3600}, expect=204, reason="spam")
    assert town.heard("MESSAGE_DELETE_BULK")
    assert (await town.call("GET", f"{path}/{town.ada.id}"))["reason"] == "spam"
    assert len(await town.call("GET", path)) == 1
    await town.call("DELETE", f"{path}/{town.ada.id}", expect=204)
    await town.refused(10026, "DELETE", f"{path}/{town.ada.id}", status=404)
    await town.refused(10013, "PUT", f"{path}/1", {})
    banned = await town.call(
        "POST", f"/guilds/{town.guild.id}/bulk-ban", {"user_ids": [str(town.stranger.id), str(town.owner.id)]}
    )
    assert banned == {"banned_users": [str(town.stranger.id)], "failed_users": [str(town.owner.id)]}
    await town.refused(500000, "POST", f"/guilds/{town.guild.id}/bulk-ban", {"user_ids": [str(town.owner.id)]})
    assert len(town.heard("GUILD_BAN_ADD")) == 2


async def test_audit_log(town: Town) -> None:
    await town.call("POST", f"/guilds/{town.guild.id}/roles", {"name": "a"}, reason="first")
    await town.call("POST", f"/guilds/{town.guild.id}/channels", {"name": "b"}, reason="second")
    path = f"/guilds/{town.guild.id}/audit-logs"
    log = await town.call("GET", path)
    assert [entry["reason"] for entry in log["audit_log_entries"]] == ["second", "first"]
    assert log["users"][0]["id"] == str(town.bot.id)
    assert len((await town.call("GET", path + "?action_type=30"))["audit_log_entries"]) == 1
    assert (await town.call("GET", f"{path}?user_id={town.ada.id}"))["audit_log_entries"] == []
    await town.refused(50013, "GET", path, by=town.ada)
    await town.refused(50035, "GET", path + "?limit=0")


async def test_prune_counts_the_silent(town: Town) -> None:
    path = f"/guilds/{town.guild.id}/prune"
    assert await town.call("GET", path + "?days=7") == {"pruned": 0}
    town.guild.members[town.ada.id].joined_at -= timedelta(days=30)
    assert await town.call("GET", path + "?days=7") == {"pruned": 1}
    assert await town.call("POST", path, {"days": 7}) == {"pruned": 1}
    assert town.ada.id not in town.guild.members
    await town.refused(50035, "GET", path + "?days=31")


async def test_own_guilds_and_leaving(town: Town) -> None:
    listed = await town.call("GET", "/users/@me/guilds?with_counts=true", by=town.ada)
    assert listed[0]["owner"] is False
    assert int(listed[0]["permissions"]) & (1 << 11)
    assert (await town.call("GET", "/users/@me/guilds", by=town.owner))[0]["owner"] is True
    await town.refused(50055, "DELETE", f"/users/@me/guilds/{town.guild.id}", by=town.owner)
    await town.call("DELETE", f"/users/@me/guilds/{town.guild.id}", expect=204)
    assert town.bot.id not in town.guild.members
    assert await town.call("GET", "/users/@me/guilds") == []


async def test_start_up_routes(town: Town) -> None:
    assert (await town.call("GET", "/gateway", anonymous=True))["url"] == town.emulator.gateway_url
    told = await town.call("GET", "/gateway/bot")
    assert told["session_start_limit"]["max_concurrency"] == 1
    assert (await town.call("GET", "/users/@me"))["bot"]
    assert (await town.call("PATCH", "/users/@me", {"username": "helper2"}))["username"] == "helper2"
    assert (await town.call("GET", f"/users/{town.ada.id}"))["username"] == "ada"
    await town.refused(10013, "GET", "/users/1")
    for path in ("/applications/@me", "/oauth2/applications/@me"):
        assert (await town.call("GET", path))["id"] == str(town.application.id)
    await town.call("GET", "/voice/regions")
    await town.call("GET", "/soundboard-default-sounds")
    await town.call("GET", "/sticker-packs")
    await town.refused(0, "GET", "/no/such/route", status=404)
    await town.refused(0, "GET", "/users/@me", anonymous=True, status=401)
