"""The presses: voting, changing and taking back; a ranking that is put together in private; who voted; the rounds."""

from collections.abc import Callable, Sequence
from typing import Final

from skynetbot.ballots.plurality import heaviest_role
from skynetbot.discord.commands import PressContext, PressHandler, Reply, UserError
from skynetbot.features.contract import FeatureServices
from skynetbot.features.polls.book import Book
from skynetbot.features.polls.keeper import Keeper
from skynetbot.features.polls.model import Ballot, Poll, decode_ballot
from skynetbot.features.polls.posts import ballot_reply, editor, rounds_reply, voters_reply
from skynetbot.features.polls.rules import draft_of

__all__ = ["Voting"]

_ENDED: Final = "This poll has ended, and takes no votes any more."


class Voting:
    def __init__(self, services: FeatureServices, book: Book, keeper: Keeper, changed: Callable[[int], None]) -> None:
        """``changed`` hears of polls whose ballots are others now."""
        self._services = services
        self._book = book
        self._keeper = keeper
        self._changed = changed

    def presses(self) -> dict[str, PressHandler]:
        return {
            "vote": self.vote,
            "choose": self.choose,
            "mine": self.mine,
            "withdraw": self.withdraw,
            "fill": self.fill,
            "change": self.change,
            "add": self.add,
            "undo": self.undo,
            "clear": self.clear,
            "save": self.save,
            "who": self.who,
            "rounds": self.rounds,
        }

    # -- plain and approval ----------------------------------------------------------------------------------------

    async def vote(self, press: PressContext) -> Reply:
        """A button of an option."""
        return await self._cast(press, await self._to_vote(press), [press.number(1)])

    async def choose(self, press: PressContext) -> Reply:
        """The menu of the options."""
        chosen = [int(value) for value in press.values if value.isdigit()]
        return await self._cast(press, await self._to_vote(press), sorted(set(chosen)))

    async def mine(self, press: PressContext) -> Reply:
        poll = await self._poll(press)
        ballot = await self._ballot(poll, press.user_id)
        return ballot_reply(poll, ballot, "You have not voted here." if ballot is None else "**Your vote:**")

    async def withdraw(self, press: PressContext) -> Reply:
        poll = await self._poll(press)
        done = await self._book.vote(poll.id, press.user_id, None)
        if done is None:
            raise UserError(_ENDED)
        self._changed(poll.id)
        return ballot_reply(poll, None, "Your vote is withdrawn." if done else "You have no vote here.", update=True)

    # -- rankings --------------------------------------------------------------------------------------------------

    async def fill(self, press: PressContext) -> Reply:
        """From the poll's post: what is saved already is shown, and can be changed."""
        poll = await self._to_vote(press)
        ballot = await self._ballot(poll, press.user_id)
        if ballot is not None:
            return ballot_reply(poll, ballot, "**Your saved ballot:**")
        return editor(poll, (), update=False)

    async def change(self, press: PressContext) -> Reply:
        poll = await self._to_vote(press)
        ballot = await self._ballot(poll, press.user_id)
        return editor(poll, ballot.choices if ballot is not None else (), update=True)

    async def add(self, press: PressContext) -> Reply:
        poll, draft = await self._draft(press)
        chosen = [int(value) for value in press.values if value.isdigit()]
        fitting = [place for place in chosen if place < len(poll.body.options) and place not in draft]
        return editor(poll, (*draft, *fitting[:1]), update=True)

    async def undo(self, press: PressContext) -> Reply:
        poll, draft = await self._draft(press)
        return editor(poll, draft[:-1], update=True)

    async def clear(self, press: PressContext) -> Reply:
        poll, _ = await self._draft(press)
        return editor(poll, (), update=True)

    async def save(self, press: PressContext) -> Reply:
        poll, draft = await self._draft(press)
        if not draft:
            raise UserError("Choose at least your first choice before you save.")
        return await self._cast(press, poll, draft, update=True)

    # -- looking ---------------------------------------------------------------------------------------------------

    async def who(self, press: PressContext) -> Reply:
        poll = await self._poll(press)
        if poll.body.anonymous:
            raise UserError("This poll is anonymous: nobody is shown who voted what.")
        return voters_reply(poll, await self._book.papers(poll))

    async def rounds(self, press: PressContext) -> Reply:
        poll = await self._poll(press)
        if poll.state != "closed":
            raise UserError("The rounds are shown after the end.")
        return rounds_reply(poll, *await self._keeper.count(poll))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _poll(self, press: PressContext) -> Poll:
        return await self._book.of_guild(press.guild_id, press.number(0))

    async def _to_vote(self, press: PressContext) -> Poll:
        """Raises UserError when the poll is over, or the presser does not have the role for it."""
        poll = await self._poll(press)
        if poll.state != "open":
            raise UserError(_ENDED)
        role_id = poll.body.role_id
        if role_id is not None and role_id not in _roles(press):
            raise UserError(f"Only members with the role <@&{role_id}> may vote here.")
        return poll

    async def _draft(self, press: PressContext) -> tuple[Poll, tuple[int, ...]]:
        poll = await self._to_vote(press)
        text = press.args[1] if len(press.args) > 1 else ""
        return poll, draft_of(text, len(poll.body.options))

    async def _ballot(self, poll: Poll, user_id: int) -> Ballot | None:
        row = await self._services.documents.entry(poll.id, user_id)
        return decode_ballot(row) if row is not None else None

    async def _cast(self, press: PressContext, poll: Poll, choices: Sequence[int], *, update: bool = False) -> Reply:
        most = 1 if poll.body.kind == "normal" else len(poll.body.options)
        if not 0 < len(choices) <= most or max(choices) >= len(poll.body.options):
            raise UserError("That is not a choice of this poll. Choose from its menu.")
        weights = {int(role): weight for role, weight in (poll.body.weights or {}).items()}
        ballot = Ballot(tuple(choices), heaviest_role(_roles(press), weights))
        first = await self._book.vote(poll.id, press.user_id, ballot)
        if first is None:
            raise UserError(_ENDED)
        self._changed(poll.id)
        what = "Your vote" if poll.body.kind != "ranked" else "Your ballot is saved"
        return ballot_reply(poll, ballot, f"**{what}{'' if first else ' (changed)'}:**", update=update)


def _roles(press: PressContext) -> Sequence[int]:
    member = press.interaction.member
    return member.roles if member is not None else ()
