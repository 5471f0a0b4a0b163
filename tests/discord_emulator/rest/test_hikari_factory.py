"""hikari's own entity factory, which indexes every key that Discord promises, reads what REST answers."""

from typing import Any

import hikari
import pytest
from hikari.impl import config, entity_factory

from support.town import Town


class _App(hikari.RESTAware):
    """The little that the factory asks of an application: nothing is called while it deserialises."""

    entity_factory: Any = None
    executor = None
    http_settings = config.HTTPSettings()
    proxy_settings = config.ProxySettings()
    rest: Any = None
    is_alive = True

    async def close(self) -> None:
        raise AssertionError("not called")

    async def join(self, until_close: bool = True) -> None:
        raise AssertionError("not called")

    async def start(self) -> None:
        raise AssertionError("not called")


@pytest.fixture
def factory() -> entity_factory.EntityFactoryImpl:
    return entity_factory.EntityFactoryImpl(_App())


async def test_guild_roles_members_and_channels(town: Town, factory: entity_factory.EntityFactoryImpl) -> None:
    path = f"/guilds/{town.guild.id}"
    guild = factory.deserialize_rest_guild(await town.call("GET", path + "?with_counts=true"))
    assert (guild.id, guild.name, guild.owner_id) == (town.guild.id, "Town", town.owner.id)
    assert town.role.id in guild.roles
    role = factory.deserialize_role(await town.call("GET", f"{path}/roles/{town.role.id}"), guild_id=town.guild.id)
    assert role.name == "Regular"
    member = factory.deserialize_member(await town.call("GET", f"{path}/members/{town.ada.id}"), guild_id=guild.id)
    assert (member.id, member.username) == (town.ada.id, "ada")
    for kind in (0, 2, 4, 5, 13, 15):
        made = await town.call("POST", path + "/channels", {"name": f"kind {kind}", "type": kind})
        channel = factory.deserialize_channel(await town.call("GET", f"/channels/{made['id']}"))
        assert channel.type == kind
    thread = await town.call("POST", f"/channels/{town.general.id}/threads", {"name": "aside", "type": 11})
    assert isinstance(factory.deserialize_channel(thread), hikari.GuildPublicThread)
    direct = await town.call("POST", "/users/@me/channels", {"recipient_id": str(town.ada.id)})
    dm = factory.deserialize_channel(direct)
    assert isinstance(dm, hikari.DMChannel)
    assert dm.recipient.id == town.ada.id


async def test_messages_of_every_shape(town: Town, factory: entity_factory.EntityFactoryImpl) -> None:
    path = f"/channels/{town.general.id}/messages"
    first = await town.call("POST", path, {"content": f"hi <@{town.ada.id}>"})
    body = {
        "content": "answer",
        "message_reference": {"message_id": first["id"]},
        "embeds": [{"title": "T", "fields": [{"name": "n", "value": "v"}], "footer": {"text": "f"}, "color": 3}],
        "components": [
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]},
            {"type": 1, "components": [{"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}]}]},
        ],
    }
    second = await town.call("POST", path, body)
    await town.call("PUT", f"{path}/{second['id']}/reactions/%F0%9F%91%8D/@me", expect=204)
    message = factory.deserialize_message(await town.call("GET", f"{path}/{second['id']}"))
    assert message.author.id == town.bot.id
    assert message.embeds[0].title == "T"
    assert len(message.components) == 2
    assert message.reactions[0].count == 1
    assert message.referenced_message is not None
    assert message.referenced_message.content == first["content"]
    assert [factory.deserialize_message(each).id for each in await town.call("GET", path)]


async def test_webhook_invite_ban_user_and_application(town: Town, factory: entity_factory.EntityFactoryImpl) -> None:
    made = await town.call("POST", f"/channels/{town.general.id}/webhooks", {"name": "Feed"})
    webhook = factory.deserialize_incoming_webhook(made)
    assert (webhook.name, webhook.token) == ("Feed", made["token"])
    path = f"/webhooks/{webhook.id}/{webhook.token}"
    posted = await town.call("POST", path + "?wait=true", {"content": "news"}, anonymous=True)
    assert factory.deserialize_message(posted).webhook_id == webhook.id
    created = await town.call("POST", f"/channels/{town.general.id}/invites", {"max_age": 60})
    assert factory.deserialize_invite_with_metadata(created).code == created["code"]
    read = await town.call("GET", f"/invites/{created['code']}?with_counts=true")
    assert factory.deserialize_invite(read).approximate_member_count == 3
    await town.call("PUT", f"/guilds/{town.guild.id}/bans/{town.ada.id}", {}, expect=204, reason="spam")
    ban = factory.deserialize_guild_member_ban(await town.call("GET", f"/guilds/{town.guild.id}/bans/{town.ada.id}"))
    assert (ban.user.id, ban.reason) == (town.ada.id, "spam")
    me = factory.deserialize_my_user(await town.call("GET", "/users/@me"))
    assert me.id == town.bot.id
    application = factory.deserialize_application(await town.call("GET", "/applications/@me"))
    assert application.owner.id == town.owner.id
    log = factory.deserialize_audit_log(
        await town.call("GET", f"/guilds/{town.guild.id}/audit-logs"), guild_id=town.guild.id
    )
    assert log.entries
    session = factory.deserialize_gateway_bot_info(await town.call("GET", "/gateway/bot"))
    assert session.session_start_limit.max_concurrency >= 1


async def test_commands(town: Town, factory: entity_factory.EntityFactoryImpl) -> None:
    options = [{"type": 3, "name": "text", "description": "what", "choices": [{"name": "A", "value": "a"}]}]
    body = {"name": "say", "description": "Say it", "options": options}
    for place, guild_id in (("", None), (f"/guilds/{town.guild.id}", town.guild.id)):
        made = await town.call("POST", f"/applications/{town.application.id}{place}/commands", body)
        command = factory.deserialize_command(made, guild_id=guild_id)
        assert isinstance(command, hikari.SlashCommand)
        assert command.options is not None
        assert command.options[0].name == "text"
