"""Threads, invites and webhooks over REST."""

from support.town import Town


async def test_thread_from_a_message(town: Town) -> None:
    message = town.world.create_message(town.general, town.ada.id, "topic")
    path = f"/channels/{town.general.id}/messages/{message.id}/threads"
    thread = await town.call("POST", path, {"name": "About it"}, expect=201)
    assert thread["id"] == str(message.id)
    assert thread["thread_metadata"]["archived"] is False
    assert town.heard("THREAD_CREATE")[0]["newly_created"]
    await town.refused(160004, "POST", path, {"name": "Again"})
    await town.call("POST", f"/channels/{thread['id']}/messages", {"content": "inside"}, by=town.ada)
    active = await town.call("GET", f"/guilds/{town.guild.id}/threads/active")
    assert [t["id"] for t in active["threads"]] == [thread["id"]]


async def test_membership_and_archive(town: Town) -> None:
    general = f"/channels/{town.general.id}"
    thread = await town.call("POST", general + "/threads", {"name": "Free", "type": 11})
    path = f"/channels/{thread['id']}"
    await town.call("PUT", path + "/thread-members/@me", by=town.ada, expect=204)
    await town.call("PUT", f"{path}/thread-members/{town.owner.id}", expect=204)
    members = await town.call("GET", path + "/thread-members")
    assert {m["user_id"] for m in members} == {str(u.id) for u in (town.bot, town.ada, town.owner)}
    one = await town.call("GET", f"{path}/thread-members/{town.ada.id}?with_member=true")
    assert one["member"]["user"]["id"] == str(town.ada.id)
    await town.call("DELETE", path + "/thread-members/@me", by=town.ada, expect=204)
    await town.call("DELETE", f"{path}/thread-members/{town.owner.id}", expect=204)
    assert len(town.heard("THREAD_MEMBERS_UPDATE")) == 4
    await town.refused(10007, "GET", f"{path}/thread-members/{town.ada.id}")
    await town.refused(50024, "GET", general + "/thread-members")
    await town.call("PATCH", path, {"archived": True})
    assert town.heard("THREAD_UPDATE")
    archived = await town.call("GET", general + "/threads/archived/public")
    assert [t["id"] for t in archived["threads"]] == [thread["id"]]
    assert (await town.call("GET", general + "/threads/archived/private"))["threads"] == []
    assert (await town.call("GET", general + "/users/@me/threads/archived/private"))["threads"] == []
    await town.call("POST", path + "/messages", {"content": "wakes it"})
    assert (await town.call("GET", path))["thread_metadata"]["archived"] is False
    await town.call("DELETE", path)
    assert town.heard("THREAD_DELETE")
    await town.refused(50035, "POST", general + "/threads", {"name": ""})
    await town.refused(50035, "POST", general + "/threads", {"type": 11})


async def test_forum_post(town: Town) -> None:
    forum = await town.call("POST", f"/guilds/{town.guild.id}/channels", {"name": "ideas", "type": 15})
    path = f"/channels/{forum['id']}/threads"
    made = await town.call("POST", path, {"name": "One", "message": {"content": "first post"}}, expect=201)
    assert made["message"]["content"] == "first post"
    await town.refused(50035, "POST", path, {"name": "Two"})
    await town.refused(50006, "POST", path, {"name": "Two", "message": {"content": ""}})


async def test_invites(town: Town) -> None:
    path = f"/channels/{town.general.id}/invites"
    made = await town.call("POST", path, {"max_uses": 1})
    assert town.heard("INVITE_CREATE")[0]["code"] == made["code"]
    assert len(await town.call("GET", path)) == 1
    assert len(await town.call("GET", f"/guilds/{town.guild.id}/invites")) == 1
    seen = await town.call("GET", f"/invites/{made['code']}?with_counts=true", anonymous=True)
    assert seen["approximate_member_count"] == 3
    assert "uses" not in seen
    await town.refused(20001, "POST", f"/invites/{made['code']}", {})
    await town.call("POST", f"/invites/{made['code']}", {}, by=town.stranger)
    assert town.stranger.id in town.guild.members
    await town.refused(10006, "GET", f"/invites/{made['code']}", status=404)
    other = await town.call("POST", path, {})
    await town.refused(50013, "DELETE", f"/invites/{other['code']}", by=town.ada)
    await town.call("DELETE", f"/invites/{other['code']}")
    assert town.heard("INVITE_DELETE")[0]["code"] == other["code"]
    await town.refused(50035, "POST", path, {"max_uses": 101})


async def test_webhooks(town: Town) -> None:
    hook = await town.call("POST", f"/channels/{town.general.id}/webhooks", {"name": "News"})
    assert town.heard("WEBHOOKS_UPDATE")
    assert len(await town.call("GET", f"/channels/{town.general.id}/webhooks")) == 1
    assert len(await town.call("GET", f"/guilds/{town.guild.id}/webhooks")) == 1
    one, by_token = f"/webhooks/{hook['id']}", f"/webhooks/{hook['id']}/{hook['token']}"
    assert (await town.call("PATCH", one, {"name": "Latest"}))["name"] == "Latest"
    assert (await town.call("PATCH", by_token, {"name": "Later"}, anonymous=True))["name"] == "Later"
    assert (await town.call("GET", one))["name"] == "Later"
    assert "user" not in await town.call("GET", by_token, anonymous=True)
    await town.call("POST", by_token, {"content": "quietly"}, anonymous=True, expect=204)
    body = {"content": "loud", "username": "Crier"}
    posted = await town.call("POST", by_token + "?wait=true", body, anonymous=True, expect=200)
    assert posted["author"]["username"] == "Crier"
    assert posted["webhook_id"] == hook["id"]
    message = f"{by_token}/messages/{posted['id']}"
    assert (await town.call("PATCH", message, {"content": "softer"}, anonymous=True))["content"] == "softer"
    assert (await town.call("GET", message, anonymous=True))["content"] == "softer"
    await town.call("DELETE", message, anonymous=True, expect=204)
    await town.refused(50006, "POST", by_token, {})
    await town.refused(50027, "POST", f"/webhooks/{hook['id']}/wrong", {"content": "x"}, status=401)
    await town.refused(10015, "GET", "/webhooks/1")
    await town.refused(50035, "POST", f"/channels/{town.general.id}/webhooks", {"name": "Discord staff"})
    await town.refused(50013, "GET", one, by=town.ada)
    await town.call("DELETE", by_token, anonymous=True, expect=204)
    await town.refused(10015, "GET", one)


async def test_webhook_in_a_thread(town: Town) -> None:
    hook = await town.call("POST", f"/channels/{town.general.id}/webhooks", {"name": "News"})
    thread = await town.call("POST", f"/channels/{town.general.id}/threads", {"name": "T", "type": 11})
    path = f"/webhooks/{hook['id']}/{hook['token']}"
    posted = await town.call("POST", f"{path}?wait=true&thread_id={thread['id']}", {"content": "in"}, anonymous=True)
    assert posted["channel_id"] == thread["id"]
    await town.refused(10003, "POST", f"{path}?thread_id={town.guild.id}", {"content": "x"})
    message = f"{path}/messages/{posted['id']}?thread_id={thread['id']}"
    assert (await town.call("PATCH", message, {"content": "out"}, anonymous=True))["content"] == "out"
