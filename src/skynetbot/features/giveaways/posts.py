"""What giveaways say: the post with the button, and the announcement of a round."""

from typing import Final

from skynetbot.discord.posts import Button, Pings, Post, action_id
from skynetbot.features.giveaways.records import FEATURE, Giveaway
from skynetbot.features.giveaways.requirements import spoken
from skynetbot.features.giveaways.rules import Draw

__all__ = ["giveaway_post", "leave_button", "mentions", "result_post", "shown_prize"]

_GRAY: Final = 0x80848E
_GREEN: Final = 0x3BA55C
_MOST_NAMED: Final = 40
"""Mentions in an embed's field, which holds 1,024 characters."""


def shown_prize(text: str) -> str:
    """On one line, and without a link that hides where it leads."""
    return " ".join(text.split()).replace("](", "]\u200b(")


def giveaway_post(giveaway: Giveaway, entries: int) -> Post:
    """The post as it should be now, by the giveaway's state."""
    body = giveaway.body
    is_open = giveaway.state in ("open", "closing")
    ends = f"<t:{int(body.ends_at)}:R>"
    lines = [
        f"Ends {ends} (<t:{int(body.ends_at)}:f>)" if is_open else _outcome(giveaway),
        f"Winners: **{body.winners}** · Host: <@{giveaway.host_id}>",
    ]
    fields = [("Entries", f"{entries:,}", True)]
    if asked := spoken(body.requirements):
        fields.append(("To take part", "\n".join(f"• {line}" for line in asked), False))
    if giveaway.state != "cancelled":
        fields.append(("Fair draw", _promise(giveaway), False))
    button = Button(
        label=f"Join ({entries:,})" if is_open else f"Closed ({entries:,})",
        action=action_id(FEATURE, "join", giveaway.id),
        style="primary" if is_open else "secondary",
        emoji="🎉",
        disabled=not is_open,
    )
    return Post(
        content=" ".join(f"<@&{role}>" for role in body.ping_roles),
        title=f"🎁 {body.prize}"[:256],
        description="\n".join(lines),
        fields=tuple(fields),
        footer=f"Giveaway {giveaway.id}",
        color=None if is_open else _GRAY,
        rows=((button,),),
        pings=Pings(roles=body.ping_roles),
    )


def result_post(giveaway: Giveaway, done: Draw) -> Post:
    """One round's announcement, which notifies its winners and nobody else."""
    body = giveaway.body
    prize = f"**{body.prize}**"
    if not done.winners:
        text = f"😔 The giveaway of {prize} ended without a winner: {_nobody(giveaway, done)}."
    elif done.round:
        text = f"🎲 New draw for {prize}: congratulations {mentions(done.winners)}!"
    else:
        text = f"🎉 Congratulations {mentions(done.winners)}! You won {prize}."
    if done.winners and len(done.winners) < done.wanted:
        text += f"\nThere were too few entrants for {done.wanted:,} winners, so everybody who could win did."
    lines = [f"Drawn among {done.entrants:,} {'entrant' if done.entrants == 1 else 'entrants'}."]
    if body.not_qualified and not done.round:
        lines.append(f"{body.not_qualified:,} did not meet the requirements any more.")
    if giveaway.link:
        lines.append(f"[The giveaway]({giveaway.link})")
    return Post(
        content=text,
        description=" ".join(lines),
        fields=(
            ("Seed", f"`{body.seed}`", False),
            (f"SHA-256 of the list (round {done.round})", f"`{done.list_hash}`", False),
        ),
        footer=f"Check it: /giveaway verify id:{giveaway.id}",
        color=_GREEN,
        pings=Pings(users=done.winners),
    )


def leave_button(giveaway_id: int) -> Button:
    return Button(label="Leave", action=action_id(FEATURE, "leave", giveaway_id), style="danger")


def mentions(people: tuple[int, ...]) -> str:
    return ", ".join(f"<@{person}>" for person in people)


def _outcome(giveaway: Giveaway) -> str:
    if giveaway.state == "cancelled":
        return "This giveaway was cancelled; nobody won."
    ended = f"Ended <t:{int(giveaway.body.ends_at)}:R>"
    winners = giveaway.winners
    if not winners:
        return f"{ended} without a winner"
    more = f" and {len(winners) - _MOST_NAMED} more" if len(winners) > _MOST_NAMED else ""
    return f"{ended} · Won by {mentions(winners[:_MOST_NAMED])}{more}"


def _promise(giveaway: Giveaway) -> str:
    body = giveaway.body
    if body.draws:
        return f"Seed `{body.seed}`\nIts SHA-256, published at the start: `{body.commitment}`"
    return (
        f"The winners follow from a secret number and the list of entrants. The number's SHA-256 is "
        f"`{body.commitment}`; the number itself is published with the draw, so that everybody can check it: "
        f"`/giveaway verify id:{giveaway.id}`."
    )


def _nobody(giveaway: Giveaway, done: Draw) -> str:
    if giveaway.body.not_qualified and not done.round:
        return "nobody who joined still meets the requirements"
    return "nobody took part"
