"""Everything the bot knows of its guilds: fed by gateway dispatches, asked for views, permissions and hierarchy."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from skynetbot.discord.state import dumps
from skynetbot.discord.state.changes import CHANGES, created, message_author, updated
from skynetbot.discord.state.errors import MalformedPayload
from skynetbot.discord.state.members import MemberTable
from skynetbot.discord.state.packed import DecodedGuild, DecodedGuilds, PackedGuild, view_of
from skynetbot.discord.state.payloads import GuildPayload, GuildRef, MessagePayload, Ready, read
from skynetbot.discord.state.permissions import ALL, base_permissions, in_timeout, with_implied, with_overwrites
from skynetbot.discord.state.views import ChannelView, GuildView, MemberView, RoleView

__all__ = ["EVENTS", "GuildState"]

EVENTS: Final = ("READY", "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", *CHANGES)
"""What has to be fed; MESSAGE_CREATE may be."""

_DECODED_GUILDS: Final = 128


class GuildState:
    """Guilds, channels, active threads, roles, overwrites, and the members that the gateway has told of.

    Each guild lies packed in a few ``bytes``; sections are decoded when asked for, and the ``decoded_kept`` guilds
    asked for last stay decoded. Views are frozen: who holds one holds what was true then.

    ``members_kept`` bounds the members kept of one guild; None keeps all that the gateway sends. Above the bound,
    members go who have neither a role nor a timeout, the earliest joined first, then the others, the earliest joined
    first; some more at once than have to (a sixteenth), so that not every join has to choose. The bot's own member
    always stays. Members' names are not kept.

    Not safe for threads: everything happens in the event loop, and nothing waits.
    """

    def __init__(
        self,
        *,
        members_kept: int | None = None,
        decoded_kept: int = _DECODED_GUILDS,
        learn_from_messages: bool = False,
    ) -> None:
        if members_kept is not None and members_kept < 1:
            raise ValueError("members_kept must be at least 1: the bot's own member is always kept")
        self._members_kept = members_kept
        self._learn_from_messages = learn_from_messages
        self._guilds: dict[int, PackedGuild] = {}
        self._bytes = 0
        self._unavailable: set[int] = set()
        self._decoded = DecodedGuilds(decoded_kept)
        self.own_id: int | None = None
        """The bot's user, known from READY on."""

    # Feeding

    def on(self, event: str, payload: Any) -> None:
        """Take over one dispatch, given as the plain payload under ``d``.

        Other events than `EVENTS`, guilds that are not known and direct channels are passed over. MESSAGE_CREATE
        teaches its author's member data if the state was made to learn from messages.

        Raises:
            MalformedPayload: the payload has not the documented form; the state is as it was.
        """
        try:
            if event in CHANGES:
                self._change(event, payload)
            elif event == "MESSAGE_CREATE":
                self._learn(event, payload)
            elif event == "READY":
                self._ready(read(event, payload, Ready))
            elif event == "GUILD_CREATE":
                self._create(event, payload)
            elif event == "GUILD_UPDATE":
                self._update(read(event, payload, GuildPayload))
            elif event == "GUILD_DELETE":
                self._delete(read(event, payload, GuildRef))
        except UnicodeEncodeError as error:
            # Names with half a surrogate pair, which JSON can carry and nothing can store.
            raise MalformedPayload(event, f"a name is no Unicode text: {error}") from error

    def forget(self, guild_id: int) -> None:
        """Drop the guild; nothing happens if it is not known."""
        guild = self._guilds.pop(guild_id, None)
        if guild is not None:
            self._bytes -= guild.nbytes()
        self._unavailable.discard(guild_id)
        self._decoded.forget(guild_id)

    # Asking

    def all(self) -> Sequence[GuildView]:
        """Every guild whose GUILD_CREATE has come, those in an outage included; in no order."""
        return [
            view_of(guild_id, guild, available=guild_id not in self._unavailable)
            for guild_id, guild in self._guilds.items()
        ]

    def get(self, guild_id: int) -> GuildView | None:
        guild = self._guilds.get(guild_id)
        return view_of(guild_id, guild, available=guild_id not in self._unavailable) if guild is not None else None

    def unavailable(self) -> frozenset[int]:
        """Guilds that the bot is in and that Discord does not show now; a GUILD_CREATE ends that."""
        return frozenset(self._unavailable)

    def channels(self, guild_id: int) -> Sequence[ChannelView]:
        """All channels without threads, by position and id; empty for an unknown guild."""
        guild = self._decode(guild_id)
        if guild is None:
            return ()
        return sorted(guild.channels.values(), key=lambda channel: (channel.position, channel.id))

    def threads(self, guild_id: int) -> Sequence[ChannelView]:
        """The active threads, the oldest first."""
        guild = self._decode(guild_id)
        return tuple(guild.threads.values()) if guild is not None else ()

    def channel(self, guild_id: int, channel_id: int) -> ChannelView | None:
        """A channel or an active thread."""
        guild = self._decode(guild_id)
        return guild.channel(channel_id) if guild is not None else None

    def roles(self, guild_id: int) -> Sequence[RoleView]:
        """Highest first, with @everyone (the role with the guild's id) at the end; empty for an unknown guild."""
        guild = self._decode(guild_id)
        if guild is None:
            return ()
        return sorted(guild.roles.values(), key=lambda role: (role.id == guild_id, -role.position, role.id))

    def role(self, guild_id: int, role_id: int) -> RoleView | None:
        guild = self._decode(guild_id)
        return guild.roles.get(role_id) if guild is not None else None

    def member(self, guild_id: int, user_id: int) -> MemberView | None:
        """The member if it is kept; None says nothing about whether they are in the guild."""
        guild = self._guilds.get(guild_id)
        return MemberTable(guild.members).find(user_id) if guild is not None else None

    def members(self, guild_id: int) -> Sequence[MemberView]:
        """Those kept, by id. Decodes all of them: for a rare look, not for each event."""
        guild = self._guilds.get(guild_id)
        return tuple(MemberTable(guild.members)) if guild is not None else ()

    def permissions(
        self, guild_id: int, user_id: int, role_ids: Collection[int] | None, channel_id: int | None, now: float
    ) -> int:
        """What the member may effectively do: in the channel or active thread, or in the whole guild for None.

        ``role_ids`` are the member's roles if the caller has them from a payload; None takes those kept. A member
        that is not kept and comes without roles has no permission: to be unknown gives nobody a right. Unknown
        guilds and channels give 0 too. ``now`` is seconds since 1970, for timeouts; the timeout of a member who is
        not kept is not known.

        Implied rules are applied (see `with_implied`), so bits can be asked for one by one. Who was invited to a
        private thread is not known here: its parent's permissions are given.
        """
        guild = self._decode(guild_id)
        if guild is None:
            return 0
        channel = guild.channel(channel_id) if channel_id is not None else None
        if channel_id is not None and channel is None:
            return 0
        owner_id = guild.head.owner_id
        if user_id == owner_id:
            return ALL
        member = MemberTable(self._guilds[guild_id].members).find(user_id)
        if role_ids is None:
            if member is None:
                return 0
            role_ids = member.roles
        permissions = base_permissions(guild_id, owner_id, user_id, role_ids, guild.roles)
        if permissions == ALL:
            return ALL
        if channel is not None:
            source = guild.channels.get(channel.parent_id or 0) if channel.is_thread else channel
            if source is None:
                return 0
            # A role that is gone may still stand in a payload that was on its way.
            standing = [role_id for role_id in role_ids if role_id in guild.roles]
            permissions = with_overwrites(permissions, guild_id, user_id, standing, source.overwrites)
            permissions = with_implied(permissions, channel.type)
        if member is not None and member.timeout_until is not None and member.timeout_until > now:
            permissions = in_timeout(permissions)
        return permissions

    def top_role_position(self, guild_id: int, user_id: int, role_ids: Collection[int] | None = None) -> int:
        """The position of the member's highest role; 0 for @everyone alone and for those who are not known.

        An owner has no position above the roles here: `may_act_on` is what knows owners and equal positions.
        """
        return max(0, self._rank(guild_id, user_id, role_ids)[0])

    def may_act_on(
        self,
        guild_id: int,
        actor_id: int,
        actor_roles: Collection[int] | None,
        target_id: int,
        target_roles: Collection[int] | None,
    ) -> bool:
        """Whether the hierarchy lets the actor kick, ban, time out or rename the target.

        The owner stands above all; nobody else acts on somebody whose highest role is not below their own, and nobody
        on themselves. Roles are those of a payload, or None for those kept. A target that is not kept and comes
        without roles may stand anywhere, so the answer is False; for somebody who is no member give no roles: ``()``.

        Source: https://discord.com/developers/docs/topics/permissions#permission-hierarchy
        """
        guild = self._decode(guild_id)
        if guild is None or actor_id == target_id or target_id == guild.head.owner_id:
            return False
        if actor_id == guild.head.owner_id:
            return True
        if target_roles is None and self.member(guild_id, target_id) is None:
            return False
        return self._rank(guild_id, actor_id, actor_roles) > self._rank(guild_id, target_id, target_roles)

    # Keeping

    def bytes(self) -> int:
        """What the packed guilds take in memory; those that are decoded for now come on top."""
        return self._bytes

    def dump(self) -> dumps.Dump:
        """The whole state, to be loaded by the next process."""
        return dumps.to_bytes(self.own_id, frozenset(self._unavailable), self._guilds)

    def load(self, data: dumps.Dump) -> None:
        """Replace everything by a dump.

        Raises:
            DumpRejected: the dump cannot be used; the state is as it was.
        """
        saved = dumps.from_bytes(data)
        self.own_id = saved.own_id
        self._unavailable = set(saved.unavailable)
        self._guilds = saved.guilds
        self._bytes = sum(guild.nbytes() for guild in saved.guilds.values())
        self._decoded.clear()

    # Inside

    def _ready(self, ready: Ready) -> None:
        """A new session names the guilds of its shard; what it does not name was left while nobody listened."""
        self.own_id = ready.user.id
        number, count = ready.shard or (0, 1)
        named = {guild.id for guild in ready.guilds}
        for guild_id in [known for known in (*self._guilds, *self._unavailable) if known not in named]:
            # https://discord.com/developers/docs/events/gateway#sharding
            if (guild_id >> 22) % count == number:
                self.forget(guild_id)
        # Even if READY does not say so: all that is known of them is from before, until GUILD_CREATE comes.
        self._unavailable |= named

    def _create(self, event: str, payload: Any) -> None:
        ref = read(event, payload, GuildRef)
        if ref.unavailable:
            self._unavailable.add(ref.id)
            return
        self._keep(ref.id, created(read(event, payload, GuildPayload)))
        self._unavailable.discard(ref.id)

    def _update(self, payload: GuildPayload) -> None:
        guild = self._guilds.get(payload.id)
        if guild is not None:
            self._keep(payload.id, updated(guild, payload))

    def _delete(self, ref: GuildRef) -> None:
        if ref.unavailable:
            self._unavailable.add(ref.id)
        else:
            self.forget(ref.id)

    def _change(self, event: str, payload: Any) -> None:
        form, change = CHANGES[event]
        typed = read(event, payload, form)
        guild = self._guilds.get(typed.guild_id)
        if guild is not None:
            self._keep(typed.guild_id, change(guild, typed))

    def _learn(self, event: str, payload: Any) -> None:
        if not self._learn_from_messages:
            return
        message = read(event, payload, MessagePayload)
        guild = self._guilds.get(message.guild_id or 0)
        if guild is not None and message.guild_id is not None:
            self._keep(message.guild_id, message_author(guild, message))

    def _keep(self, guild_id: int, guild: PackedGuild) -> None:
        bound = self._members_kept
        if bound is not None and len(MemberTable(guild.members)) > bound:
            guild = guild.with_members(MemberTable(guild.members).trimmed(bound - bound // 16, self.own_id))
        before = self._guilds.get(guild_id)
        self._bytes += guild.nbytes() - (before.nbytes() if before is not None else 0)
        self._guilds[guild_id] = guild

    def _decode(self, guild_id: int) -> DecodedGuild | None:
        guild = self._guilds.get(guild_id)
        return self._decoded.of(guild_id, guild) if guild is not None else None

    def _rank(self, guild_id: int, user_id: int, role_ids: Collection[int] | None) -> tuple[int, int]:
        """The highest role's rank; @everyone's, which is below every role, for those without."""
        lowest = (-1, 0)
        guild = self._decode(guild_id)
        if guild is None:
            return lowest
        if role_ids is None:
            member = self.member(guild_id, user_id)
            role_ids = member.roles if member is not None else ()
        ranks = (guild.roles[role_id].rank for role_id in role_ids if role_id in guild.roles and role_id != guild_id)
        return max(ranks, default=lowest)
