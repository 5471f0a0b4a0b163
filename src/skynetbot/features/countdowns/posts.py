"""What countdowns say. Discord's own timestamps count down in every client, so nothing has to be edited meanwhile."""

from typing import Final

from skynetbot.discord.posts import Pings, Post
from skynetbot.features.countdowns.records import Countdown

__all__ = ["board_post", "end_post", "notice_post"]

_LATE_S: Final = 90


def board_post(countdown: Countdown) -> Post:
    """The post that shows a countdown while it runs, and that it is over."""
    body = countdown.body
    over = countdown.state != "open"
    when = f"<t:{int(body.at)}:R> (<t:{int(body.at)}:F>)"
    return Post(
        title=f"{'⌛' if over else '⏳'} {body.name}",
        description=f"{'It was' if over else 'It comes'} {when}",
        footer=f"Countdown {countdown.id}",
    )


def notice_post(countdown: Countdown, left: str) -> Post:
    body = countdown.body
    return Post(content=f"⏳ **{body.name}**: {left} left (<t:{int(body.at)}:F>)")


def end_post(countdown: Countdown, late_s: float) -> Post:
    """The announcement; one that comes minutes late says when it was meant."""
    body = countdown.body
    text = f"⏰ **{body.name}**: the time has come!"
    if late_s > _LATE_S:
        text = f"⏰ **{body.name}**: the time came <t:{int(body.at)}:R>; I was away then."
    pinged = " ".join(f"<@&{role}>" for role in body.ping_roles)
    return Post(
        content="\n".join(line for line in (text, body.message, pinged) if line), pings=Pings(roles=body.ping_roles)
    )
