"""hikari's own REST client and strict entity factory against this server: what they cannot read, they raise on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import hikari
import hikari.files
import pytest

from support.town import Town


@pytest.fixture
async def rest(town: Town) -> AsyncIterator[hikari.impl.RESTClientImpl]:
    app = hikari.RESTApp(url=town.emulator.rest_url)
    await app.start()
    async with app.acquire(town.bot.token, hikari.TokenType.BOT) as client:
        yield client
    await app.close()


async def test_messages(town: Town, rest: hikari.impl.RESTClientImpl) -> None:
    channel = town.general.id
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "go", label="Go")
    embed = hikari.Embed(title="T", description="D", color=0xFF0000).add_field("n", "v").set_footer("f")
    posted = await rest.create_message(
        channel,
        f"hi <@{town.ada.id}>",
        embed=embed,
        component=row,
        attachment=hikari.files.Bytes(b"x", "x.txt"),
        user_mentions=True,
    )
    assert posted.embeds[0].fields[0].value == "v"
    assert posted.user_mentions_ids == [town.ada.id]
    assert posted.attachments[0].filename == "x.txt"
    assert (await posted.attachments[0].read()) == b"x"
    assert (await rest.edit_message(channel, posted, "changed")).content == "changed"
    await rest.add_reaction(channel, posted, "👍")
    fetched = await rest.fetch_message(channel, posted)
    assert fetched.reactions[0].count == 1
    assert [user.id async for user in rest.fetch_reactions_for_emoji(channel, posted, "👍")] == [town.bot.id]
    await rest.pin_message(channel, posted)
    reply = await rest.create_message(channel, "reply", reply=posted)
    assert reply.referenced_message is not None
    assert len([message async for message in rest.fetch_messages(channel)]) == 2
    await rest.delete_messages(channel, [posted, reply])
    with pytest.raises(hikari.NotFoundError):
        await rest.fetch_message(channel, posted)


async def test_guild_and_members(town: Town, rest: hikari.impl.RESTClientImpl) -> None:
    guild = await rest.fetch_guild(town.guild.id)
    assert guild.name == "Town"
    assert {role.id for role in guild.roles.values()} == set(town.guild.roles)
    assert len(await rest.fetch_guild_channels(guild)) == 1
    assert [m.id async for m in rest.fetch_members(guild)] == sorted(town.guild.members)
    assert (await rest.search_members(guild, "ada"))[0].id == town.ada.id
    role = await rest.create_role(guild, name="New", permissions=hikari.Permissions.KICK_MEMBERS)
    assert (await rest.edit_role(guild, role, name="Newer")).name == "Newer"
    await rest.add_role_to_member(guild, town.ada.id, role, reason="because – ünïcode")
    member = await rest.edit_member(
        guild, town.ada.id, nickname="A", communication_disabled_until=datetime.now(UTC) + timedelta(minutes=5)
    )
    assert member.nickname == "A"
    assert role.id in member.role_ids
    await rest.delete_role(guild, role)
    await rest.ban_user(guild, town.ada.id, delete_message_seconds=60, reason="spam")
    assert [ban.user.id async for ban in rest.fetch_bans(guild)] == [town.ada.id]
    assert (await rest.fetch_ban(guild, town.ada.id)).reason == "spam"
    await rest.unban_user(guild, town.ada.id)
    entries = [entry async for page in rest.fetch_audit_log(guild) for entry in page.entries.values()]
    assert "because – ünïcode" in [entry.reason for entry in entries]
    assert [g.id async for g in rest.fetch_my_guilds()] == [town.guild.id]
    with pytest.raises(hikari.ForbiddenError):
        await rest.kick_user(guild, town.owner.id)
    with pytest.raises(hikari.BadRequestError) as caught:
        await rest.create_guild_text_channel(guild, "x" * 101)
    assert caught.value.code == 50035


async def test_channels_of_every_kind(town: Town, rest: hikari.impl.RESTClientImpl) -> None:
    guild = town.guild.id
    category = await rest.create_guild_category(guild, "Cat")
    text = await rest.create_guild_text_channel(guild, "text", category=category, topic="t", rate_limit_per_user=5)
    assert text.rate_limit_per_user == timedelta(seconds=5)
    await rest.create_guild_voice_channel(guild, "voice", user_limit=5)
    await rest.create_guild_news_channel(guild, "news")
    await rest.create_guild_stage_channel(guild, "stage")
    await rest.create_guild_forum_channel(guild, "forum")
    assert len(await rest.fetch_guild_channels(guild)) == 7
    await rest.edit_permission_overwrite(
        text, town.ada.id, target_type=hikari.PermissionOverwriteType.MEMBER, deny=hikari.Permissions.SEND_MESSAGES
    )
    fetched = await rest.fetch_channel(text)
    assert isinstance(fetched, hikari.GuildTextChannel)
    assert town.ada.id in fetched.permission_overwrites
    message = await rest.create_message(text, "thread me")
    thread = await rest.create_message_thread(text, message, "T")
    await rest.join_thread(thread)
    assert [m.id for m in await rest.fetch_active_threads(guild)] == [thread.id]
    invite = await rest.create_invite(text, max_age=60)
    assert (await rest.fetch_invite(invite)).code == invite.code
    webhook = await rest.create_webhook(text, "Hook")
    sent = await rest.execute_webhook(webhook, webhook.token or "", "by webhook")
    assert sent.webhook_id == webhook.id
    direct = await rest.create_dm_channel(town.ada.id)
    assert direct.recipient.id == town.ada.id
    assert (await rest.create_message(direct, "hello")).guild_id is None
    await rest.delete_channel(text)


async def test_start_and_commands(town: Town, rest: hikari.impl.RESTClientImpl) -> None:
    assert (await rest.fetch_my_user()).id == town.bot.id
    application = await rest.fetch_application()
    assert application.owner.id == town.owner.id
    assert (await rest.fetch_gateway_bot_info()).session_start_limit.total == 1000
    builder = rest.slash_command_builder("say", "Says it.")
    option = hikari.CommandOption(
        type=hikari.OptionType.STRING, name="what", description="What.", is_required=True, autocomplete=True
    )
    builder.add_option(option)
    menu = rest.context_menu_command_builder(hikari.CommandType.USER, "Wave")
    made = await rest.set_application_commands(application, [builder, menu])
    assert {command.name for command in made} == {"say", "Wave"}
    local = await rest.create_slash_command(application, "here", "Only here.", guild=town.guild.id)
    assert local.guild_id == town.guild.id
    edited = await rest.edit_application_command(application, local, guild=town.guild.id, description="Still.")
    assert edited.version != local.version
    await rest.delete_application_command(application, local, guild=town.guild.id)
    assert list(await rest.fetch_application_commands(application, guild=town.guild.id)) == []


def _heard_by_bot(town: Town) -> dict[str, Any]:
    bots = frozenset({town.bot.id})
    return [event.data for event in town.events if event.name == "INTERACTION_CREATE" and event.user_ids == bots][-1]


@pytest.mark.parametrize("kind", ["command", "button", "select", "modal"])
async def test_interactions_are_read_and_answered(town: Town, rest: hikari.impl.RESTClientImpl, kind: str) -> None:
    options = [{"type": 6, "name": "who", "description": "Whom."}]
    command = await town.call(
        "POST",
        f"/applications/{town.application.id}/commands",
        {"name": "say", "description": "Says it.", "options": options},
    )
    posted = town.world.create_message(town.general, town.bot.id, "press")
    started: dict[str, dict[str, Any]] = {
        "command": {
            "type": 2,
            "data": {"id": command["id"], "options": [{"type": 6, "name": "who", "value": str(town.ada.id)}]},
        },
        "button": {"type": 3, "data": {"component_type": 2, "custom_id": "go"}, "message_id": str(posted.id)},
        "select": {
            "type": 3,
            "data": {"component_type": 5, "custom_id": "who", "values": [str(town.ada.id)]},
            "message_id": str(posted.id),
        },
        "modal": {
            "type": 5,
            "data": {
                "custom_id": "m",
                "components": [
                    {"type": 1, "id": 1, "components": [{"type": 4, "id": 2, "custom_id": "t", "value": "v"}]}
                ],
            },
        },
    }
    body = {
        "application_id": str(town.application.id),
        "guild_id": str(town.guild.id),
        "channel_id": str(town.general.id),
        **started[kind],
    }
    if kind == "modal":
        await town.call("POST", "/interactions", {**body, **started["command"]}, by=town.ada)
        opening = _heard_by_bot(town)
        rows = [{"type": 1, "components": [{"type": 4, "custom_id": "t", "label": "T", "style": 1}]}]
        shown = {"type": 9, "data": {"custom_id": "m", "title": "M", "components": rows}}
        await town.call("POST", f"/interactions/{opening['id']}/{opening['token']}/callback", shown, anonymous=True)
    await town.call("POST", "/interactions", body, by=town.ada)
    heard = _heard_by_bot(town)
    interaction = rest.entity_factory.deserialize_interaction(heard)
    assert isinstance(interaction, hikari.CommandInteraction | hikari.ComponentInteraction | hikari.ModalInteraction)
    assert interaction.user.id == town.ada.id
    if isinstance(interaction, hikari.CommandInteraction) and interaction.resolved is not None:
        assert town.ada.id in interaction.resolved.users
    response = await rest.create_interaction_response(
        interaction.id,
        interaction.token,
        hikari.ResponseType.MESSAGE_CREATE,
        "answer",
        flags=hikari.MessageFlag.EPHEMERAL,
    )
    del response
    original = await rest.fetch_interaction_response(town.application.id, interaction.token)
    assert original.content == "answer"
    await rest.edit_interaction_response(town.application.id, interaction.token, "edited")
    follow_up = await rest.execute_webhook(town.application.id, interaction.token, "more")
    assert follow_up.content == "more"
    await rest.delete_interaction_response(town.application.id, interaction.token)


async def test_events_are_read(town: Town, rest: hikari.impl.RESTClientImpl) -> None:
    """The payloads that the gateway sends, through the same factory."""
    factory = rest.entity_factory
    message = town.world.create_message(town.general, town.ada.id, "hello")
    assert factory.deserialize_message(town.heard("MESSAGE_CREATE")[0]).member is not None
    town.world.edit_message(message, content="changed")
    factory.deserialize_partial_message(town.heard("MESSAGE_UPDATE")[0])
    guild = town.world.guild_create(town.guild, list(town.guild.members), for_user=town.bot.id, large_threshold=50)
    definition = factory.deserialize_gateway_guild(guild, user_id=hikari.Snowflake(town.bot.id))
    assert set(definition.members()) == set(town.guild.members)
    assert set(definition.channels()) == set(town.guild.channels)
