"""Which event needs which intent.

Source: https://discord.com/developers/docs/events/gateway#list-of-intents
"""

from typing import Final

__all__ = ["ALL_INTENTS", "GUILD_MEMBERS", "MESSAGE_CONTENT", "PRIVILEGED", "wanted_intents"]

GUILDS: Final = 1 << 0
GUILD_MEMBERS: Final = 1 << 1
GUILD_MODERATION: Final = 1 << 2
GUILD_EXPRESSIONS: Final = 1 << 3
GUILD_INTEGRATIONS: Final = 1 << 4
GUILD_WEBHOOKS: Final = 1 << 5
GUILD_INVITES: Final = 1 << 6
GUILD_VOICE_STATES: Final = 1 << 7
GUILD_PRESENCES: Final = 1 << 8
GUILD_MESSAGES: Final = 1 << 9
GUILD_MESSAGE_REACTIONS: Final = 1 << 10
GUILD_MESSAGE_TYPING: Final = 1 << 11
DIRECT_MESSAGES: Final = 1 << 12
DIRECT_MESSAGE_REACTIONS: Final = 1 << 13
DIRECT_MESSAGE_TYPING: Final = 1 << 14
MESSAGE_CONTENT: Final = 1 << 15
GUILD_SCHEDULED_EVENTS: Final = 1 << 16
AUTO_MODERATION_CONFIGURATION: Final = 1 << 20
AUTO_MODERATION_EXECUTION: Final = 1 << 21
GUILD_MESSAGE_POLLS: Final = 1 << 24
DIRECT_MESSAGE_POLLS: Final = 1 << 25

PRIVILEGED: Final = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT
ALL_INTENTS: Final = (1 << 17) - 1 | 0b11 << 20 | 0b11 << 24

_BY_PREFIX: Final = (
    # The first prefix that fits counts.
    ("GUILD_MEMBER", GUILD_MEMBERS, 0),
    ("GUILD_BAN", GUILD_MODERATION, 0),
    ("GUILD_AUDIT_LOG", GUILD_MODERATION, 0),
    ("GUILD_EMOJIS", GUILD_EXPRESSIONS, 0),
    ("GUILD_STICKERS", GUILD_EXPRESSIONS, 0),
    ("GUILD_INTEGRATIONS", GUILD_INTEGRATIONS, 0),
    ("INTEGRATION_", GUILD_INTEGRATIONS, 0),
    ("GUILD_SCHEDULED_EVENT", GUILD_SCHEDULED_EVENTS, 0),
    ("GUILD_", GUILDS, 0),
    ("CHANNEL_PINS", GUILDS, DIRECT_MESSAGES),
    ("CHANNEL_", GUILDS, 0),
    ("THREAD_", GUILDS, 0),
    ("STAGE_", GUILDS, 0),
    ("WEBHOOKS_", GUILD_WEBHOOKS, 0),
    ("INVITE_", GUILD_INVITES, 0),
    ("VOICE_STATE", GUILD_VOICE_STATES, 0),
    ("PRESENCE_", GUILD_PRESENCES, 0),
    ("MESSAGE_REACTION", GUILD_MESSAGE_REACTIONS, DIRECT_MESSAGE_REACTIONS),
    ("MESSAGE_POLL", GUILD_MESSAGE_POLLS, DIRECT_MESSAGE_POLLS),
    ("MESSAGE_", GUILD_MESSAGES, DIRECT_MESSAGES),
    ("TYPING_", GUILD_MESSAGE_TYPING, DIRECT_MESSAGE_TYPING),
    ("AUTO_MODERATION_ACTION", AUTO_MODERATION_EXECUTION, 0),
    ("AUTO_MODERATION_", AUTO_MODERATION_CONFIGURATION, 0),
)
_CACHE: dict[tuple[str, bool], int] = {}


def wanted_intents(event: str, *, in_guild: bool) -> int:
    """The intents of which a receiver needs one; 0 means that everyone gets the event."""
    key = (event, in_guild)
    if key not in _CACHE:
        _CACHE[key] = next(
            (guild if in_guild else direct for prefix, guild, direct in _BY_PREFIX if event.startswith(prefix)), 0
        )
    return _CACHE[key]
