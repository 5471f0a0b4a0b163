"""One session of one shard: who it is, what it may hear, what it has been sent and can be sent again."""

import secrets
from collections import deque
from itertools import islice
from typing import Any, Final, Protocol

import msgspec

from discord_emulator.dispatch import Dispatch
from discord_emulator.entities import Guild, User
from discord_emulator.gateway.intents import GUILD_MEMBERS, MESSAGE_CONTENT, wanted_intents
from discord_emulator.permissions import Permission, channel_permissions
from discord_emulator.world import World

__all__ = ["Link", "Session"]

_encode: Final = msgspec.json.Encoder().encode
_BLANKED: Final = ("content", "embeds", "attachments", "components")
_IN_CHANNEL: Final = ("MESSAGE_", "TYPING_")
"""Events that only those get who see the channel."""
_THREADS: Final = (10, 11, 12)
_PRIVATE_THREAD: Final = 12
_MEMBERS_FOR_PEOPLE: Final = 1_000
"""A person's client gets this many members of a server at once and asks for others."""


class Link(Protocol):
    """The connection under a session."""

    def send(self, frame: bytes) -> None: ...


class Session:
    """Lives longer than its connection: events go on being numbered and kept for RESUME, up to a bound."""

    def __init__(
        self,
        world: World,
        user: User,
        *,
        shard: tuple[int, int],
        intents: int | None,
        large_threshold: int,
        replay_bound: int,
    ) -> None:
        self.id = secrets.token_hex(16)
        self.world = world
        self.user = user
        self.shard_id, self.shard_count = shard
        self.intents = intents
        """None for a person's client, which needs none."""
        self.large_threshold = large_threshold
        self.link: Link | None = None
        self.seq = 0
        self.disconnected_at: float | None = None
        self.full_requests: dict[int, float] = {}
        """When all members of a server were last asked for, by server."""
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=replay_bound)

    def sees(self, dispatch: Dispatch) -> bool:
        """Whether this session is to get the event: shard, guild membership, receivers, intents."""
        if dispatch.user_ids is not None and self.user.id not in dispatch.user_ids:
            return False
        in_guild = dispatch.guild_id is not None
        if dispatch.guild_id is not None:
            if (dispatch.guild_id >> 22) % self.shard_count != self.shard_id:
                return False
            guild = self.world.guilds.get(dispatch.guild_id)
            addressed = dispatch.user_ids is not None
            if guild is not None and not addressed:
                if self.user.id not in guild.members:
                    return False
                if dispatch.name.startswith(_IN_CHANNEL) and not self._may_view(guild, dispatch.channel_id):
                    return False
            if dispatch.name == "GUILD_MEMBER_ADD" and dispatch.author_id == self.user.id:
                return False  # to the one who joins, GUILD_CREATE says it
        elif dispatch.channel_id is not None:
            channel = self.world.channels.get(dispatch.channel_id)
            if self.shard_id != 0 or channel is None or self.user.id not in channel.recipients:
                return False
        if self.intents is None:
            return True
        wanted = wanted_intents(dispatch.name, in_guild=in_guild)
        if dispatch.name == "GUILD_MEMBER_UPDATE" and dispatch.data.get("user", {}).get("id") == str(self.user.id):
            return True
        return wanted == 0 or bool(self.intents & wanted)

    def _may_view(self, guild: Guild, channel_id: int | None) -> bool:
        channel = guild.channels.get(channel_id or 0) or guild.threads.get(channel_id or 0)
        if channel is None:
            return True
        source = guild.channels.get(channel.parent_id or 0, channel) if channel.type in _THREADS else channel
        if (
            channel.type != _PRIVATE_THREAD
            and not source.overwrites
            and guild.roles[guild.id].permissions & Permission.VIEW_CHANNEL
        ):
            return True  # the common case, and this is asked for every message and session
        return bool(channel_permissions(guild, channel, self.user.id, self.world.time()) & Permission.VIEW_CHANNEL)

    def hides_content(self, dispatch: Dispatch) -> bool:
        """Without the privileged intent, strangers' words in servers arrive empty."""
        if self.intents is None or self.intents & MESSAGE_CONTENT or dispatch.guild_id is None:
            return False
        if not dispatch.name.startswith(("MESSAGE_CREATE", "MESSAGE_UPDATE")) or dispatch.author_id == self.user.id:
            return False
        own_id = str(self.user.id)
        return not any(user.get("id") == own_id for user in dispatch.data.get("mentions") or ())

    def send_event(self, name: str, data: Any) -> None:
        """Number, keep and send one event."""
        self.send_encoded(name, _encode(data))

    def send_encoded(self, name: str, data: bytes) -> None:
        """The same for data that is JSON already, so that one encoding serves every session."""
        self.seq += 1
        frame = b'{"t":"%b","s":%d,"op":0,"d":%b}' % (name.encode(), self.seq, data)
        self._sent.append((self.seq, frame))
        if self.link is not None:
            self.link.send(frame)

    def can_resume_from(self, seq: int) -> bool:
        """Whether everything after ``seq`` is still kept."""
        oldest = self._sent[0][0] if self._sent else self.seq + 1
        return oldest - 1 <= seq <= self.seq

    def replay(self, seq: int) -> int:
        """Send everything after ``seq`` again; how many events that were."""
        if self.link is None:
            return 0
        missed = [frame for number, frame in self._sent if number > seq]
        for frame in missed:
            self.link.send(frame)
        return len(missed)

    def blank(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, **{key: "" if key == "content" else [] for key in _BLANKED if key in data}}

    def members_in_guild_create(self, guild_id: int) -> list[int]:
        """Who stands in GUILD_CREATE: everybody in small guilds with the members intent, else oneself."""
        guild = self.world.guilds[guild_id]
        if self.intents is None:
            return list(islice(guild.members, _MEMBERS_FOR_PEOPLE))
        if self.intents & GUILD_MEMBERS and len(guild.members) <= self.large_threshold:
            return list(guild.members)
        return [self.user.id] if self.user.id in guild.members else []
