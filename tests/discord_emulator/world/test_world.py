"""The world: mutations and the events that they publish."""

import base64

from discord_emulator.dispatch import Dispatch
from discord_emulator.snowflakes import SnowflakeFactory, snowflake_time_ms
from discord_emulator.world import World
from discord_emulator.worlds import demo_world, generate


def _recorded(world: World) -> list[Dispatch]:
    seen: list[Dispatch] = []
    world.hub.subscribe(seen.append)
    return seen


def test_snowflakes_grow_while_the_clock_stands_still() -> None:
    factory = SnowflakeFactory(now=lambda: 1_700_000_000.0)
    made = [factory.make() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert snowflake_time_ms(made[0]) == 1_700_000_000_000


def test_a_bot_token_starts_with_its_id_in_base64() -> None:
    world = World()
    owner = world.create_user("owner")
    application, bot = world.create_application("Bot", owner)
    first = bot.token.split(".")[0]
    assert base64.urlsafe_b64decode(first + "==").decode() == str(application.id)
    assert world.tokens[bot.token] == bot.id


def test_each_change_publishes_its_event() -> None:
    world = World()
    owner, member = world.create_user("owner"), world.create_user("member")
    guild = world.create_guild("Guild", owner)
    channel = world.channels[guild.system_channel_id or 0]
    seen = _recorded(world)
    world.add_member(guild, member)
    role = world.create_role(guild, "Role")
    world.update_member(guild, guild.members[member.id], roles=[role.id])
    message = world.create_message(channel, member.id, "hi")
    world.add_reaction(message, owner.id, "👍")
    world.add_reaction(message, owner.id, "👍")
    world.edit_message(message, content="hello", edited_at=world.time())
    world.remove_reaction(message, owner.id, "👍")
    world.set_pinned(channel, message, True)
    world.delete_message(message)
    world.delete_role(guild, role)
    world.ban(guild, member.id, "spam")
    world.unban(guild, member.id)
    world.set_outage(guild, True)
    world.set_outage(guild, False)
    assert [dispatch.name for dispatch in seen] == [
        "GUILD_CREATE",
        "GUILD_MEMBER_ADD",
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_UPDATE",
        "MESSAGE_CREATE",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_UPDATE",
        "MESSAGE_REACTION_REMOVE",
        "CHANNEL_PINS_UPDATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "GUILD_ROLE_DELETE",
        "GUILD_BAN_ADD",
        "GUILD_DELETE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_BAN_REMOVE",
        "GUILD_DELETE",
        "GUILD_CREATE",
    ]
    assert all(dispatch.guild_id == guild.id for dispatch in seen)


def test_a_channel_keeps_only_its_newest_messages() -> None:
    world = World(messages_kept=3)
    owner = world.create_user("owner")
    guild = world.create_guild("Guild", owner)
    channel = world.channels[guild.system_channel_id or 0]
    made = [world.create_message(channel, owner.id, str(number)) for number in range(5)]
    assert [message.content for message in world.history(channel.id)] == ["4", "3", "2"]
    assert world.message(channel.id, made[0].id) is None


def test_mentions_name_only_what_exists() -> None:
    world = World()
    owner = world.create_user("owner")
    guild = world.create_guild("Guild", owner)
    role = world.create_role(guild, "Role")
    channel = world.channels[guild.system_channel_id or 0]
    text = f"<@{owner.id}> <@!{owner.id}> <@1> <@&{role.id}> <@&2> @everyone"
    message = world.create_message(channel, owner.id, text)
    assert (message.mentions, message.mention_roles, message.mention_everyone) == ([owner.id], [role.id], True)


def test_an_ephemeral_message_is_for_its_invoker_only() -> None:
    world = World()
    owner = world.create_user("owner")
    guild = world.create_guild("Guild", owner)
    seen = _recorded(world)
    world.create_message(
        world.channels[guild.system_channel_id or 0], owner.id, flags=64, interaction={"user": {"id": str(owner.id)}}
    )
    assert seen[0].user_ids == frozenset({owner.id})


def test_users_are_found_by_their_name_after_a_change_too() -> None:
    world = World()
    user = world.create_user("before")
    world.update_user(user, username="after")
    assert world.user_named("before") is None
    assert world.user_named("after") is user


def test_a_deleted_channel_takes_its_threads_with_it() -> None:
    world = World()
    owner = world.create_user("owner")
    guild = world.create_guild("Guild", owner)
    channel = world.channels[guild.system_channel_id or 0]
    thread = world.create_thread(guild, channel, "aside", owner.id)
    world.create_message(thread, owner.id, "hello")
    seen = _recorded(world)
    world.delete_channel(channel)
    assert [dispatch.name for dispatch in seen] == ["CHANNEL_DELETE"]
    assert (guild.threads, thread.id in world.channels, list(world.history(thread.id))) == ({}, False, [])


def test_the_same_seed_makes_the_same_world() -> None:
    one, other = generate(guilds=2, members=5, seed=7)[0], generate(guilds=2, members=5, seed=7)[0]
    assert [user.username for user in one.users.values()] == [user.username for user in other.users.values()]
    assert [len(g.roles) for g in one.guilds.values()] == [len(g.roles) for g in other.guilds.values()]


def test_the_demo_world_has_its_bot_in_every_server() -> None:
    demo = demo_world()
    for guild in demo.guilds.values():
        assert demo.bot.id in guild.members
        assert any(role.bot_id == demo.bot.id and role.managed for role in guild.roles.values())
        assert any(channel.name == "mod-log" for channel in guild.channels.values())
