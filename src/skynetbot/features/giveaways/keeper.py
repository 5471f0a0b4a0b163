"""What happens to giveaways by themselves: posting, ending, announcing. All of it may be interrupted and run again."""

import asyncio
from collections.abc import Sequence

import msgspec

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Post
from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.book import END, PUBLISH, AboutGiveaway, AboutRound, Book
from skynetbot.features.giveaways.posts import giveaway_post, mentions, result_post
from skynetbot.features.giveaways.records import Entry, Giveaway, decode_entry
from skynetbot.features.giveaways.rules import draw
from skynetbot.jobs.kinds import GiveUp, JobRun, RetryLater
from skynetbot.jobs.service import JobWriter
from skynetbot.observability.logs import get_logger
from skynetbot.storage.statements import Work

__all__ = ["Keeper"]

_log = get_logger(__name__)
_replace = msgspec.structs.replace


class Keeper:
    def __init__(self, services: FeatureServices, book: Book) -> None:
        self._services = services
        self._book = book

    # -- the post --------------------------------------------------------------------------------------------------

    async def publish(self, id_: int) -> Giveaway | None:
        """Post an open giveaway, once; the posted one, or None when there is nothing to post any more.

        Raises:
            EffectRefused: Discord does not take it (`EffectDelayed`: now).
        """
        giveaway = await self._book.find(id_)
        if giveaway is None or giveaway.state == "cancelled" or giveaway.body.message_id:
            return giveaway
        message_id = await self._services.effects.post(
            giveaway.body.channel_id, giveaway_post(giveaway, 0), nonce=giveaway.nonce("gs")
        )

        def drop_job(writer: JobWriter, _: Giveaway) -> Work[None]:
            yield from writer.cancel(PUBLISH, str(id_))

        posted = await self._book.change(
            id_, "posted", lambda now: (now.state, _replace(now.body, message_id=message_id)), drop_job
        )
        if posted is not None and posted.state != "open":
            await self.refresh(id_)
        return posted

    async def refresh(self, id_: int) -> None:
        """Make the post say what is so now.

        Raises:
            EffectRefused: Discord does not take it (`EffectDelayed`: now).
        """
        giveaway = await self._book.find(id_)
        while giveaway is not None and giveaway.body.message_id:
            entries = await self._services.documents.count_entries(id_)
            post = giveaway_post(giveaway, entries)
            await self._services.effects.edit_post(giveaway.body.channel_id, giveaway.body.message_id, post)
            after = await self._book.find(id_)
            if after is None or after.row.version == giveaway.row.version:
                return
            # It changed while the edit was on its way, and the change's own edit may have arrived before ours.
            giveaway = after

    # -- jobs ------------------------------------------------------------------------------------------------------

    async def on_publish(self, run: JobRun) -> None:
        id_ = run.payload(AboutGiveaway).id
        try:
            await self.publish(id_)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            await self._abandon(id_, refused.reason)
            raise GiveUp(refused.reason) from refused

    async def on_end(self, run: JobRun) -> None:
        """Close it first, then draw: who was told that they are in joined before the closing was committed."""
        id_ = run.payload(AboutGiveaway).id
        await self._book.change(id_, "close", lambda now: ("closing", now.body) if now.state == "open" else None)
        giveaway = await self._book.find(id_)
        if giveaway is None or giveaway.state != "closing":
            return
        entries = await self._services.documents.entries(id_)
        people = [row.user_id for row in entries if self.still_qualifies(giveaway, row.user_id, decode_entry(row))]
        body = giveaway.body
        done = await asyncio.to_thread(draw, body.seed, people, 0, body.winners, at=self._services.now())
        await self._book.finish_with_draw(run, giveaway, done, people, len(entries) - len(people))

    async def on_announce(self, run: JobRun) -> None:
        about = run.payload(AboutRound)
        giveaway = await self._book.find(about.id)
        if giveaway is None or about.round >= len(giveaway.body.draws):
            return
        if run.progress is None:
            # Of the round and not of the job: whichever job announces it, the round is announced once.
            nonce = giveaway.nonce("gr", about.round)
            post = result_post(giveaway, giveaway.body.draws[about.round])
            try:
                message_id = await self._services.effects.post(giveaway.body.channel_id, post, nonce=nonce)
            except EffectDelayed as delayed:
                raise RetryLater(delayed.reason, delayed.after_s) from delayed
            except EffectRefused as refused:
                await self._unannounced(giveaway, about.round, refused.reason)
                raise GiveUp(refused.reason) from refused
            await run.note(str(message_id))
        await self._refresh_in_job(about.id)
        await self._book.finish(
            run,
            about.id,
            lambda now: (
                now.state,
                _replace(now.body, announced=max(now.body.announced, about.round + 1), trouble=""),
            ),
        )

    async def on_refresh(self, run: JobRun) -> None:
        await self._refresh_in_job(run.payload(AboutGiveaway).id)

    # -- inside ----------------------------------------------------------------------------------------------------

    def still_qualifies(self, giveaway: Giveaway, user_id: int, entry: Entry) -> bool:
        """At a draw: the role is what can be lost. Messages and ages only grow, and whoever leaves loses the entry."""
        role_id = giveaway.body.requirements.role_id
        if role_id is None:
            return True
        known = self._services.guilds.member_roles(giveaway.guild_id, user_id)
        return entry.has_role if known is None else role_id in known

    async def left_out(self, giveaway: Giveaway, first_list: Sequence[int]) -> list[int]:
        """Who of the list cannot win a reroll: they left the server, or do not have the role any more."""
        entries = {row.user_id: row for row in await self._services.documents.entries(giveaway.id)}
        return [
            person
            for person in first_list
            if person not in entries or not self.still_qualifies(giveaway, person, decode_entry(entries[person]))
        ]

    async def _refresh_in_job(self, id_: int) -> None:
        try:
            await self.refresh(id_)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            # The post was deleted, or its channel: there is nothing to bring up to date.
            _log.info("giveaway post not updated", giveaway=id_, reason=refused.reason)

    async def _abandon(self, id_: int, reason: str) -> None:
        """Nobody can join what cannot be posted."""

        def drop_job(writer: JobWriter, _: Giveaway) -> Work[None]:
            yield from writer.cancel(END, str(id_))

        cancelled = await self._book.change(
            id_,
            "abandon",
            lambda now: ("cancelled", _replace(now.body, trouble=reason)) if now.state == "open" else None,
            drop_job,
        )
        if cancelled is not None:
            text = (
                f"I could not post your giveaway **{cancelled.body.prize}** in <#{cancelled.body.channel_id}>, so it "
                f"is cancelled. {reason}"
            )
            await self._tell_host(cancelled, text, cancelled.nonce("ga"))

    async def _unannounced(self, giveaway: Giveaway, round_: int, reason: str) -> None:
        """Keep why for `/giveaway list`, and give the host what the channel did not get."""
        await self._book.change(giveaway.id, "trouble", lambda now: (now.state, _replace(now.body, trouble=reason)))
        winners = giveaway.body.draws[round_].winners
        text = (
            f"I could not announce the giveaway **{giveaway.body.prize}** in <#{giveaway.body.channel_id}>. {reason}\n"
            f"Winners: {mentions(winners) or 'nobody'}. `/giveaway verify id:{giveaway.id}` shows the draw."
        )
        await self._tell_host(giveaway, text, giveaway.nonce("gt", round_))

    async def _tell_host(self, giveaway: Giveaway, text: str, nonce: str) -> None:
        try:
            await self._services.effects.post_directly(giveaway.host_id, Post(content=text), nonce=nonce)
        except EffectRefused as refused:
            _log.warning("host not told", giveaway=giveaway.id, host=giveaway.host_id, reason=refused.reason)
