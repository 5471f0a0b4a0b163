"""What features may do in Discord: a small interface, its real side over hikari, errors as outcomes."""

from collections.abc import Sequence
from typing import Final, Protocol

import hikari

__all__ = ["DiscordEffects", "EffectRefused", "HikariEffects"]

_MAX_MESSAGE: Final = 2000


class EffectRefused(Exception):
    """Discord said no; ``reason`` is a sentence for moderators, with what to change."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DiscordEffects(Protocol):
    """Every call may raise EffectRefused; a thing that is already gone counts as done."""

    async def delete_message(self, channel_id: int, message_id: int, *, reason: str) -> None: ...

    async def send_message(self, channel_id: int, content: str, *, mention_users: Sequence[int] = ()) -> int:
        """Post and return the message's id; pings nobody but ``mention_users``."""
        ...

    async def send_direct_message(self, user_id: int, content: str) -> None: ...


class HikariEffects:
    """The real side, over hikari's REST client with its rate limits and retries."""

    def __init__(self, rest: hikari.api.RESTClient) -> None:
        self._rest = rest

    async def delete_message(self, channel_id: int, message_id: int, *, reason: str) -> None:
        try:
            await self._rest.delete_message(channel_id, message_id, reason=reason)
        except hikari.NotFoundError:
            return
        except hikari.ForbiddenError as error:
            raise EffectRefused(
                "I may not delete messages there. Give my role 'Manage Messages' in that channel."
            ) from error
        except hikari.HTTPError as error:
            raise EffectRefused(f"Discord did not delete the message: {error}") from error

    async def send_message(self, channel_id: int, content: str, *, mention_users: Sequence[int] = ()) -> int:
        try:
            message = await self._rest.create_message(
                channel_id,
                content[:_MAX_MESSAGE],
                mentions_everyone=False,
                role_mentions=False,
                user_mentions=list(mention_users) or False,
            )
        except hikari.ForbiddenError as error:
            raise EffectRefused(
                "I may not write there. Give my role 'View Channel' and 'Send Messages' in that channel."
            ) from error
        except hikari.NotFoundError as error:
            raise EffectRefused("That channel does not exist any more. Choose another one in the settings.") from error
        except hikari.HTTPError as error:
            raise EffectRefused(f"Discord did not take the message: {error}") from error
        return int(message.id)

    async def send_direct_message(self, user_id: int, content: str) -> None:
        try:
            channel = await self._rest.create_dm_channel(user_id)
            await self._rest.create_message(channel.id, content[:_MAX_MESSAGE])
        except hikari.ForbiddenError as error:
            raise EffectRefused("The member does not take direct messages.") from error
        except hikari.HTTPError as error:
            raise EffectRefused(f"Discord did not deliver the direct message: {error}") from error
