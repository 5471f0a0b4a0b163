"""The messages of a poll: its post while it is open and after, the ballot that only the voter sees, the answers."""

from collections.abc import Sequence
from typing import Final

import msgspec

from skynetbot.ballots.export import to_csv
from skynetbot.ballots.result import Result
from skynetbot.discord.commands import Reply
from skynetbot.discord.posts import Button, Component, Pings, Post, PostFile, Select, action_id
from skynetbot.features.polls.model import FEATURE, Ballot, Paper, Poll
from skynetbot.features.polls.rules import METHOD_SENTENCES, draft_text
from skynetbot.features.polls.shown import (
    bars,
    choices_in_words,
    number_of_ballots,
    rounds_text,
    ties_text,
    voters,
    winners_text,
)

__all__ = [
    "announcement",
    "ballot_reply",
    "editor",
    "opening_pings",
    "poll_post",
    "rounds_reply",
    "voters_reply",
]

_MOST_BUTTONS: Final = 5
_GREEN: Final = 0x3BA55C
_GREY: Final = 0x747F8D
_SHOWN: Final = 3_800


def poll_post(poll: Poll, papers: Sequence[Paper], result: Result) -> Post:
    body = poll.body
    if poll.state == "cancelled":
        by = f" by <@{body.ended_by}>" if body.ended_by else ""
        return Post(title=f"📊 {body.question}", description=f"This poll was cancelled{by}.", color=_GREY)
    footer = f"Poll {poll.id} · {number_of_ballots(len(papers))} · ties: earlier rounds, then lots of “{poll.seed}”"
    if poll.state == "closed":
        parts = [winners_text(result), ties_text(result, 600), bars(poll, papers, result), _rules(poll)]
        return Post(
            title=f"📊 {body.question}",
            description="\n\n".join(filter(None, parts)),
            footer=footer,
            color=_GREEN,
            rows=(_closed_row(poll),),
        )
    listed = "\n".join(f"• {option}" for option in body.options)
    return Post(
        title=f"📊 {body.question}",
        description=f"{listed if body.hidden else bars(poll, papers, result)}\n\n{_rules(poll)}",
        footer=footer,
        rows=() if poll.state == "closing" else _open_rows(poll),
    )


def opening_pings(poll: Poll, post: Post) -> Post:
    """The first post notifies whom the settings name; its edits do not."""
    roles = poll.body.ping_roles
    if not roles:
        return post
    return msgspec.structs.replace(post, content=" ".join(f"<@&{role}>" for role in roles), pings=Pings(roles=roles))


def announcement(poll: Poll, result: Result) -> Post:
    """Below the poll, which may be far up by now."""
    link = f"\n{poll.link}" if poll.link else ""
    return Post(
        content=f"📊 The poll **{poll.body.question}** has ended. {winners_text(result)}{link}",
        rows=(_closed_row(poll),),
    )


def ballot_reply(poll: Poll, ballot: Ballot | None, text: str, *, update: bool = False) -> Reply:
    """What somebody voted, for them alone, with what they can do about it."""
    buttons: list[Component] = []
    is_open = poll.state == "open"
    if poll.body.kind == "ranked" and is_open:
        label = "Fill in a ballot" if ballot is None else "Change"
        buttons.append(Button(label=label, style="primary", action=action_id(FEATURE, "change", poll.id)))
    if ballot is not None and is_open:
        buttons.append(Button(label="Withdraw", style="danger", action=action_id(FEATURE, "withdraw", poll.id)))
    if ballot is not None:
        text = f"{text}\n{choices_in_words(poll, ballot.choices)}"
        if ballot.weight != 1:
            text += f"\nIt counts {ballot.weight} times, by the roles that you had when you voted."
        if is_open and poll.body.kind != "ranked":
            text += "\nChoose again to change it."
    return Reply(content=text, rows=(tuple(buttons),) if buttons else (), ephemeral=True, update=update)


def editor(poll: Poll, draft: Sequence[int], *, update: bool) -> Reply:
    """A ranking in the making: its state is in the buttons' ids, so a restart loses nothing."""
    text = draft_text(draft)
    left = [place for place in range(len(poll.body.options)) if place not in draft]
    rows: list[tuple[Component, ...]] = []
    if left:
        options = tuple((str(place), poll.body.options[place], "") for place in left)
        menu = Select(
            action=action_id(FEATURE, "add", poll.id, text),
            options=options,
            placeholder=f"Choose number {len(draft) + 1}",
        )
        rows.append((menu,))
    rows.append(
        (
            Button(label="Save", style="success", action=action_id(FEATURE, "save", poll.id, text), disabled=not draft),
            Button(label="Undo", action=action_id(FEATURE, "undo", poll.id, text), disabled=not draft),
            Button(label="Clear", action=action_id(FEATURE, "clear", poll.id), disabled=not draft),
        )
    )
    shown = choices_in_words(poll, draft) or "Nothing chosen yet."
    return Reply(
        content=f"**Your ballot** (not saved yet; only you see it)\n{shown}\n"
        "Put the options in your order, best first. You may leave out those that you like least.",
        rows=tuple(rows),
        ephemeral=True,
        update=update,
    )


def rounds_reply(poll: Poll, papers: Sequence[Paper], result: Result) -> Reply:
    """The table of every round, and the files from which anybody can check the count."""
    table = rounds_text(result)
    harmless = table.replace("```", "'''")
    cut = "\n… the file has the rest." if len(harmless) > _SHOWN else ""
    so_far = "" if poll.state == "closed" else " so far"
    return Reply(
        title=f"📊 {poll.body.question}",
        description=f"{winners_text(result) if not so_far else ''}\n```\n{harmless[:_SHOWN]}\n```{cut}",
        footer=f"Poll {poll.id} · {number_of_ballots(len(papers))}{so_far}",
        files=(
            PostFile(f"poll-{poll.id}.csv", to_csv(result).encode()),
            PostFile(f"poll-{poll.id}.txt", table.encode()),
        ),
        ephemeral=True,
    )


def voters_reply(poll: Poll, papers: Sequence[Paper]) -> Reply:
    lines = voters(poll, papers)
    if not lines:
        return Reply(content="Nobody has voted yet.", ephemeral=True)
    shown: list[str] = []
    for line in lines:
        if sum(map(len, shown)) + len(shown) + len(line) > _SHOWN:
            break
        shown.append(line)
    more = len(lines) - len(shown)
    files = (PostFile(f"poll-{poll.id}-voters.txt", "\n".join(lines).encode()),) if more else ()
    return Reply(
        title="Who voted",
        description="\n".join(shown) + (f"\n… and {more} more in the file." if more else ""),
        files=files,
        ephemeral=True,
    )


def _rules(poll: Poll) -> str:
    body = poll.body
    seats = f" There are {body.seats} winners." if body.seats > 1 else ""
    lines = [f"{METHOD_SENTENCES[body.method]}{seats}"]
    if body.role_id is not None:
        lines.append(f"Only <@&{body.role_id}> may vote.")
    if body.weights:
        weighed = ", ".join(f"<@&{role}> {weight}" for role, weight in list(body.weights.items())[:15])
        lines.append(f"Votes by role, your heaviest one at the time of voting: {weighed}; everybody else 1.")
    secrets = ["Anonymous: nobody is shown who voted what." if body.anonymous else "Everybody can see who voted what."]
    if poll.state == "open":
        if body.hidden:
            secrets.append("Results are hidden until the end.")
        ends = f"Ends <t:{int(body.ends_at)}:F> (<t:{int(body.ends_at)}:R>)." if body.ends_at else "Ended by hand."
        return "\n".join((*lines, " ".join(secrets), ends))
    by = f" by <@{body.ended_by}>" if body.ended_by else ""
    return "\n".join((*lines, f"Ended <t:{int(body.ended_at or 0)}:F>{by}."))


def _open_rows(poll: Poll) -> tuple[tuple[Component, ...], ...]:
    body = poll.body
    rows: list[tuple[Component, ...]] = []
    mine: list[Component] = [Button(label="My vote", action=action_id(FEATURE, "mine", poll.id))]
    if body.kind == "ranked":
        mine.insert(0, Button(label="Vote", style="primary", action=action_id(FEATURE, "fill", poll.id)))
    elif body.kind == "normal" and len(body.options) <= _MOST_BUTTONS:
        rows.append(
            tuple(
                Button(label=option, style="primary", action=action_id(FEATURE, "vote", poll.id, place))
                for place, option in enumerate(body.options)
            )
        )
    else:
        several = body.kind == "approval"
        menu = Select(
            action=action_id(FEATURE, "choose", poll.id),
            options=tuple((str(place), option, "") for place, option in enumerate(body.options)),
            placeholder="Choose all that you accept" if several else "Choose one",
            most=len(body.options) if several else 1,
        )
        rows.append((menu,))
    if not body.anonymous:
        mine.append(Button(label="Who voted", action=action_id(FEATURE, "who", poll.id)))
    return (*rows, tuple(mine))


def _closed_row(poll: Poll) -> tuple[Component, ...]:
    rounds = Button(label="Rounds", action=action_id(FEATURE, "rounds", poll.id))
    if poll.body.anonymous:
        return (rounds,)
    return rounds, Button(label="Who voted", action=action_id(FEATURE, "who", poll.id))
