"""What happens to polls by themselves: posting, ending, announcing. All of it may be interrupted and run again."""

import asyncio

from skynetbot.ballots.result import Result
from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Post
from skynetbot.features.contract import FeatureServices
from skynetbot.features.polls.book import Book
from skynetbot.features.polls.model import Paper, Poll
from skynetbot.features.polls.posts import announcement, opening_pings, poll_post
from skynetbot.features.polls.rules import counted
from skynetbot.jobs.kinds import GiveUp, JobRun, RetryLater
from skynetbot.observability.logs import get_logger
from skynetbot.storage.documents import document_delete

__all__ = ["Keeper"]

_log = get_logger(__name__)


class Keeper:
    def __init__(self, services: FeatureServices, book: Book) -> None:
        self._services = services
        self._book = book

    async def count(self, poll: Poll) -> tuple[tuple[Paper, ...], Result]:
        """The ballots and what they give; in a thread, since thousands of rankings take a while."""
        papers = await self._book.papers(poll)
        body = poll.body
        return papers, await asyncio.to_thread(counted, body.options, body.method, body.seats, papers, poll.seed)

    async def publish(self, id_: int) -> Poll | None:
        """Post an open poll, once; the posted one, or None when there is nothing to post any more.

        Raises:
            EffectRefused: Discord does not take it (`EffectDelayed`: now).
        """
        poll = await self._book.find(id_)
        if poll is None or poll.state == "cancelled" or poll.body.message_id is not None:
            return poll
        post = opening_pings(poll, poll_post(poll, *await self.count(poll)))
        message_id = await self._services.effects.post(poll.body.channel_id, post, nonce=f"pp{id_}")
        posted = await self._book.posted(id_, message_id)
        if posted is None:
            # Cancelled and cleared away while the post was under way.
            await self._services.effects.delete_message(
                poll.body.channel_id, message_id, reason="The poll is cancelled"
            )
        elif posted.state != "open":
            await self.refresh(id_)
        return posted

    async def refresh(self, id_: int) -> None:
        """Make the post say what is so now.

        Raises:
            EffectRefused: Discord does not take it (`EffectDelayed`: now).
        """
        poll = await self._book.find(id_)
        while poll is not None and poll.body.message_id is not None:
            post = poll_post(poll, *await self.count(poll))
            await self._services.effects.edit_post(poll.body.channel_id, poll.body.message_id, post)
            after = await self._book.find(id_)
            if after is None or after.row.version == poll.row.version:
                return
            # It changed while the edit was on its way, and the change's own edit may have arrived before ours.
            poll = after

    # -- jobs ------------------------------------------------------------------------------------------------------

    async def on_publish(self, run: JobRun) -> None:
        id_ = run.payload(int)
        try:
            await self.publish(id_)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            # Nobody can vote in what cannot be posted.
            cancelled = await self._book.cancel(id_, None, refused.reason)
            if cancelled is not None:
                await self._tell_creator(
                    cancelled, f"I could not post your poll **{cancelled.body.question}**. {refused.reason}", f"pa{id_}"
                )
            raise GiveUp(refused.reason) from refused

    async def on_end(self, run: JobRun) -> None:
        """Close it first, then count: who was told that they voted did so before the closing was committed."""
        id_ = run.payload(int)
        await self._book.close(id_, None)
        poll = await self._book.find(id_)
        if poll is None or poll.state != "closing":
            return
        papers, result = await self.count(poll)
        await self._book.finish_count(run, poll, papers, result.winners)

    async def on_announce(self, run: JobRun) -> None:
        id_ = run.payload(int)
        poll = await self._book.find(id_)
        if poll is None:
            return
        try:
            is_shown = await self._shown(poll)
            if poll.state == "closed" and run.progress is None:
                papers, result = await self.count(poll)
                post = announcement(poll, result) if is_shown else poll_post(poll, papers, result)
                # A nonce of our own: the job's changes when it is put off, and this must not come twice even then.
                await run.note(str(await self._services.effects.post(poll.body.channel_id, post, nonce=f"pr{id_}")))
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            text = (
                f"I could not announce the result of the poll **{poll.body.question}** in <#{poll.body.channel_id}>. "
                f"{refused.reason}\nWinners: {', '.join(poll.body.winners) or 'nobody voted'}."
            )
            await self._tell_creator(poll, text, f"pt{id_}")
            raise GiveUp(refused.reason) from refused
        if poll.state == "cancelled":
            await run.commit(lambda _: document_delete(id_))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _shown(self, poll: Poll) -> bool:
        """Bring the poll's post to its last state; whether it is there at all."""
        if poll.body.message_id is None:
            return False
        try:
            await self.refresh(poll.id)
        except EffectDelayed:
            raise
        except EffectRefused as refused:
            _log.info("poll post not updated", poll=poll.id, reason=refused.reason)
            return False
        return True

    async def _tell_creator(self, poll: Poll, text: str, nonce: str) -> None:
        try:
            await self._services.effects.post_directly(poll.creator_id, Post(content=text), nonce=nonce)
        except EffectRefused as refused:
            _log.warning("poll creator not told", poll=poll.id, creator=poll.creator_id, reason=refused.reason)
