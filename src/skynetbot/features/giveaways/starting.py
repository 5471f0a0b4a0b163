"""`/giveaway start`: from options to a giveaway that is stored and posted, or to a reason why not."""

import asyncio
from datetime import UTC, datetime
from typing import Final

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.access import require_moderator
from skynetbot.features.giveaways.book import Book
from skynetbot.features.giveaways.keeper import Keeper
from skynetbot.features.giveaways.posts import shown_prize
from skynetbot.features.giveaways.records import GiveawayBody
from skynetbot.features.giveaways.requirements import Requirements
from skynetbot.features.giveaways.rules import commitment, new_seed
from skynetbot.features.giveaways.settings import GiveawaySettings
from skynetbot.features.giveaways.watch import MemberWatch
from skynetbot.features.membership import require_writing
from skynetbot.timephrases import duration

__all__ = ["MOST_DAYS", "MOST_MESSAGES", "MOST_WINNERS", "PRIZE_LENGTH", "Starting", "end_of"]

MOST_WINNERS: Final = 50
MOST_MESSAGES: Final = 1_000_000
MOST_DAYS: Final = 3_650
PRIZE_LENGTH: Final = 200
_SHORTEST_S: Final = 1.0
_POST_WITHIN_S: Final = 2.0
"""Discord waits three seconds for an answer; a post that takes longer is left to its job."""


class Starting:
    def __init__(self, services: FeatureServices, book: Book, keeper: Keeper, watch: MemberWatch) -> None:
        self._services = services
        self._book = book
        self._keeper = keeper
        self._watch = watch
        # A server's commands all come to one process, so this is enough to hold the limit.
        self._counting = asyncio.Lock()

    async def start(self, context: CommandContext) -> Reply:
        await require_moderator(self._services, context)
        guild_id = context.guild_id
        settings = (await self._services.settings.snapshot(guild_id)).get(GiveawaySettings)
        body = self._body(context, settings)
        async with self._counting:
            running = len(await self._book.all(guild_id, "open", settings.most_open + 1))
            if running >= settings.most_open:
                raise UserError(
                    f"{running} giveaways are open here, and {settings.most_open} is the limit. End one with "
                    "`/giveaway end`, or raise 'Open at once' in the settings of Giveaways."
                )
            id_ = await self._book.begin(guild_id, context.interaction.invoker.id, body)
        self._watch.forget(guild_id)
        try:
            async with asyncio.timeout(_POST_WITHIN_S):
                posted = await self._keeper.publish(id_)
        except (EffectDelayed, TimeoutError):
            return Reply(
                content=f"Giveaway {id_} is stored, but Discord is slow: I post it in <#{body.channel_id}> shortly.",
                ephemeral=True,
            )
        except EffectRefused as refused:
            await self._book.forget(id_)
            raise UserError(
                f"I could not post in <#{body.channel_id}>, so nothing was started. {refused.reason}"
            ) from (refused)
        link = posted.link if posted is not None else ""
        text = (
            f"Giveaway {id_} for **{body.prize}** has started in <#{body.channel_id}>, until <t:{int(body.ends_at)}:f>."
        )
        return Reply(content=f"{text}\n{link}", ephemeral=True)

    def _body(self, context: CommandContext, settings: GiveawaySettings) -> GiveawayBody:
        prize = shown_prize(context.text("prize") or "")
        if not 0 < len(prize) <= PRIZE_LENGTH:
            raise UserError(f"Describe the prize with 1 to {PRIZE_LENGTH} characters.")
        named = context.snowflake("channel")
        if named is not None:
            require_writing(context, named)
        channel_id = named or settings.channel or context.interaction.channel_id
        if channel_id is None:
            raise UserError("Name the channel for the giveaway.")
        role_id = context.snowflake("role")
        seed = new_seed()
        return GiveawayBody(
            prize=prize,
            winners=_number(context, "winners", 1, MOST_WINNERS, default=1),
            channel_id=channel_id,
            ends_at=end_of(context.text("duration") or "", self._services.now(), settings.longest_days),
            requirements=Requirements(
                # Everybody has @everyone.
                role_id=role_id if role_id != context.guild_id else None,
                min_messages=_number(context, "min_messages", 0, MOST_MESSAGES),
                joined_days=_number(context, "joined_days", 0, MOST_DAYS),
                account_days=_number(context, "account_days", 0, MOST_DAYS),
            ),
            seed=seed,
            commitment=commitment(seed),
            ping_roles=settings.ping_roles,
        )


def end_of(text: str, now: float, longest_days: int) -> float:
    """When something ends that lasts as long as the text says. Raises UserError for what is no fit length."""
    length = duration(text)
    end = length.after(datetime.fromtimestamp(now, UTC)) if length is not None else None
    if end is None:
        raise UserError(f"“{text[:60]}” is no duration. Say it like `30m`, `1h30m`, `2d` or `90 minutes`.")
    # A moment in microseconds is not exactly the sum that it was made of.
    seconds = round(end.timestamp() - now, 3)
    if seconds < _SHORTEST_S:
        raise UserError("A giveaway lasts at least a second.")
    if seconds > longest_days * 86_400:
        raise UserError(
            f"A giveaway lasts at most {longest_days} days here; the settings of Giveaways can change that."
        )
    return end.timestamp()


def _number(context: CommandContext, name: str, least: int, most: int, *, default: int = 0) -> int:
    value = context.options.get(name)
    number = default if value is None else int(value)
    if not least <= number <= most:
        raise UserError(f"`{name}` is a number from {least:,} to {most:,}.")
    return number
