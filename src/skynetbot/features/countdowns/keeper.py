"""What happens to countdowns by themselves; it may be interrupted anywhere and run again."""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from skynetbot.discord.effects import EffectDelayed, EffectRefused
from skynetbot.discord.posts import Post
from skynetbot.features.contract import FeatureServices
from skynetbot.features.countdowns.posts import board_post, end_post, notice_post
from skynetbot.features.countdowns.records import (
    FEATURE,
    About,
    Countdown,
    CountdownBody,
    Stale,
    State,
    changed,
    decode,
)
from skynetbot.jobs.kinds import GiveUp, JobRun, RetryLater
from skynetbot.observability.logs import get_logger

__all__ = ["Keeper"]

_log = get_logger(__name__)
_replace = msgspec.structs.replace
_TRIES: Final = 5
_Change: TypeAlias = Callable[[Countdown], tuple[State, CountdownBody]]


class Keeper:
    def __init__(self, services: FeatureServices) -> None:
        self._services = services

    async def find(self, id_: int) -> Countdown | None:
        row = await self._services.documents.get(FEATURE, id_)
        return decode(row) if row is not None else None

    async def show(self, countdown: Countdown) -> None:
        """Post the board of a new countdown.

        Raises:
            EffectRefused: Discord does not take it (`EffectDelayed`: now).
        """
        message_id = await self._services.effects.post(
            countdown.body.channel_id, board_post(countdown), nonce=countdown.nonce("cs")
        )
        await self._change(countdown.id, lambda now: (now.state, _replace(now.body, message_id=message_id)))
        shown = await self.find(countdown.id)
        if shown is not None and shown.state != "open":
            # A short one that ended while its post was on its way.
            await self._close_board(countdown.id)

    async def hide(self, countdown: Countdown) -> None:
        """Delete the board of a cancelled one; what is gone already is fine."""
        if countdown.body.message_id:
            await self._services.effects.delete_message(
                countdown.body.channel_id, countdown.body.message_id, reason=f"Countdown {countdown.id} was cancelled"
            )

    async def on_notice(self, run: JobRun) -> None:
        about = run.payload(About)
        countdown = await self.find(about.id)
        # A notice that comes after the end, when I was away, is no news.
        if countdown is None or countdown.state != "open" or self._services.now() >= countdown.body.at:
            return
        if run.progress is None:
            what = "cd" if about.left.endswith("day") else "ch"
            await self._post(run, countdown, notice_post(countdown, about.left), what)

    async def on_ring(self, run: JobRun) -> None:
        about = run.payload(About)
        countdown = await self.find(about.id)
        if countdown is None or countdown.state == "done":
            return
        if run.progress is None:
            late_s = self._services.now() - countdown.body.at
            await self._post(run, countdown, end_post(countdown, late_s), "cr")
        for attempt in range(1, _TRIES + 1):
            try:
                await run.commit(lambda _: changed(about.id, lambda now: ("done", _replace(now.body, trouble=""))))
                break
            except Stale:
                if attempt == _TRIES:
                    raise
        await self._close_board(about.id)

    async def _post(self, run: JobRun, countdown: Countdown, post: Post, what: str) -> None:
        # Of the countdown and not of the job: whichever job says it, it is said once.
        nonce = countdown.nonce(what)
        try:
            message_id = await self._services.effects.post(countdown.body.channel_id, post, nonce=nonce)
        except EffectDelayed as delayed:
            raise RetryLater(delayed.reason, delayed.after_s) from delayed
        except EffectRefused as refused:
            await self._refused(countdown, post, refused.reason, what)
            raise GiveUp(refused.reason) from refused
        await run.note(str(message_id))

    async def _refused(self, countdown: Countdown, post: Post, reason: str, what: str) -> None:
        """Keep why, for `/countdown list`, and tell whoever set it what the channel did not hear."""

        def failed(now: Countdown) -> tuple[State, CountdownBody]:
            is_over = self._services.now() >= now.body.at
            return ("failed" if is_over else now.state), _replace(now.body, trouble=reason)

        await self._change(countdown.id, failed)
        text = f"I could not say this in <#{countdown.body.channel_id}>. {reason}\n{post.content}"
        try:
            await self._services.effects.post_directly(
                countdown.author_id, Post(content=text), nonce=countdown.nonce(f"{what}t")
            )
        except EffectRefused as refused:
            _log.warning("author not told", countdown=countdown.id, author=countdown.author_id, reason=refused.reason)

    async def _close_board(self, id_: int) -> None:
        """Only its looks, and Discord's timestamp on it says already that the time has come: tried once."""
        countdown = await self.find(id_)
        if countdown is None or not countdown.body.message_id:
            return
        try:
            await self._services.effects.edit_post(
                countdown.body.channel_id, countdown.body.message_id, board_post(countdown)
            )
        except EffectRefused as refused:
            _log.info("countdown's post not updated", countdown=id_, reason=refused.reason)

    async def _change(self, id_: int, change: _Change) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                await self._services.jobs.transaction(FEATURE, "change", lambda _: changed(id_, change))
                return
            except Stale:
                if attempt == _TRIES:
                    raise
