"""`/poll create`, `end`, `list`, `results` and `cancel`."""

import asyncio
from collections.abc import Sequence
from typing import Final

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.features.contract import FeatureServices
from skynetbot.features.polls.access import require_creator, require_keeper
from skynetbot.features.polls.book import Book
from skynetbot.features.polls.keeper import Keeper
from skynetbot.features.polls.model import Poll, PollBody
from skynetbot.features.polls.posts import rounds_reply
from skynetbot.features.polls.rules import kind_and_method, options_of, weights_of
from skynetbot.features.polls.settings import PollSettings
from skynetbot.features.polls.shown import number_of_ballots
from skynetbot.features.polls.when import end_of
from skynetbot.features.zones import preference_of

__all__ = ["MOST_SEATS", "Desk"]

MOST_SEATS: Final = 10
_MOST_OPEN: Final = 25
_QUESTION_LENGTH: Final = 250
_POST_WITHIN_S: Final = 2.0
"""Discord waits three seconds for an answer; a post that takes longer is left to its job."""


class Desk:
    def __init__(self, services: FeatureServices, book: Book, keeper: Keeper) -> None:
        self._services = services
        self._book = book
        self._keeper = keeper
        # A server's commands all come to one process, so this is enough to hold the limit.
        self._counting = asyncio.Lock()

    async def create(self, context: CommandContext) -> Reply:
        guild_id = context.guild_id
        settings = (await self._services.settings.snapshot(guild_id)).get(PollSettings)
        await require_creator(self._services, context, settings)
        try:
            body = await self._body(context, settings)
        except ValueError as error:
            raise UserError(str(error)) from error
        async with self._counting:
            if len(await self._book.all(guild_id, "open", _MOST_OPEN)) >= _MOST_OPEN:
                raise UserError(f"{_MOST_OPEN} polls are open here, which is the limit. End one with `/poll end`.")
            id_ = await self._book.begin(guild_id, context.interaction.invoker.id, body)
        try:
            async with asyncio.timeout(_POST_WITHIN_S):
                posted = await self._keeper.publish(id_)
        except (EffectDelayed, TimeoutError):
            return Reply(content=f"Poll {id_} is stored, but Discord is slow: I post it shortly.", ephemeral=True)
        except EffectRefused as refused:
            await self._book.forget(id_)
            raise UserError(f"I could not post the poll here, so nothing was started. {refused.reason}") from refused
        ends = f"ends <t:{int(body.ends_at)}:f>" if body.ends_at is not None else "ends when you say `/poll end`"
        link = f"\n{posted.link}" if posted is not None else ""
        return Reply(content=f"Poll {id_} is open and {ends}.{link}", ephemeral=True)

    async def end(self, context: CommandContext) -> Reply:
        poll = await self._found(context)
        await require_keeper(self._services, context, poll)
        if await self._book.close(poll.id, context.interaction.invoker.id) is None:
            raise UserError(f"Poll {poll.id} has ended already. `/poll results` shows how.")
        return Reply(content=f"Poll {poll.id} takes no votes any more; the result comes right away.", ephemeral=True)

    async def cancel(self, context: CommandContext) -> Reply:
        poll = await self._found(context)
        await require_keeper(self._services, context, poll)
        if await self._book.cancel(poll.id, context.interaction.invoker.id) is None:
            raise UserError(f"Poll {poll.id} has ended already, so it cannot be cancelled.")
        return Reply(content=f"Poll {poll.id} is cancelled, and its votes are deleted.", ephemeral=True)

    async def list(self, context: CommandContext) -> Reply:
        polls = await self._book.all(context.guild_id, "open", _MOST_OPEN)
        if not polls:
            return Reply(content="No poll is open here. Create one with `/poll create`.", ephemeral=True)
        return Reply(title="Open polls", fields=tuple(map(_field, polls)), ephemeral=True)

    async def results(self, context: CommandContext) -> Reply:
        poll = await self._found(context)
        papers, result = await self._keeper.count(poll)
        if poll.state != "closed" and poll.body.hidden:
            return Reply(
                content=f"Poll {poll.id} has {number_of_ballots(len(papers))}. Its results are hidden until the end.",
                ephemeral=True,
            )
        return rounds_reply(poll, papers, result)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        if option != "id":
            return ()
        polls = await self._book.all(context.guild_id, limit=100)
        if context.interaction.path()[0][-1] != "results":
            polls = [poll for poll in polls if poll.state == "open"]
        pairs = [(f"{poll.id}. {poll.body.question}"[:90], str(poll.id)) for poll in polls if poll.state != "cancelled"]
        return [pair for pair in pairs if typed.lower() in pair[0].lower()][:25]

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _body(self, context: CommandContext, settings: PollSettings) -> PollBody:
        """Raises ValueError with a sentence for the person."""
        question = " ".join((context.text("question") or "").split())
        if not 0 < len(question) <= _QUESTION_LENGTH:
            raise ValueError(f"Ask a question of 1 to {_QUESTION_LENGTH} characters.")
        options = options_of(context.text("options") or "")
        seats = int(context.options.get("seats", 1))
        kind, method = kind_and_method(context.text("kind"), context.text("method"), seats, len(options))
        channel_id = context.interaction.channel_id
        if channel_id is None:
            raise ValueError("Create the poll in a channel.")
        weights = None
        if context.text("weights") == "roles":
            weights = {str(role): weight for role, weight in weights_of(settings.role_weights).items()}
            if not weights:
                raise ValueError("No role has a weight here. Managers can set them in the settings of Polls.")
        role_id = context.snowflake("who")
        clock, _ = await preference_of(self._services.documents, context.interaction.invoker.id)
        return PollBody(
            question=question,
            options=options,
            kind=kind,
            method=method,
            channel_id=channel_id,
            seats=seats,
            ends_at=end_of(context.text("duration") or settings.default_duration, self._services.now(), clock),
            anonymous=context.flag("anonymous"),
            hidden=context.text("results") == "hidden",
            weights=weights,
            # Everybody has @everyone, whose id is the server's.
            role_id=role_id if role_id != context.guild_id else None,
            ping_roles=settings.ping_roles,
        )

    async def _found(self, context: CommandContext) -> Poll:
        typed = (context.text("id") or "").strip()
        if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
            raise UserError("Say which poll by its number; it stands below the poll, and in `/poll list`.")
        return await self._book.of_guild(context.guild_id, int(typed))


def _field(poll: Poll) -> tuple[str, str, bool]:
    body = poll.body
    ends = f"ends <t:{int(body.ends_at)}:R>" if body.ends_at is not None else "until it is ended by hand"
    return f"{poll.id}. {body.question}", f"{ends} · by <@{poll.creator_id}> · {poll.link or 'being posted'}", False
