"""What features may do in Discord: a small interface, its real side over hikari, errors as outcomes."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

import hikari

from skynetbot.discord.building import message_arguments
from skynetbot.discord.posts import Pings, Post

__all__ = ["DiscordEffects", "EffectDelayed", "EffectRefused", "HikariEffects"]

T = TypeVar("T")

_MAX_MESSAGE: Final = 2_000


class EffectRefused(Exception):
    """Discord said no; ``reason`` is a sentence for moderators, with what to change."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EffectDelayed(EffectRefused):
    """Discord cannot do it now: the same call may succeed later, after ``after_s`` seconds if it said so."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class DiscordEffects(Protocol):
    """Every call may raise EffectRefused; a thing that is already gone, or already so, counts as done."""

    async def delete_message(self, channel_id: int, message_id: int, *, reason: str) -> None: ...

    async def send_message(self, channel_id: int, content: str, *, mention_users: Sequence[int] = ()) -> int:
        """Post and return the message's id; pings nobody but ``mention_users``."""
        ...

    async def send_direct_message(self, user_id: int, content: str) -> None: ...

    async def post(self, channel_id: int, post: Post, *, nonce: str | None = None) -> int:
        """Post and return the message's id. Two posts with one nonce within minutes are one message."""
        ...

    async def post_directly(self, user_id: int, post: Post, *, nonce: str | None = None) -> int:
        """The same as a direct message."""
        ...

    async def edit_post(self, channel_id: int, message_id: int, post: Post) -> None:
        """Make a message of ours say this and nothing else."""
        ...

    async def publish(self, channel_id: int, message_id: int) -> None:
        """Crosspost a message of an announcement channel to the servers that follow it."""
        ...

    async def ban(self, guild_id: int, user_id: int, *, reason: str, delete_message_s: int = 0) -> None: ...

    async def unban(self, guild_id: int, user_id: int, *, reason: str) -> None: ...

    async def kick(self, guild_id: int, user_id: int, *, reason: str) -> None: ...

    async def time_out(self, guild_id: int, user_id: int, until: float | None, *, reason: str) -> None:
        """Until seconds since 1970, at most 28 days ahead; None ends it."""
        ...

    async def give_role(self, guild_id: int, user_id: int, role_id: int, *, reason: str) -> None: ...

    async def take_role(self, guild_id: int, user_id: int, role_id: int, *, reason: str) -> None: ...

    async def slow_down(self, channel_id: int, seconds: int, *, reason: str) -> None:
        """Set slow mode, 0 to 21,600 seconds; 0 ends it."""
        ...

    async def set_overwrite(self, channel_id: int, role_id: int, *, allow: int, deny: int, reason: str) -> None:
        """Replace a role's permission overwrite in a channel; nothing allowed and nothing denied removes it."""
        ...


class HikariEffects:
    """The real side, over hikari's REST client with its rate limits and retries."""

    def __init__(self, rest: hikari.api.RESTClient) -> None:
        self._rest = rest

    async def delete_message(self, channel_id: int, message_id: int, *, reason: str) -> None:
        await _done(
            self._rest.delete_message(channel_id, message_id, reason=reason),
            "I may not delete messages there. Give my role 'Manage Messages' in that channel.",
        )

    async def send_message(self, channel_id: int, content: str, *, mention_users: Sequence[int] = ()) -> int:
        return await self.post(channel_id, Post(content=content, pings=Pings(users=mention_users)))

    async def send_direct_message(self, user_id: int, content: str) -> None:
        await self.post_directly(user_id, Post(content=content[:_MAX_MESSAGE]))

    async def post(self, channel_id: int, post: Post, *, nonce: str | None = None) -> int:
        message = await _result(
            self._rest.create_message(channel_id, nonce=nonce or hikari.UNDEFINED, **message_arguments(post)),
            forbidden="I may not write there. Give my role 'View Channel' and 'Send Messages' in that channel.",
            missing="That channel does not exist any more. Choose another one in the settings.",
        )
        return int(message.id)

    async def post_directly(self, user_id: int, post: Post, *, nonce: str | None = None) -> int:
        channel = await _result(
            self._rest.create_dm_channel(user_id),
            forbidden="The member does not take direct messages.",
            missing="That person is not on Discord any more.",
        )
        message = await _result(
            self._rest.create_message(channel.id, nonce=nonce or hikari.UNDEFINED, **message_arguments(post)),
            forbidden="The member does not take direct messages.",
            missing="That person is not on Discord any more.",
        )
        return int(message.id)

    async def edit_post(self, channel_id: int, message_id: int, post: Post) -> None:
        await _result(
            self._rest.edit_message(channel_id, message_id, **message_arguments(post, edit=True)),
            forbidden="I may not see that channel any more. Give my role 'View Channel' there.",
            missing="That message does not exist any more.",
        )

    async def publish(self, channel_id: int, message_id: int) -> None:
        await _result(
            self._rest.crosspost_message(channel_id, message_id),
            forbidden="I may not publish there. Give my role 'Send Messages' in that announcement channel.",
            missing="That message does not exist any more.",
        )

    async def ban(self, guild_id: int, user_id: int, *, reason: str, delete_message_s: int = 0) -> None:
        await _done(
            self._rest.ban_member(guild_id, user_id, delete_message_seconds=delete_message_s, reason=reason),
            "I may not ban that member. Give me 'Ban Members', and a role above theirs.",
        )

    async def unban(self, guild_id: int, user_id: int, *, reason: str) -> None:
        await _done(
            self._rest.unban_member(guild_id, user_id, reason=reason),
            "I may not lift bans. Give my role 'Ban Members'.",
        )

    async def kick(self, guild_id: int, user_id: int, *, reason: str) -> None:
        await _done(
            self._rest.kick_member(guild_id, user_id, reason=reason),
            "I may not kick that member. Give me 'Kick Members', and a role above theirs.",
        )

    async def time_out(self, guild_id: int, user_id: int, until: float | None, *, reason: str) -> None:
        ends = None if until is None else datetime.fromtimestamp(until, UTC)
        await _done(
            self._rest.edit_member(guild_id, user_id, communication_disabled_until=ends, reason=reason),
            "I may not time that member out. Give me 'Moderate Members', and a role above theirs.",
        )

    async def give_role(self, guild_id: int, user_id: int, role_id: int, *, reason: str) -> None:
        await _result(
            self._rest.add_role_to_member(guild_id, user_id, role_id, reason=reason),
            forbidden="I may not give that role. Give me 'Manage Roles', and a role above it.",
            missing="That member or role does not exist any more.",
        )

    async def take_role(self, guild_id: int, user_id: int, role_id: int, *, reason: str) -> None:
        await _done(
            self._rest.remove_role_from_member(guild_id, user_id, role_id, reason=reason),
            "I may not take that role away. Give me 'Manage Roles', and a role above it.",
        )

    async def slow_down(self, channel_id: int, seconds: int, *, reason: str) -> None:
        await _result(
            self._rest.edit_channel(channel_id, rate_limit_per_user=seconds, reason=reason),
            forbidden="I may not change that channel. Give my role 'Manage Channels' there.",
            missing="That channel does not exist any more.",
        )

    async def set_overwrite(self, channel_id: int, role_id: int, *, allow: int, deny: int, reason: str) -> None:
        forbidden = "I may not change permissions there. Give my role 'Manage Roles' in that channel."
        if not allow and not deny:
            await _done(self._rest.delete_permission_overwrite(channel_id, role_id), forbidden)
            return
        await _result(
            self._rest.edit_permission_overwrite(
                channel_id,
                role_id,
                target_type=hikari.PermissionOverwriteType.ROLE,
                allow=hikari.Permissions(allow),
                deny=hikari.Permissions(deny),
                reason=reason,
            ),
            forbidden=forbidden,
            missing="That channel or role does not exist any more.",
        )


async def _done(call: Awaitable[object], forbidden: str) -> None:
    """Await a call whose object may be gone already, which is as good as done."""
    try:
        await _result(call, forbidden=forbidden, missing="")
    except EffectRefused as refused:
        if refused.reason or isinstance(refused, EffectDelayed):
            raise


async def _result(call: Awaitable[T], *, forbidden: str, missing: str) -> T:
    try:
        return await call
    except hikari.ForbiddenError as error:
        raise EffectRefused(forbidden) from error
    except hikari.NotFoundError as error:
        raise EffectRefused(missing) from error
    except hikari.RateLimitTooLongError as error:
        raise EffectDelayed("Discord asks to wait.", error.retry_after) from error
    except hikari.ClientHTTPResponseError as error:
        raise EffectRefused(f"Discord did not take it: {error}") from error
    except (hikari.HTTPError, OSError, TimeoutError) as error:
        raise EffectDelayed(f"Discord does not answer: {str(error) or type(error).__name__}") from error
