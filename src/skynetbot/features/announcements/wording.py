"""What people see: the announcement itself, its preview, its line in the list."""

from typing import Final
from zoneinfo import ZoneInfo

from skynetbot.discord.posts import Modal, Pings, Post, TextInput, action_id
from skynetbot.features.announcements.announcement import FEATURE, Announcement, body_of, fingerprint
from skynetbot.features.announcements.rules import color_of, image_problem
from skynetbot.features.announcements.when import shown_instant
from skynetbot.storage.documents import DocumentRow
from skynetbot.timephrases import describe

__all__ = [
    "LATE_ONCE",
    "LATE_REPEAT",
    "about",
    "line_of",
    "name_of",
    "post_of",
    "problem_of",
    "text_form",
    "time_form",
    "timing",
]

LATE_ONCE: Final = "Should I be offline then, I post it as soon as I am back."
LATE_REPEAT: Final = (
    "Should I be offline then, I post it once as soon as I am back, however many times were missed, and go on with the "
    "next time."
)


def post_of(body: Announcement) -> Post:
    """The message. What was typed stands in the embed, where nothing pings; only the line above it does."""
    color = None if problem_of(body) else color_of(body.color)
    mention, pings = "", Pings()
    if body.ping == "role":
        mention, pings = f"<@&{body.role_id}>", Pings(roles=(body.role_id,))
    elif body.ping != "none":
        mention, pings = f"@{body.ping}", Pings(everyone=True)
    return Post(content=mention, title=body.title, description=body.text, color=color, image=body.image, pings=pings)


def problem_of(body: Announcement) -> str:
    """Why it cannot be posted as it was typed; empty when it can."""
    if not body.text.strip():
        return "An announcement needs a text."
    try:
        color_of(body.color)
    except ValueError as error:
        return str(error)
    return image_problem(body.image)


def name_of(body: Announcement, most: int = 60) -> str:
    """One line that tells it from others."""
    text = " ".join((body.title or body.text).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def timing(body: Announcement) -> str:
    """When it is posted, as it was understood."""
    if body.recurrence is None and body.posted_at:
        return f"posted on <t:{int(body.posted_at)}:F>"
    if body.due is None:
        return "at once"
    when = shown_instant(body.due, ZoneInfo(body.zone))
    return when if body.recurrence is None else f"{describe(body.recurrence)} ({body.zone}), next on {when}"


def about(body: Announcement) -> str:
    """Where, when and for whom, in lines above a preview."""
    lines = [f"**Where:** <#{body.channel_id}>", f"**When:** {timing(body)}"]
    if body.ping == "none":
        lines.append("**Pings:** nobody")
    else:
        who = f"<@&{body.role_id}>" if body.ping == "role" else f"@{body.ping}"
        lines.append(
            f"**Pings:** {who} (which I can only with 'Mention Everyone' there, or for a role that all mention)"
        )
    if body.crosspost:
        lines.append("**Published** to the servers that follow the channel")
    if body.problem:
        lines.append(f"⚠️ {body.problem}")
    if body.due is not None and (body.recurrence is not None or not body.posted_at):
        lines.append(f"-# {LATE_ONCE if body.recurrence is None else LATE_REPEAT}")
    if body.recurrence is not None and body.recurrence.day > 28:
        lines.append("-# In a month without that day it is the month's last day.")
    return "\n".join(lines)


def line_of(row: DocumentRow, due: float | None = None) -> str:
    """``due`` is when its job is due, if it waits."""
    body = body_of(row)
    said = [f"`{row.id}` **{_plain(name_of(body, 40))}** in <#{body.channel_id}>"]
    if due is not None:
        said.append(f"<t:{int(due)}:F>")
        if body.recurrence is not None:
            said.append(f"{describe(body.recurrence)} ({body.zone})")
    elif body.posted_at:
        said.append(f"<t:{int(body.posted_at)}:F>")
    if body.problem:
        said.append(f"⚠️ {body.problem[:100]}")
    return " · ".join(said)


def text_form(row: DocumentRow) -> Modal:
    """The form with what is typed so far; its id says what it showed, so that nobody overwrites what they never saw."""
    body = body_of(row)
    return Modal(
        action=action_id(FEATURE, "typed", row.id, fingerprint(body)),
        title="Announcement",
        inputs=(
            TextInput(name="title", label="Title", value=body.title, required=False, most=256),
            TextInput(name="text", label="Text", value=body.text, long=True, most=4_000),
            TextInput(
                name="color",
                label="Colour",
                value=body.color,
                placeholder="#6D5DF6, or a name such as green",
                required=False,
                most=20,
            ),
            TextInput(
                name="image",
                label="Image address",
                value=body.image,
                placeholder="https://…",
                required=False,
                most=1_000,
            ),
        ),
    )


def time_form(row: DocumentRow) -> Modal:
    body = body_of(row)
    return Modal(
        action=action_id(FEATURE, "timed", row.id),
        title="When",
        inputs=(
            TextInput(name="when", label="When", placeholder="in 2h30m · 18:00 · 2027-03-05 18:00", most=100),
            TextInput(name="zone", label="Time zone", value=body.zone, placeholder="Europe/Berlin", most=60),
        ),
    )


def _plain(text: str) -> str:
    """Without what would look like formatting."""
    return "".join(f"\\{c}" if c in "*_`~|\\" else c for c in text)
