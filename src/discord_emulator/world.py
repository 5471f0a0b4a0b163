"""The state of a local Discord. Every change goes through a method here and publishes its gateway events.

No permission is checked here: REST does that, and the control API may do anything.

It is one long class on purpose: every change and the event it publishes stand side by side, so that what is
missing is seen.
"""

import base64
import random
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.dispatch import Dispatch, Hub
from discord_emulator.entities import (
    Application,
    AuditEntry,
    Ban,
    Channel,
    Command,
    Guild,
    Interaction,
    Invite,
    Member,
    Message,
    Overwrite,
    Reaction,
    Role,
    User,
    Webhook,
)
from discord_emulator.snowflakes import SnowflakeFactory

__all__ = ["EPHEMERAL", "World"]

EPHEMERAL: Final = 1 << 6
_EVERYONE: Final = (
    1 << 0 | 1 << 6 | 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 20 | 1 << 21 | 1 << 25
) | (1 << 26 | 1 << 31 | 1 << 35 | 1 << 38)
_MESSAGES_KEPT: Final = 5_000
_USER_MENTION: Final = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION: Final = re.compile(r"<@&(\d+)>")


class _History:
    """The newest messages of one channel, by id and in order."""

    def __init__(self, bound: int) -> None:
        self.by_id: dict[int, Message] = {}
        self._order: deque[int] = deque()
        self._bound = bound

    def add(self, message: Message) -> None:
        self.by_id[message.id] = message
        self._order.append(message.id)
        while len(self._order) > self._bound:
            self.by_id.pop(self._order.popleft(), None)

    def newest_first(self) -> Iterator[Message]:
        for message_id in reversed(self._order):
            message = self.by_id.get(message_id)
            if message is not None:
                yield message


class World:
    """Everything that exists, by id. ``now`` is seconds since 1970; ``seed`` makes generated names repeatable."""

    def __init__(
        self, *, now: Callable[[], float] = time.time, seed: int = 0, messages_kept: int = _MESSAGES_KEPT
    ) -> None:
        self.now = now
        self.random = random.Random(seed)
        self.hub = Hub()
        self.snowflakes = SnowflakeFactory(now)
        self.users: dict[int, User] = {}
        self.tokens: dict[str, int] = {}
        """Bot and user tokens -> user id."""
        self.applications: dict[int, Application] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int, Command] = {}
        self.interactions: dict[str, Interaction] = {}
        """By token."""
        self.webhooks: dict[int, Webhook] = {}
        self.invites: dict[str, Invite] = {}
        self._user_names: dict[str, int] = {}
        self._histories: dict[int, _History] = {}
        self._messages_kept = messages_kept
        self._dms: dict[frozenset[int], int] = {}

    def time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    # Users and applications

    def create_user(self, username: str, *, global_name: str | None = None, bot: bool = False) -> User:
        user_id = self.snowflakes.make()
        token = _token(user_id)
        user = User(
            id=user_id,
            username=username,
            global_name=None if bot else (global_name or username),
            bot=bot,
            token=token,
            email=None if bot else f"{username}@example.com",
        )
        self.users[user_id] = user
        self.tokens[token] = user_id
        self._user_names.setdefault(username, user_id)
        return user

    def user_named(self, username: str) -> User | None:
        """The first user of that name, without a search through all of them."""
        user_id = self._user_names.get(username)
        return self.users[user_id] if user_id is not None else None

    def user(self, user_id: int) -> User:
        """The user, or a placeholder for one who does not exist (as Discord shows deleted users)."""
        return self.users.get(user_id) or User(id=user_id, username="deleted_user")

    def update_user(self, user: User, **changes: Any) -> None:
        if "username" in changes and self._user_names.get(user.username) == user.id:
            del self._user_names[user.username]
            self._user_names.setdefault(changes["username"], user.id)
        _assign(user, changes)
        self._publish("USER_UPDATE", payloads.me_payload(user), user_ids=frozenset({user.id}))

    def create_application(
        self, name: str, owner: User, redirect_uris: list[str] | None = None, *, max_concurrency: int = 1
    ) -> tuple[Application, User]:
        """An application with its bot user; both have the same id, as in Discord today."""
        bot = self.create_user(name, bot=True)
        application = Application(
            id=bot.id,
            name=name,
            owner_id=owner.id,
            bot_user_id=bot.id,
            client_secret=secrets.token_urlsafe(24),
            redirect_uris=list(redirect_uris or ()),
            max_concurrency=max_concurrency,
        )
        self.applications[application.id] = application
        return application, bot

    # Guilds

    def create_guild(self, name: str, owner: User) -> Guild:
        """A server with its owner, @everyone and one text channel."""
        guild_id = self.snowflakes.make()
        guild = Guild(id=guild_id, name=name, owner_id=owner.id)
        guild.roles[guild_id] = Role(id=guild_id, name="@everyone", permissions=_EVERYONE)
        self.guilds[guild_id] = guild
        self.add_member(guild, owner)
        general = self.create_channel(guild, "general")
        guild.system_channel_id = general.id
        return guild

    def guild_create(
        self, guild: Guild, member_ids: list[int], *, for_user: int, large_threshold: int
    ) -> dict[str, Any]:
        """The GUILD_CREATE payload for one receiver."""
        return payloads.guild_create_payload(
            guild, self.users, member_ids, large_threshold=large_threshold, for_user=for_user
        )

    def update_guild(self, guild: Guild, **changes: Any) -> None:
        _assign(guild, changes)
        self._publish("GUILD_UPDATE", payloads.guild_payload(guild), guild_id=guild.id)

    def delete_guild(self, guild: Guild) -> None:
        self._publish("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id)
        for channel_id in (*guild.channels, *guild.threads):
            self.channels.pop(channel_id, None)
            self._histories.pop(channel_id, None)
        del self.guilds[guild.id]

    def set_outage(self, guild: Guild, unavailable: bool) -> None:
        """A guild goes away or comes back, as in a Discord outage."""
        guild.unavailable = unavailable
        if unavailable:
            self._publish("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, guild_id=guild.id)
        else:
            self._publish("GUILD_CREATE", {"id": str(guild.id)}, guild_id=guild.id)

    def add_member(self, guild: Guild, user: User, roles: list[int] | None = None, *, silent: bool = False) -> Member:
        """Join a user; for the user themselves this is GUILD_CREATE. ``silent`` builds worlds without events."""
        member = Member(user_id=user.id, guild_id=guild.id, joined_at=self.time(), roles=list(roles or ()))
        guild.members[user.id] = member
        guild.bans.pop(user.id, None)
        if not silent:
            data = {"guild_id": str(guild.id), **payloads.member_payload(member, user)}
            self._publish("GUILD_CREATE", {"id": str(guild.id)}, guild_id=guild.id, user_ids=frozenset({user.id}))
            self._publish("GUILD_MEMBER_ADD", data, guild_id=guild.id, author_id=user.id)
        return member

    def remove_member(self, guild: Guild, user_id: int) -> None:
        if guild.members.pop(user_id, None) is None:
            return
        user = self.user(user_id)
        gone = {"id": str(guild.id)}
        self._publish("GUILD_DELETE", gone, guild_id=guild.id, user_ids=frozenset({user_id}))
        data = {"guild_id": str(guild.id), "user": payloads.user_payload(user)}
        self._publish("GUILD_MEMBER_REMOVE", data, guild_id=guild.id, author_id=user_id)

    def update_member(self, guild: Guild, member: Member, **changes: Any) -> None:
        _assign(member, changes)
        data = {"guild_id": str(guild.id), **payloads.member_payload(member, self.user(member.user_id))}
        self._publish("GUILD_MEMBER_UPDATE", data, guild_id=guild.id)

    def ban(self, guild: Guild, user_id: int, reason: str | None = None) -> Ban:
        ban = Ban(user_id=user_id, reason=reason)
        guild.bans[user_id] = ban
        data = {"guild_id": str(guild.id), "user": payloads.user_payload(self.user(user_id))}
        self._publish("GUILD_BAN_ADD", data, guild_id=guild.id)
        self.remove_member(guild, user_id)
        return ban

    def unban(self, guild: Guild, user_id: int) -> None:
        del guild.bans[user_id]
        data = {"guild_id": str(guild.id), "user": payloads.user_payload(self.user(user_id))}
        self._publish("GUILD_BAN_REMOVE", data, guild_id=guild.id)

    # Roles

    def create_role(self, guild: Guild, name: str, **fields: Any) -> Role:
        role = Role(id=self.snowflakes.make(), name=name, **{"position": len(guild.roles), **fields})
        guild.roles[role.id] = role
        self._publish_role("GUILD_ROLE_CREATE", guild, role)
        return role

    def update_role(self, guild: Guild, role: Role, **changes: Any) -> None:
        _assign(role, changes)
        self._publish_role("GUILD_ROLE_UPDATE", guild, role)

    def delete_role(self, guild: Guild, role: Role) -> None:
        del guild.roles[role.id]
        for member in guild.members.values():
            if role.id in member.roles:
                member.roles.remove(role.id)
        data = {"guild_id": str(guild.id), "role_id": str(role.id)}
        self._publish("GUILD_ROLE_DELETE", data, guild_id=guild.id)

    # Channels

    def create_channel(self, guild: Guild, name: str, *, type: int = 0, **fields: Any) -> Channel:
        channel = Channel(
            id=self.snowflakes.make(),
            guild_id=guild.id,
            type=type,
            name=name,
            **{"position": len(guild.channels), **fields},
        )
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        self._publish_channel("CHANNEL_CREATE", channel)
        return channel

    def create_thread(
        self, guild: Guild, parent: Channel, name: str, owner_id: int, *, thread_id: int | None = None, **fields: Any
    ) -> Channel:
        now = self.time()
        thread = Channel(
            id=thread_id or self.snowflakes.make(),
            guild_id=guild.id,
            name=name,
            parent_id=parent.id,
            owner_id=owner_id,
            created_at=now,
            thread_members={owner_id: now},
            **{"type": 11, **fields},
        )
        guild.threads[thread.id] = thread
        self.channels[thread.id] = thread
        data = {**payloads.channel_payload(thread, self.user), "newly_created": True}
        self._publish("THREAD_CREATE", data, guild_id=guild.id, channel_id=thread.id)
        return thread

    def update_channel(self, channel: Channel, **changes: Any) -> None:
        _assign(channel, changes)
        name = "THREAD_UPDATE" if channel.type in (10, 11, 12) else "CHANNEL_UPDATE"
        self._publish_channel(name, channel)

    def delete_channel(self, channel: Channel) -> None:
        guild = self.guilds.get(channel.guild_id or 0)
        is_thread = channel.type in (10, 11, 12)
        if guild is not None:
            # A channel's threads go with it, without events of their own.
            gone = [thread.id for thread in guild.threads.values() if thread.parent_id == channel.id]
            for gone_id in (channel.id, *gone):
                guild.channels.pop(gone_id, None)
                guild.threads.pop(gone_id, None)
                self.channels.pop(gone_id, None)
                self._histories.pop(gone_id, None)
        self.channels.pop(channel.id, None)
        self._histories.pop(channel.id, None)
        self._publish_channel("THREAD_DELETE" if is_thread else "CHANNEL_DELETE", channel)

    def set_overwrite(self, channel: Channel, overwrite: Overwrite | None, overwrite_id: int) -> None:
        """Replace the overwrite of one role or member; None removes it."""
        kept = [o for o in channel.overwrites if o.id != overwrite_id]
        self.update_channel(channel, overwrites=[*kept, overwrite] if overwrite is not None else kept)

    def create_dm(self, one: int, other: int) -> Channel:
        """The direct channel of two users; the same one each time."""
        key = frozenset({one, other})
        if key in self._dms:
            return self.channels[self._dms[key]]
        channel = Channel(id=self.snowflakes.make(), type=1, recipients=[one, other])
        self._dms[key] = channel.id
        self.channels[channel.id] = channel
        # Discord tells people's clients of a new direct channel; bots get none of these since v8.
        people = frozenset(user_id for user_id in channel.recipients if not self.user(user_id).bot)
        data = payloads.channel_payload(channel, self.user)
        self._publish("CHANNEL_CREATE", data, channel_id=channel.id, user_ids=people)
        return channel

    # Messages

    def history(self, channel_id: int) -> Iterator[Message]:
        """The channel's kept messages, newest first."""
        history = self._histories.get(channel_id)
        return history.newest_first() if history is not None else iter(())

    def message(self, channel_id: int, message_id: int) -> Message | None:
        history = self._histories.get(channel_id)
        return history.by_id.get(message_id) if history is not None else None

    def create_message(self, channel: Channel, author_id: int, content: str = "", **fields: Any) -> Message:
        """Post. Mentions are resolved from the content unless ``mentions`` is given."""
        users, roles, everyone = self.mentions_in(channel, content)
        message = Message(
            id=self.snowflakes.make(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author_id=author_id,
            created_at=self.time(),
            content=content,
            **{"mentions": users, "mention_roles": roles, "mention_everyone": everyone, **fields},
        )
        channel.last_message_id = message.id
        self._history_of(channel.id).add(message)
        self._publish_message("MESSAGE_CREATE", message)
        return message

    def edit_message(self, message: Message, **changes: Any) -> None:
        _assign(message, changes)
        if "content" in changes and "mentions" not in changes:
            channel = self.channels[message.channel_id]
            message.mentions, message.mention_roles, message.mention_everyone = self.mentions_in(
                channel, message.content
            )
        self._publish_message("MESSAGE_UPDATE", message)

    def delete_message(self, message: Message) -> None:
        self._history_of(message.channel_id).by_id.pop(message.id, None)
        data = {"id": str(message.id), **_place(message)}
        visible_to = self._ephemeral_viewers(message)
        self._publish(
            "MESSAGE_DELETE", data, guild_id=message.guild_id, channel_id=message.channel_id, user_ids=visible_to
        )

    def bulk_delete(self, channel: Channel, message_ids: list[int]) -> None:
        by_id = self._history_of(channel.id).by_id
        gone = [message_id for message_id in message_ids if by_id.pop(message_id, None) is not None]
        data = {"ids": [str(message_id) for message_id in gone], "channel_id": str(channel.id)}
        if channel.guild_id:
            data["guild_id"] = str(channel.guild_id)
        self._publish("MESSAGE_DELETE_BULK", data, guild_id=channel.guild_id, channel_id=channel.id)

    def add_reaction(self, message: Message, user_id: int, emoji_name: str, emoji_id: int | None = None) -> None:
        reaction = self.reaction(message, emoji_name, emoji_id)
        if reaction is None:
            reaction = Reaction(emoji_id=emoji_id, emoji_name=emoji_name)
            message.reactions.append(reaction)
        if user_id in reaction.users:
            return
        reaction.users.append(user_id)
        data = self._reaction_data(message, user_id, reaction)
        data |= {"message_author_id": str(message.author_id), "burst": False, "type": 0}
        guild = self.guilds.get(message.guild_id or 0)
        if guild is not None and user_id in guild.members:
            data["member"] = payloads.member_payload(guild.members[user_id], self.user(user_id))
        self._publish_in_channel("MESSAGE_REACTION_ADD", message, data)

    def remove_reaction(self, message: Message, user_id: int, emoji_name: str, emoji_id: int | None = None) -> None:
        reaction = self.reaction(message, emoji_name, emoji_id)
        if reaction is None or user_id not in reaction.users:
            return
        reaction.users.remove(user_id)
        if not reaction.users:
            message.reactions.remove(reaction)
        data = {**self._reaction_data(message, user_id, reaction), "burst": False, "type": 0}
        self._publish_in_channel("MESSAGE_REACTION_REMOVE", message, data)

    def clear_reactions(self, message: Message, reaction: Reaction | None = None) -> None:
        """Remove every reaction, or all of one emoji."""
        if reaction is None:
            message.reactions.clear()
            self._publish_in_channel("MESSAGE_REACTION_REMOVE_ALL", message, _message_ref(message))
        else:
            message.reactions.remove(reaction)
            data = {**_message_ref(message), "emoji": _emoji(reaction)}
            self._publish_in_channel("MESSAGE_REACTION_REMOVE_EMOJI", message, data)

    def reaction(self, message: Message, emoji_name: str, emoji_id: int | None = None) -> Reaction | None:
        for reaction in message.reactions:
            if (emoji_id is not None and reaction.emoji_id == emoji_id) or (
                emoji_id is None and reaction.emoji_id is None and reaction.emoji_name == emoji_name
            ):
                return reaction
        return None

    def set_pinned(self, channel: Channel, message: Message, pinned: bool) -> None:
        message.pinned = pinned
        channel.pins = [p for p in channel.pins if p != message.id]
        if pinned:
            channel.pins.insert(0, message.id)
        data: dict[str, Any] = {
            "channel_id": str(channel.id),
            "last_pin_timestamp": payloads.timestamp(self.time()) if channel.pins else None,
        }
        if channel.guild_id:
            data["guild_id"] = str(channel.guild_id)
        self._publish("CHANNEL_PINS_UPDATE", data, guild_id=channel.guild_id, channel_id=channel.id)
        self._publish_message("MESSAGE_UPDATE", message)

    def typing(self, channel: Channel, user_id: int) -> None:
        data: dict[str, Any] = {
            "channel_id": str(channel.id),
            "user_id": str(user_id),
            "timestamp": int(self.now()),
        }
        guild = self.guilds.get(channel.guild_id or 0)
        if guild is not None:
            data["guild_id"] = str(guild.id)
            if user_id in guild.members:
                data["member"] = payloads.member_payload(guild.members[user_id], self.user(user_id))
        self._publish("TYPING_START", data, guild_id=channel.guild_id, channel_id=channel.id)

    def message_data(self, message: Message, *, viewer_id: int | None = None, gateway: bool = False) -> dict[str, Any]:
        """The message's payload; ``gateway`` adds guild and member, as MESSAGE_CREATE has them."""
        guild = self.guilds.get(message.guild_id or 0) if gateway else None
        member = guild.members.get(message.author_id) if guild is not None and message.webhook_id is None else None
        referenced = None
        if message.reference is not None and message.reference.get("message_id"):
            original = self.message(message.channel_id, int(message.reference["message_id"]))
            referenced = payloads.message_payload(original, self.user, viewer_id=viewer_id or 0) if original else None
        data = payloads.message_payload(
            message, self.user, viewer_id=viewer_id if not gateway else None, member=member, referenced=referenced
        )
        if not gateway:
            data.pop("guild_id", None)
        return data

    def set_presence(self, user: User, presence: Mapping[str, Any]) -> None:
        """Show the user's status in every server they are in."""
        status = str(presence.get("status") or "online")
        for guild in self.guilds.values():
            if user.id in guild.members:
                data = {
                    "user": {"id": str(user.id)},
                    "guild_id": str(guild.id),
                    "status": "offline" if status == "invisible" else status,
                    "activities": list(presence.get("activities") or ()),
                    "client_status": {} if status in ("invisible", "offline") else {"web": status},
                }
                self._publish("PRESENCE_UPDATE", data, guild_id=guild.id, author_id=user.id)

    def mentions_in(self, channel: Channel, content: str) -> tuple[list[int], list[int], bool]:
        """(users, roles, everyone) that the text mentions and that exist."""
        if "@" not in content:
            return [], [], False
        guild = self.guilds.get(channel.guild_id or 0)
        users = [user for text in _USER_MENTION.findall(content) if (user := int(text)) in self.users]
        roles = [
            role for text in _ROLE_MENTION.findall(content) if guild is not None and (role := int(text)) in guild.roles
        ]
        everyone = guild is not None and ("@everyone" in content or "@here" in content)
        return list(dict.fromkeys(users)), list(dict.fromkeys(roles)), everyone

    # Commands, interactions, webhooks, audit log

    def commands_of(self, application_id: int, guild_id: int | None = None) -> list[Command]:
        """The application's global commands, or those of one guild."""
        return [
            command
            for command in self.commands.values()
            if command.application_id == application_id and command.guild_id == guild_id
        ]

    def put_command(self, application_id: int, guild_id: int | None, body: Mapping[str, Any]) -> tuple[Command, bool]:
        """Create the command, or replace the one of that name and type; True when it is new."""
        body = dict(body)
        name, kind = body.pop("name"), body.get("type", 1)
        for command in self.commands_of(application_id, guild_id):
            if command.name == name and command.body.get("type", 1) == kind:
                command.body = body
                command.version = self.snowflakes.make()
                return command, False
        command = Command(
            id=self.snowflakes.make(),
            application_id=application_id,
            guild_id=guild_id,
            name=name,
            version=self.snowflakes.make(),
            body=body,
        )
        self.commands[command.id] = command
        return command, True

    def create_interaction(
        self,
        *,
        type: int,
        application_id: int,
        user_id: int,
        channel: Channel,
        data: dict[str, Any],
        **fields: Any,
    ) -> Interaction:
        """Register an interaction; `interactions` in the REST room sends it to the bot."""
        interaction = Interaction(
            id=self.snowflakes.make(),
            token=secrets.token_urlsafe(48),
            type=type,
            application_id=application_id,
            user_id=user_id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            created_at=self.time(),
            data=data,
            **fields,
        )
        self.interactions[interaction.token] = interaction
        return interaction

    def create_webhook(self, channel: Channel, name: str, user_id: int | None = None) -> Webhook:
        webhook = Webhook(
            id=self.snowflakes.make(),
            channel_id=channel.id,
            guild_id=channel.guild_id or 0,
            name=name,
            token=secrets.token_urlsafe(48),
            user_id=user_id,
        )
        self.webhooks[webhook.id] = webhook
        self.webhooks_changed(channel)
        return webhook

    def webhooks_changed(self, channel: Channel) -> None:
        data = {"guild_id": str(channel.guild_id), "channel_id": str(channel.id)}
        self._publish("WEBHOOKS_UPDATE", data, guild_id=channel.guild_id, channel_id=channel.id)

    def create_invite(self, channel: Channel, inviter_id: int, **fields: Any) -> Invite:
        invite = Invite(
            code=secrets.token_urlsafe(6),
            guild_id=channel.guild_id or 0,
            channel_id=channel.id,
            inviter_id=inviter_id,
            created_at=self.time(),
            **fields,
        )
        self.invites[invite.code] = invite
        data = {
            "code": invite.code,
            "guild_id": str(invite.guild_id),
            "channel_id": str(channel.id),
            "created_at": payloads.timestamp(invite.created_at),
            "inviter": payloads.user_payload(self.user(inviter_id)),
            "max_age": invite.max_age,
            "max_uses": invite.max_uses,
            "temporary": invite.temporary,
            "uses": 0,
        }
        self._publish("INVITE_CREATE", data, guild_id=channel.guild_id, channel_id=channel.id)
        return invite

    def audit(
        self,
        guild: Guild,
        action_type: int,
        user_id: int,
        target_id: int | None,
        reason: str | None = None,
        changes: list[dict[str, Any]] | None = None,
    ) -> AuditEntry:
        entry = AuditEntry(
            id=self.snowflakes.make(),
            action_type=action_type,
            user_id=user_id,
            target_id=target_id,
            reason=reason,
            changes=changes or [],
        )
        guild.audit_log.append(entry)
        data = {"guild_id": str(guild.id), **payloads.audit_entry_payload(entry)}
        self._publish("GUILD_AUDIT_LOG_ENTRY_CREATE", data, guild_id=guild.id)
        return entry

    # Publishing

    def publish(self, name: str, data: dict[str, Any], **route: Any) -> None:
        """Send an event of any name and form, for tests of what nobody documented."""
        self._publish(name, data, **route)

    def _publish(self, name: str, data: dict[str, Any], **route: Any) -> None:
        self.hub.publish(Dispatch(name=name, data=data, **route))

    def _publish_message(self, name: str, message: Message) -> None:
        data = self.message_data(message, gateway=True)
        self._publish(
            name,
            data,
            guild_id=message.guild_id,
            channel_id=message.channel_id,
            author_id=message.author_id,
            user_ids=self._ephemeral_viewers(message),
        )

    def _publish_in_channel(self, name: str, message: Message, data: dict[str, Any]) -> None:
        self._publish(name, data, guild_id=message.guild_id, channel_id=message.channel_id)

    def _publish_channel(self, name: str, channel: Channel) -> None:
        data = payloads.channel_payload(channel, self.user)
        self._publish(name, data, guild_id=channel.guild_id, channel_id=channel.id)

    def _publish_role(self, name: str, guild: Guild, role: Role) -> None:
        data = {"guild_id": str(guild.id), "role": payloads.role_payload(role)}
        self._publish(name, data, guild_id=guild.id)

    def _ephemeral_viewers(self, message: Message) -> frozenset[int] | None:
        if not message.flags & EPHEMERAL or message.interaction is None:
            return None
        return frozenset({int(message.interaction["user"]["id"])})

    def _reaction_data(self, message: Message, user_id: int, reaction: Reaction) -> dict[str, Any]:
        return {**_message_ref(message), "user_id": str(user_id), "emoji": _emoji(reaction)}

    def _history_of(self, channel_id: int) -> _History:
        history = self._histories.get(channel_id)
        if history is None:
            history = self._histories[channel_id] = _History(self._messages_kept)
        return history


def _assign(entity: Any, changes: Mapping[str, Any]) -> None:
    for field, value in changes.items():
        setattr(entity, field, value)


def _token(user_id: int) -> str:
    # hikari reads the bot's id from the first part, so it must be the base64 of a number.
    first = base64.urlsafe_b64encode(str(user_id).encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(5)[:6]}.{secrets.token_urlsafe(28)}"


def _place(message: Message) -> dict[str, Any]:
    place: dict[str, Any] = {"channel_id": str(message.channel_id)}
    if message.guild_id is not None:
        place["guild_id"] = str(message.guild_id)
    return place


def _message_ref(message: Message) -> dict[str, Any]:
    return {"message_id": str(message.id), **_place(message)}


def _emoji(reaction: Reaction) -> dict[str, Any]:
    return {"id": str(reaction.emoji_id) if reaction.emoji_id else None, "name": reaction.emoji_name}
