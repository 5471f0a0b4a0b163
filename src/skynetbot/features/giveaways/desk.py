"""The commands on giveaways that exist: end, reroll, cancel, list, verify; and what their options offer."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from skynetbot.discord.commands import CommandContext, Reply, UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.access import require_moderator
from skynetbot.features.giveaways.book import END, PUBLISH, Book, announcement, refreshing
from skynetbot.features.giveaways.explain import explanation
from skynetbot.features.giveaways.keeper import Keeper
from skynetbot.features.giveaways.posts import mentions
from skynetbot.features.giveaways.records import Giveaway
from skynetbot.features.giveaways.rules import draw, remaining
from skynetbot.features.giveaways.starting import MOST_WINNERS
from skynetbot.jobs.service import JobWriter
from skynetbot.storage.statements import Work

__all__ = ["Desk"]

_replace = msgspec.structs.replace
_OPEN_SHOWN: Final = 15
_ENDED_SHOWN: Final = 5
_MAX_CHOICES: Final = 25
_OFFERED: Final = {
    "end": ("open",),
    "cancel": ("open",),
    "reroll": ("ended",),
    "verify": ("open", "closing", "ended"),
}


class Desk:
    def __init__(self, services: FeatureServices, book: Book, keeper: Keeper) -> None:
        self._services = services
        self._book = book
        self._keeper = keeper

    async def end(self, context: CommandContext) -> Reply:
        await require_moderator(self._services, context)
        giveaway = await self._named(context)
        now = self._services.now()

        def bring_forward(writer: JobWriter, changed: Giveaway) -> Work[None]:
            yield from writer.move(END, str(changed.id), now)

        changed = await self._book.change(
            giveaway.id,
            "end",
            lambda at: (at.state, _replace(at.body, ends_at=min(now, at.body.ends_at))) if at.state == "open" else None,
            bring_forward,
        )
        if changed is None:
            raise UserError(_not_open(giveaway))
        return _quiet(f"Giveaway {giveaway.id} ends now. I announce the winners in <#{giveaway.body.channel_id}>.")

    async def cancel(self, context: CommandContext) -> Reply:
        await require_moderator(self._services, context)
        giveaway = await self._named(context)
        now = self._services.now()

        def drop_jobs(writer: JobWriter, changed: Giveaway) -> Work[None]:
            yield from writer.cancel(END, str(changed.id))
            yield from writer.cancel(PUBLISH, str(changed.id))
            yield from writer.add(refreshing(changed, now))

        changed = await self._book.change(
            giveaway.id, "cancel", lambda at: ("cancelled", at.body) if at.state == "open" else None, drop_jobs
        )
        if changed is None:
            raise UserError(_not_open(giveaway))
        return _quiet(f"Giveaway {giveaway.id} for **{giveaway.body.prize}** is cancelled; nobody wins.")

    async def reroll(self, context: CommandContext) -> Reply:
        await require_moderator(self._services, context)
        giveaway = await self._named(context)
        body = giveaway.body
        if giveaway.state != "ended":
            raise UserError(f"Giveaway {giveaway.id} has not been drawn, so there is nothing to draw again.")
        wanted = int(context.options.get("winners") or 1)
        if not 1 <= wanted <= MOST_WINNERS:
            raise UserError(f"`winners` is a number from 1 to {MOST_WINNERS}.")
        first_list = await self._book.first_list(giveaway)
        out = await self._keeper.left_out(giveaway, first_list)
        people = remaining(first_list, body.draws, out)
        if not people:
            raise UserError("Nobody is left to draw: everybody who took part won already, left, or lost the role.")
        now = self._services.now()
        done = await asyncio.to_thread(draw, body.seed, people, len(body.draws), wanted, left_out=out, at=now)

        def announce(writer: JobWriter, changed: Giveaway) -> Work[None]:
            yield from writer.add(announcement(changed, done.round, now))

        changed = await self._book.change(
            giveaway.id,
            "reroll",
            lambda at: (
                (at.state, _replace(at.body, draws=(*at.body.draws, done)))
                if at.state == "ended" and len(at.body.draws) == done.round
                else None
            ),
            announce,
        )
        if changed is None:
            raise UserError(
                "Somebody else drew again at the same moment. Look at the result before you draw once more."
            )
        return _quiet(f"Drawn: {mentions(done.winners)}. I announce it in <#{body.channel_id}>.")

    async def list(self, context: CommandContext) -> Reply:
        guild_id = context.guild_id
        running = await self._book.all(guild_id, "open")
        ended = await self._book.all(guild_id, "ended", _ENDED_SHOWN)
        cancelled = [one for one in await self._book.all(guild_id, "cancelled", _ENDED_SHOWN) if one.body.trouble]
        lines = [await self._line(one) for one in running[:_OPEN_SHOWN]]
        if len(running) > _OPEN_SHOWN:
            lines.append(f"… and {len(running) - _OPEN_SHOWN} more")
        fields = [("Ended lately", "\n".join(map(_ended_line, ended)), False)] if ended else []
        if troubled := [one for one in (*ended, *cancelled) if one.body.trouble]:
            told = "\n".join(f"**{one.id}** {_short(one)}: {one.body.trouble}" for one in troubled)
            fields.append(("⚠️ Needs your attention", told, False))
        return Reply(
            title="Giveaways",
            description="\n".join(lines) or "No giveaway is open. Start one with `/giveaway start`.",
            fields=tuple(fields),
            ephemeral=True,
        )

    async def verify(self, context: CommandContext) -> Reply:
        giveaway = await self._named(context)
        first_list = await self._book.first_list(giveaway) if giveaway.body.list_id else []
        return await asyncio.to_thread(explanation, giveaway, first_list)

    async def complete(self, context: CommandContext, option: str, typed: str) -> Sequence[tuple[str, str]]:
        """Giveaways that the subcommand can do something with."""
        path, _ = context.interaction.path()
        states = _OFFERED.get(path[-1] if path else "", ())
        if option != "id" or not states:
            return ()
        wanted = typed.strip().lower()
        return [
            (f"{one.id}: {one.body.prize}"[:100], str(one.id))
            for one in await self._book.all(context.guild_id)
            if one.state in states and (wanted in one.body.prize.lower() or str(one.id).startswith(wanted))
        ][:_MAX_CHOICES]

    async def _named(self, context: CommandContext) -> Giveaway:
        text = (context.text("id") or "").strip().removeprefix("#")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise UserError(f"“{text[:40]}” is no giveaway's number. Choose one of those that are offered.")
        return await self._book.of_guild(context.guild_id, int(text))

    async def _line(self, giveaway: Giveaway) -> str:
        entries = await self._services.documents.count_entries(giveaway.id)
        where = f"[post]({giveaway.link})" if giveaway.link else f"<#{giveaway.body.channel_id}>, not posted yet"
        return (
            f"**{giveaway.id}** {_short(giveaway)} · {entries:,} in · {giveaway.body.winners} to win · ends "
            f"<t:{int(giveaway.body.ends_at)}:R> · {where}"
        )


def _ended_line(giveaway: Giveaway) -> str:
    winners = giveaway.winners
    named = mentions(winners[:3]) + (f" and {len(winners) - 3} more" if len(winners) > 3 else "")
    late = "" if giveaway.body.announced >= len(giveaway.body.draws) else " (not announced yet)"
    return f"**{giveaway.id}** {_short(giveaway)} · {named or 'no winner'}{late}"


def _short(giveaway: Giveaway) -> str:
    prize = giveaway.body.prize
    return prize if len(prize) <= 60 else f"{prize[:59]}…"


def _not_open(giveaway: Giveaway) -> str:
    how = "was cancelled" if giveaway.state == "cancelled" else "has ended already"
    hint = "; `/giveaway reroll` draws again" if giveaway.state == "ended" else ""
    return f"Giveaway {giveaway.id} {how}{hint}."


def _quiet(text: str) -> Reply:
    return Reply(content=text, ephemeral=True)
