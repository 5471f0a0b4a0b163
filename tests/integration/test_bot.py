"""The bot at work on real traffic: commands, filter, counters, settings, trouble, restarts."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from skynetbot.app import App
from skynetbot.discord.supervisor import GatewayRefused
from skynetbot.errors import ConfigurationError
from skynetbot.guildconfig.service import Author
from support.demo_town import Town, bot_in, eventually


def option(name: str, value: Any, kind: int = 3) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


def sub(name: str, *options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "type": 1, "options": list(options)}]


async def configure(app: App, town: Town, feature: str, **changes: Any) -> None:
    await app.guild_settings.update(town.guild.id, feature, changes, author=Author(1, "Test"))


async def test_every_declared_command_is_known_to_discord(town: Town, app: App) -> None:
    assert {c.name for c in town.world.commands.values()} == {c.name for c in app.commands()}


async def test_ping_answers(town: Town, app: App) -> None:
    assert (await town.ask("bao", "ping")).content.startswith("Pong!")


async def test_help_lists_every_command_to_the_invoker_alone(town: Town, app: App) -> None:
    answer = await town.ask("bao", "help")
    assert answer.flags & 64
    shown = {field["name"] for field in answer.embeds[0]["fields"]}
    assert shown == {f"/{command.name}" for command in app.commands()}
    one = await town.ask("bao", "help", [option("command", "settings")])
    assert "/settings set <feature> <setting> <value>" in {f["name"] for f in one.embeds[0]["fields"]}
    unknown = await town.ask("bao", "help", [option("command", "nonsense")])
    assert "/nonsense" in unknown.content


async def test_about_counts_servers_and_members(town: Town, app: App) -> None:
    fields = {f["name"]: f["value"] for f in (await town.ask("bao", "about")).embeds[0]["fields"]}
    assert fields["Servers"] == "3"
    assert fields["Members"] == str(sum(len(guild.members) for guild in town.world.guilds.values()))


async def test_stats_show_what_was_written_at_once(town: Town, app: App) -> None:
    for _ in range(3):
        town.say("emre", "hello")
    await eventually(lambda: app.pipeline.messages == 3)
    await app.writes.flush()
    server = {f["name"]: f["value"] for f in (await town.ask("bao", "stats")).embeds[0]["fields"]}
    assert server["Messages today"] == "3"
    emre = str(town.demo.people["emre"].id)
    member = await town.ask("bao", "stats", [option("member", emre, 6)])
    assert {f["name"]: f["value"] for f in member.embeds[0]["fields"]}["Messages"] == "3"


async def test_the_word_filter_deletes_warns_logs_and_records(town: Town, app: App) -> None:
    log = town.channel("mod-log")
    await configure(app, town, "wordfilter", enabled=True, words=["heck"], log=True, log_channel=str(log.id))
    message = town.say("emre", "what the HECK")
    await eventually(lambda: town.bot_messages("mod-log"))
    assert town.world.message(message.channel_id, message.id) is None
    warning = town.bot_messages("general")[0]
    assert warning.mentions == [town.demo.people["emre"].id]
    (row,) = await app.actions.recent(town.guild.id, 10)
    assert (row.subject, row.settings_version, row.evidence["word"]) == ("Emre", 1, "heck")
    entry = town.guild.audit_log[-1]
    assert (entry.action_type, entry.user_id) == (72, town.demo.bot.id)
    assert "heck" in (entry.reason or "")


async def test_an_edit_is_judged_like_a_new_message(town: Town, app: App) -> None:
    await configure(app, town, "wordfilter", enabled=True, words=["heck"])
    message = town.say("emre", "fine")
    town.world.edit_message(message, content="heck", edited_at=town.world.time())
    await eventually(lambda: town.world.message(message.channel_id, message.id) is None)


async def test_a_missing_permission_is_reported_to_the_moderators(town: Town, app: App) -> None:
    role = next(role for role in town.guild.roles.values() if role.bot_id == town.demo.bot.id)
    town.world.update_role(town.guild, role, permissions=role.permissions & ~(1 << 13))
    await configure(app, town, "wordfilter", enabled=True, words=["heck"])
    town.say("emre", "heck")
    await eventually(lambda: town.bot_messages("general"))
    await app.runner.drain()
    (row,) = await app.actions.recent(town.guild.id, 10)
    assert row.kind == "word filter (incomplete)"
    assert "Manage Messages" in row.evidence["DeleteMessage"]


async def test_settings_are_shown_and_changed_from_discord(town: Town, app: App) -> None:
    changed = await town.ask(
        "ada",
        "settings",
        sub("set", option("feature", "wordfilter"), option("setting", "words"), option("value", "a, b")),
    )
    assert "Saved (version 1)" in changed.content
    await town.ask(
        "ada",
        "settings",
        sub("set", option("feature", "wordfilter"), option("setting", "enabled"), option("value", "on")),
    )
    shown = await town.ask("ada", "settings", sub("show", option("feature", "wordfilter")))
    assert "a, b" in {field["value"] for field in shown.embeds[0]["fields"]}
    message = town.say("emre", "b")
    await eventually(lambda: town.world.message(message.channel_id, message.id) is None)


@pytest.mark.parametrize(
    ("feature", "setting", "value", "said"),
    [
        ("wordfilter", "enabled", "perhaps", "Say on or off"),
        ("wordfilter", "log_channel", "123", "no text channel"),
        ("wordfilter", "nothing", "1", "has no setting"),
        ("nothing", "x", "1", "There is no feature"),
        ("activity", "ranks", "Legend", "is no rank"),
    ],
)
async def test_a_bad_setting_is_explained(
    town: Town, app: App, feature: str, setting: str, value: str, said: str
) -> None:
    options = sub("set", option("feature", feature), option("setting", setting), option("value", value))
    assert said in (await town.ask("ada", "settings", options)).content


async def test_settings_need_manage_server(town: Town, app: App) -> None:
    answer = await town.ask("emre", "settings", sub("show", option("feature", "wordfilter")))
    assert "Manage Server" in answer.content


async def test_autocomplete_offers_features_fields_and_channels(town: Town, app: App) -> None:
    offered: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            offered.append(event.data["choices"]) if event.name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" else None
        )
    )
    feature = option("feature", "wordfilter")
    await town.command("ada", "settings", sub("set", {**option("feature", "word"), "focused": True}), kind=4)
    await eventually(lambda: len(offered) == 1)
    focused = {**option("value", "mod"), "focused": True}
    await town.command("ada", "settings", sub("set", feature, option("setting", "log_channel"), focused), kind=4)
    await eventually(lambda: len(offered) == 2)
    assert [choice["value"] for choice in offered[0]] == ["wordfilter"]
    assert [choice["name"] for choice in offered[1]] == ["#mod-log"]


async def test_a_new_rank_is_announced_once(town: Town, app: App) -> None:
    general = str(town.channel("welcome").id)
    await configure(app, town, "activity", announce=True, announce_channel=general, ranks=["3 Talker"])
    for _ in range(10):
        town.say("emre", "hello")
        await asyncio.sleep(0.02)
    await eventually(lambda: town.bot_messages("welcome"))
    await app.writes.flush()
    await asyncio.sleep(0.1)
    assert ["Talker" in message.content for message in town.bot_messages("welcome")] == [True]


async def test_unknown_events_and_odd_fields_harm_nothing(town: Town, app: App) -> None:
    guild = town.guild.id
    town.world.publish("SOMETHING_NEW", {"guild_id": str(guild), "x": None}, guild_id=guild)
    town.world.publish("MESSAGE_CREATE", {"id": None, "content": None}, guild_id=guild)
    town.world.publish("MESSAGE_CREATE", {"id": "1", "channel_id": "2", "author": "who"}, guild_id=guild)
    town.world.publish("MESSAGE_UPDATE", {}, guild_id=guild)
    town.world.publish("GUILD_ROLE_CREATE", {"guild_id": str(guild), "role": {}}, guild_id=guild)
    town.world.publish("GUILD_MEMBER_ADD", {"guild_id": str(guild), "user": None}, guild_id=guild)
    town.world.publish("INTERACTION_CREATE", {"id": "1"}, guild_id=guild)
    assert (await town.ask("bao", "ping")).content.startswith("Pong!")
    assert town.emulator.gateway.counters["connections"] == 1


async def test_a_dropped_connection_resumes_and_loses_no_message(town: Town, app: App) -> None:
    town.say("emre", "before")
    town.emulator.gateway.drop(code=4000)
    for _ in range(20):
        town.say("emre", "during")
    await eventually(lambda: town.emulator.gateway.counters["resumes"] == 1)
    town.say("emre", "after")
    emre = town.demo.people["emre"].id
    await eventually(lambda: app.metrics.registry.get_sample_value("skynetbot_messages_total") == 22)
    await app.writes.flush()
    assert await app.activity.messages_of(town.guild.id, emre) == 22


async def test_a_frame_that_is_no_json_makes_the_shard_resume(town: Town, app: App) -> None:
    town.emulator.gateway.send_raw(b'{"t":"MESSAGE_CREATE","s":9999,"op":0,"d":{broken')
    await eventually(lambda: town.emulator.gateway.counters["resumes"] == 1, 15)
    town.say("emre", "still here")
    await eventually(lambda: app.metrics.registry.get_sample_value("skynetbot_messages_total") == 1)


async def test_an_invalid_session_is_followed_by_a_new_one(town: Town, app: App) -> None:
    town.emulator.gateway.invalidate(resumable=False)
    await eventually(lambda: town.emulator.gateway.counters["identifies"] == 2, 15)
    town.say("emre", "hello")
    await eventually(lambda: app.metrics.registry.get_sample_value("skynetbot_messages_total") == 1)


async def test_a_restart_keeps_settings_counters_and_actions(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path) as app:
        await configure(app, town, "wordfilter", enabled=True, words=["heck"])
        town.say("emre", "heck")
        await eventually(lambda: town.bot_messages("general"))
        # Not flushed by hand: a clean stop commits what is pending.
    async with bot_in(town, tmp_path) as app:
        assert await app.activity.messages_of(town.guild.id, town.demo.people["emre"].id) == 1
        assert len(await app.actions.recent(town.guild.id, 10)) == 1
        message = town.say("emre", "heck again")
        await eventually(lambda: town.world.message(message.channel_id, message.id) is None)


async def test_a_refused_token_names_the_setting(town: Town, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN"):
        async with bot_in(town, tmp_path, discord_token="MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.abcdefghijkl"):
            pass


async def test_missing_privileged_intents_end_with_advice(town: Town, tmp_path: Path) -> None:
    town.demo.application.privileged_intents = 0
    with pytest.raises(GatewayRefused, match="Message Content"):
        async with bot_in(town, tmp_path):
            pass


async def test_many_shards_share_the_servers(town: Town, tmp_path: Path) -> None:
    town.demo.application.max_concurrency = 3
    async with bot_in(town, tmp_path, shard_count=3) as app:
        await eventually(lambda: len(app.guilds.all()) == 3)
        assert len(app.discord.shards) == 3
        assert (await town.ask("bao", "ping")).content.startswith("Pong!")


async def test_readiness_and_metrics_speak(town: Town, app: App) -> None:
    url = app.public_url
    async with town.session.get(f"{url}/readyz") as response:
        assert response.status == 200
        assert msgspec.json.decode(await response.read())["ready"] is True
    async with town.session.get(f"{url}/metrics") as response:
        text = await response.text()
        assert "skynetbot_shards_connected 1.0" in text
        assert text.endswith("# EOF\n")
