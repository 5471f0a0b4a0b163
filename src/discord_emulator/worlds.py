"""Ready-made worlds: a small lively one for people, and seeded ones of any size for tests and benches."""

from typing import Any, Final

import msgspec

from discord_emulator.entities import Application, Guild, User
from discord_emulator.world import World

__all__ = ["BOT_PERMISSIONS", "DemoWorld", "demo_world", "generate", "install_bot"]

BOT_PERMISSIONS: Final = (
    1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 11 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16
) | (1 << 18 | 1 << 28 | 1 << 31 | 1 << 38 | 1 << 40)
_MODERATOR: Final = 1 << 1 | 1 << 2 | 1 << 13 | 1 << 40
_FIRST: Final = ("ada", "bao", "chidi", "dara", "emre", "freya", "goran", "hana", "ines", "jonas", "kofi", "lena")
_LAST: Final = ("fox", "reed", "stone", "vale", "moss", "lark", "finch", "brook", "ash", "wren", "hale", "pike")
_TOPICS: Final = ("general", "random", "help", "announcements", "media", "off-topic", "projects", "music")

_CONVERSATIONS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    # Who, what, and the reaction that it gets.
    "Pixel Harbour": (
        ("ada", "Welcome to **Pixel Harbour**! ⚓ Say hello, and type `/` to see what the bot can do.", "👋"),
        ("bao", "Hi everyone, first sprite sheet of the year is done. 32 colours, no dithering.", "🎉"),
        ("dara", "> no dithering\nbrave. Post it in #showcase please", ""),
        ("emre", "Does anyone know how ranks are counted here? I seem to have fallen behind.", ""),
        ("freya", "By messages, I think. So asking helps you 😄", ""),
    ),
    "Night Owls Reading": (
        ("bao", "This month's book is chosen: *The Left Hand of Darkness*.", "📚"),
        ("hana", "Finally! I have had it on the shelf for two years.", ""),
        ("goran", "Please keep the ending in #spoilers. ||I mean it.||", "🙈"),
    ),
    "Garden & Kitchen": (
        ("chidi", "First frost warning for tonight, bring the basil in.", "🥶"),
        ("ines", "Already pesto. `2 cups basil, 1 clove garlic, patience`", "🌿"),
        ("jonas", "Seeds to swap: beans, chard, three kinds of squash.", ""),
    ),
}


class DemoWorld(msgspec.Struct):
    """The demo's world, and the parts that the demo points people at."""

    world: World
    application: Application
    bot: User
    people: dict[str, User]
    guilds: dict[str, Guild]


def demo_world(*, bot_name: str = "SkynetBot", redirect_uris: list[str] | None = None, seed: int = 1) -> DemoWorld:
    """Three servers, a dozen people, and a bot with the rights that it needs."""
    world = World(seed=seed)
    people = {name: world.create_user(name, global_name=name.capitalize()) for name in _FIRST}
    ada, bao, chidi = people["ada"], people["bao"], people["chidi"]
    application, bot = world.create_application(bot_name, ada, redirect_uris)
    guilds: dict[str, Guild] = {}
    plans: tuple[tuple[str, User, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
        (
            "Pixel Harbour",
            ada,
            (("Harbour", ("welcome", "general", "showcase")), ("Talk", ("help", "off-topic", "mod-log"))),
        ),
        ("Night Owls Reading", bao, (("Books", ("general", "now-reading", "spoilers")), ("Staff", ("mod-log",)))),
        ("Garden & Kitchen", chidi, (("Outside", ("general", "seeds")), ("Inside", ("recipes", "mod-log")))),
    )
    for name, owner, categories in plans:
        guild = world.create_guild(name, owner)
        world.delete_channel(guild.channels[guild.system_channel_id or 0])
        for position, (category, names) in enumerate(categories):
            parent = world.create_channel(guild, category, type=4, position=position)
            for channel_name in names:
                world.create_channel(guild, channel_name, parent_id=parent.id, topic=f"{channel_name} of {name}")
        guild.system_channel_id = next(c.id for c in guild.channels.values() if c.name == "general")
        install_bot(world, guild, application)
        moderator = world.create_role(
            guild, "Moderator", permissions=_MODERATOR, color=0x3BA55C, hoist=True, position=1
        )
        regular = world.create_role(guild, "Regular", color=0x5865F2, hoist=True, position=1)
        for index, person in enumerate(people.values()):
            if person.id not in guild.members:
                world.add_member(guild, person, [regular.id] if index % 2 else [])
        guild.members[people["dara"].id].roles = [moderator.id]
        guilds[name] = guild
    for name, lines in _CONVERSATIONS.items():
        _seed_conversation(world, guilds[name], people, lines)
    return DemoWorld(world=world, application=application, bot=bot, people=people, guilds=guilds)


def install_bot(world: World, guild: Guild, application: Application, permissions: int = BOT_PERMISSIONS) -> None:
    """Add the application's bot with its managed role, above every role that stands."""
    bot = world.users[application.bot_user_id]
    if bot.id in guild.members:
        return
    role = world.create_role(
        guild,
        application.name,
        permissions=permissions,
        managed=True,
        bot_id=bot.id,
        hoist=True,
        color=0x6D5DF6,
        position=50,
    )
    world.add_member(guild, bot, [role.id])


def generate(
    *,
    guilds: int,
    channels: int = 8,
    roles: int = 4,
    members: int = 20,
    seed: int = 0,
    redirect_uris: list[str] | None = None,
    **world_options: Any,
) -> tuple[World, Application, User]:
    """A world of that size, the same names for the same seed; the bot is in every guild."""
    world = World(seed=seed, **world_options)
    chance = world.random
    owner = world.create_user("owner")
    application, bot = world.create_application("GeneratedBot", owner, redirect_uris)
    crowd = [world.create_user(f"{chance.choice(_FIRST)}_{chance.choice(_LAST)}{number}") for number in range(members)]
    for number in range(guilds):
        guild = world.create_guild(f"Guild {number + 1}", owner)
        for index in range(1, channels):
            world.create_channel(guild, f"{_TOPICS[index % len(_TOPICS)]}-{index}")
        made = [world.create_role(guild, f"Role {index}", color=chance.randrange(0xFFFFFF)) for index in range(roles)]
        install_bot(world, guild, application)
        for user in crowd:
            chosen = chance.sample(made, k=min(len(made), chance.randrange(3)))
            world.add_member(guild, user, [role.id for role in chosen], silent=True)
    return world, application, bot


def _seed_conversation(
    world: World, guild: Guild, people: dict[str, User], lines: tuple[tuple[str, str, str], ...]
) -> None:
    general = world.channels[guild.system_channel_id or 0]
    for name, text, reaction in lines:
        message = world.create_message(general, people[name].id, text)
        if reaction:
            for admirer in ("freya", "kofi", "lena"):
                world.add_reaction(message, people[admirer].id, reaction)
