"""The button: joining, leaving, and in words what somebody lacks."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from skynetbot.discord.commands import PressContext, Reply, UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.giveaways.book import Book
from skynetbot.features.giveaways.posts import leave_button
from skynetbot.features.giveaways.records import FEATURE, Entry, Giveaway
from skynetbot.features.giveaways.requirements import Standing, account_made_at, missing, timestamp_of
from skynetbot.features.giveaways.settings import GiveawaySettings

__all__ = ["JoinDates", "Joining"]

_ENDED: Final = "This giveaway has ended."


class JoinDates:
    """When pressers joined their server: Discord says it with each press, and our typed interactions leave it out.

    An entry lives from the dispatch to its handler, which runs right after.
    """

    _MOST: Final = 2_000

    def __init__(self) -> None:
        self._by_interaction: OrderedDict[int, float] = OrderedDict()

    def on_interaction(self, payload: Mapping[str, Any]) -> None:
        custom_id = str((payload.get("data") or {}).get("custom_id") or "")
        joined_at = timestamp_of((payload.get("member") or {}).get("joined_at"))
        if joined_at is not None and custom_id.startswith(f"{FEATURE}:join:"):
            self._by_interaction[int(payload["id"])] = joined_at
            if len(self._by_interaction) > self._MOST:
                self._by_interaction.popitem(last=False)

    def take(self, interaction_id: int) -> float | None:
        return self._by_interaction.pop(interaction_id, None)


class Joining:
    def __init__(self, services: FeatureServices, book: Book, dates: JoinDates, changed: Callable[[int], None]) -> None:
        """``changed`` hears of giveaways whose number of entries is another now."""
        self._services = services
        self._book = book
        self._dates = dates
        self._changed = changed

    async def join(self, press: PressContext) -> Reply:
        joined_at = self._dates.take(press.interaction.id)
        giveaway = await self._open(press)
        settings = (await self._services.settings.snapshot(giveaway.guild_id)).get(GiveawaySettings)
        if press.user_id == giveaway.host_id and not settings.host_may_join:
            raise UserError("You started this giveaway, so you cannot win it.")
        rows = ((leave_button(giveaway.id),),)
        if await self._services.documents.entry(giveaway.id, press.user_id) is not None:
            return Reply(content="You are in this giveaway already. Good luck!", rows=rows, ephemeral=True)
        standing = await self._standing(press, giveaway, joined_at)
        if lacks := missing(giveaway.body.requirements, standing, self._services.now()):
            raise UserError("\n".join(["You cannot join this giveaway yet:", *(f"• {lack}" for lack in lacks)]))
        entry = Entry(has_role=standing.has_role, messages=standing.messages, joined_at=joined_at)
        was_open, _ = await self._book.enter(giveaway.id, press.user_id, entry)
        if not was_open:
            raise UserError("This giveaway ended while you pressed.")
        self._changed(giveaway.id)
        return Reply(content=f"You are in for **{giveaway.body.prize}**. Good luck! 🍀", rows=rows, ephemeral=True)

    async def leave(self, press: PressContext) -> Reply:
        giveaway = await self._open(press)
        if not await self._services.documents.delete_entry(giveaway.id, press.user_id):
            return Reply(content="You are not in this giveaway.", update=True)
        self._changed(giveaway.id)
        return Reply(content="You left the giveaway. Press Join to take part again.", update=True)

    async def _open(self, press: PressContext) -> Giveaway:
        giveaway = await self._book.find(press.number(0))
        if giveaway is None or giveaway.guild_id != press.guild_id:
            raise UserError("This giveaway does not exist any more.")
        if giveaway.state == "cancelled":
            raise UserError("This giveaway was cancelled.")
        if giveaway.state != "open" or self._services.now() >= giveaway.body.ends_at:
            raise UserError(_ENDED)
        return giveaway

    async def _standing(self, press: PressContext, giveaway: Giveaway, joined_at: float | None) -> Standing:
        asked = giveaway.body.requirements
        member = press.interaction.member
        messages = 0
        if asked.min_messages:
            messages = await self._services.pages.messages_of(giveaway.guild_id, press.user_id)
        return Standing(
            has_role=asked.role_id is None or (member is not None and asked.role_id in member.roles),
            messages=messages,
            joined_at=joined_at,
            made_at=account_made_at(press.user_id),
        )
