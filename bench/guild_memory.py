"""Memory per guild of our state, discord.py and hikari (both with their default caches), fed the same GUILD_CREATEs.

`per_guild` is one case; `cases` are those of the study: a guild of 30 channels with one overwrite each, 20 roles and
20 emojis, with 0, 100 and 1000 members. The bot's own member is always among them, since Discord always sends it.
"""

import gc
import random
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

__all__ = ["CASES", "cases", "guild_create", "per_guild"]

CASES: Final = {0: 200, 100: 50, 1000: 10}
"""Members, and how many guilds are enough for a stable mean."""

_OWN_ID: Final = 900_000_000_000_000_001
_WORDS: Final = ("general", "off-topic", "announcements", "media", "voice-chat", "help", "suggestions", "bot-commands")
Feed = Callable[[Mapping[str, Any]], None]


def per_guild(members: int, guilds: int) -> dict[str, float]:
    """Bytes of live Python memory for each guild, by library, as tracemalloc sees them."""
    return {
        name: _measure(make, members, guilds)
        for name, make in (("ours", _ours), ("discord_py", _discord_py), ("hikari", _hikari))
    }


def cases() -> dict[int, dict[str, float]]:
    """`per_guild` by the number of members."""
    return {members: per_guild(members, guilds) for members, guilds in CASES.items()}


def guild_create(members: int, seed: int = 0) -> dict[str, Any]:
    """A GUILD_CREATE as Discord sends it; the same for the same seed."""
    chance = random.Random(seed)

    def snowflake() -> str:
        # Between 2017 and 2024, as ids of servers that live today are.
        return str(chance.randrange(260_000_000_000_000_000, 1_190_000_000_000_000_000))

    guild_id = snowflake()
    roles = [
        {
            "id": guild_id if position == 0 else snowflake(),
            "name": "@everyone" if position == 0 else f"{chance.choice(_WORDS).title()} {position}",
            "permissions": str(chance.getrandbits(41) & ~8),
            "position": position,
            "color": chance.getrandbits(24),
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": position == 1,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
            "tags": {"bot_id": str(_OWN_ID)} if position == 1 else {},
        }
        for position in range(20)
    ]
    categories = [snowflake() for _ in range(4)]
    channels = [
        {
            "id": categories[number] if number < 4 else snowflake(),
            "type": 4 if number < 4 else 2 if number % 7 == 0 else 0,
            "name": f"{chance.choice(_WORDS)}-{number}",
            "position": number,
            "parent_id": None if number < 4 else chance.choice(categories),
            "topic": "What this channel is about, in a sentence or two." if number >= 4 else None,
            "nsfw": False,
            "rate_limit_per_user": 5 if number % 5 == 0 else 0,
            "last_message_id": snowflake(),
            "flags": 0,
            "bitrate": 64_000,
            "user_limit": 0,
            "permission_overwrites": [
                {"id": chance.choice(roles)["id"], "type": 0, "allow": "1024", "deny": str(1 << 11 | 1 << 38)}
            ],
        }
        for number in range(30)
    ]
    emojis = [
        {
            "id": snowflake(),
            "name": f"emoji_{number}",
            "roles": [],
            "require_colons": True,
            "managed": False,
            "animated": False,
            "available": True,
        }
        for number in range(20)
    ]

    def member(user_id: str, number: int) -> dict[str, Any]:
        given = [role["id"] for role in chance.sample(roles[1:], chance.randrange(4))]
        user = {
            "id": user_id,
            "username": f"user{number}_{chance.choice(_WORDS)}",
            "global_name": f"User {number}",
            "avatar": f"{chance.getrandbits(128):032x}",
            "discriminator": "0",
            "public_flags": 0,
            "bot": user_id == str(_OWN_ID),
        }
        return {
            "user": user,
            "nick": None,
            "avatar": None,
            "roles": given,
            "joined_at": f"20{chance.randrange(17, 24)}-0{chance.randrange(1, 10)}-11T10:00:00.123000+00:00",
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }

    people = [member(str(_OWN_ID), 0), *(member(snowflake(), number) for number in range(1, members + 1))]
    return {
        "id": guild_id,
        "name": f"A guild of {members} people",
        "icon": f"{chance.getrandbits(128):032x}",
        "owner_id": people[-1]["user"]["id"],
        "features": ["COMMUNITY", "NEWS"],
        "description": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "application_id": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": channels[5]["id"],
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "max_members": 500_000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "incidents_data": None,
        "joined_at": "2023-01-11T10:00:00.123000+00:00",
        "large": members > 250,
        "unavailable": False,
        "member_count": len(people),
        "roles": roles,
        "emojis": emojis,
        "stickers": [],
        "channels": channels,
        "threads": [],
        "members": people,
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _measure(make: Callable[[], tuple[Feed, object]], members: int, guilds: int) -> float:
    feed, _ = make()
    # What a library makes once, for its first guild, is not a guild's.
    feed(_fresh(members, seed=0))
    gc.collect()
    tracemalloc.start()
    try:
        for seed in range(1, guilds + 1):
            feed(_fresh(members, seed))
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return used / guilds


def _fresh(members: int, seed: int) -> dict[str, Any]:
    """Through JSON, as from the wire: no string is shared with another payload."""
    payload: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(guild_create(members, seed)))
    return payload


def _own_user() -> dict[str, Any]:
    return {"id": str(_OWN_ID), "username": "bench", "discriminator": "0", "avatar": None, "bot": True, "flags": 0}


def _ours() -> tuple[Feed, object]:
    from skynetbot.discord.state.state import GuildState

    state = GuildState()
    state.on("READY", {"user": _own_user(), "guilds": []})
    return (lambda payload: state.on("GUILD_CREATE", payload)), state


def _discord_py() -> tuple[Feed, object]:
    import discord
    import discord.state

    intents = discord.Intents.default()
    intents.members = True
    state: Any = discord.state.ConnectionState(
        dispatch=lambda *_: None,
        handlers={},
        hooks={},
        http=None,  # type: ignore[arg-type]
        intents=intents,
        chunk_guilds_at_startup=False,
    )
    state.user = discord.ClientUser(state=state, data=_own_user())  # type: ignore[arg-type]
    return state.parse_guild_create, state


def _hikari() -> tuple[Feed, object]:
    import hikari
    from hikari.impl import cache, config, entity_factory, event_factory, event_manager

    class Shard:
        id = 0
        intents = hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.GUILD_MEMBERS

        def get_user_id(self) -> hikari.Snowflake:
            return hikari.Snowflake(_OWN_ID)

    app: Any = type("App", (), {})()
    kept = cache.CacheImpl(app, config.CacheSettings())
    entities = entity_factory.EntityFactoryImpl(app)
    manager = event_manager.EventManagerImpl(
        entities, event_factory.EventFactoryImpl(app), Shard.intents, auto_chunk_members=False, cache=kept
    )
    app.cache, app.entity_factory = kept, entities
    shard: Any = Shard()
    return (lambda payload: manager.on_guild_create(shard, payload)), (kept, manager)  # type: ignore[arg-type]


def main() -> None:
    for members, used in cases().items():
        shown = "  ".join(f"{name} {value / 1024:8.2f} KiB" for name, value in used.items())
        print(f"{members:5} members  {shown}  discord.py/ours {used['discord_py'] / used['ours']:.1f}")


if __name__ == "__main__":
    main()
