"""Pure rules: colours, images, who may ping whom, and what "weekly at 18:00" means."""

import re
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from skynetbot.features.announcements.announcement import Ping
from skynetbot.timephrases import Recurrence

__all__ = ["color_of", "image_problem", "ping_problem", "repetition", "seconds_of", "zone_of", "zones_like"]

ADMINISTRATOR: Final = 1 << 3
MENTION_EVERYONE: Final = 1 << 17
# https://discord.com/developers/docs/topics/permissions

_COLORS: Final = {
    "red": 0xED4245,
    "orange": 0xE67E22,
    "yellow": 0xFEE75C,
    "green": 0x57F287,
    "blue": 0x3498DB,
    "purple": 0x9B59B6,
    "pink": 0xEB459E,
    "white": 0xFFFFFF,
    "grey": 0x95A5A6,
    "gray": 0x95A5A6,
    "black": 0x010101,  # Discord shows 0 as no colour at all
}
_HEX: Final = re.compile(r"(?:#|0x)?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_IMAGE: Final = re.compile(r"https://[^\s/?#]+\.[^\s/?#]+(?:[/?#]\S*)?")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def color_of(text: str) -> int | None:
    """None for no text: the usual colour. Raises ValueError with a sentence."""
    text = text.strip().lower()
    if not text:
        return None
    if text in _COLORS:
        return _COLORS[text]
    found = _HEX.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text[:40]}” is no colour. Write it like #6D5DF6, or one of: {', '.join(_COLORS)}.")
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    return int(digits, 16)


def image_problem(text: str) -> str:
    """Empty: Discord can show what is at this address, as far as an address can say."""
    if not text or _IMAGE.fullmatch(text):
        return ""
    return "The image needs an address that begins with https://, such as one copied from a picture in Discord."


def ping_problem(ping: Ping, permissions: int, *, mentionable: bool = False) -> str:
    """May somebody with these permissions ping so? Empty: yes. The same rule as for a message of their own.

    https://support.discord.com/hc/en-us/articles/206029707 and the MENTION_EVERYONE permission: it is needed for
    @everyone, @here, and roles that not everyone may mention.
    """
    if ping == "none" or permissions & (ADMINISTRATOR | MENTION_EVERYONE) or (ping == "role" and mentionable):
        return ""
    if ping == "role":
        return (
            "That role may not be mentioned by everyone, so pinging it needs the permission 'Mention Everyone' in that "
            "channel. Choose another role, or let somebody with that permission do it."
        )
    return (
        f"Pinging @{ping} needs the permission 'Mention Everyone' in that channel, and you do not have it. "
        "Announce without that ping, or let somebody with that permission do it."
    )


@cache
def _zone_names() -> dict[str, str]:
    """By their lower-case form; asked once, as the answer is read from many folders."""
    return {name.lower(): name for name in available_timezones() if "/" in name or name == "UTC"}


def zone_of(text: str) -> ZoneInfo:
    """A time zone by its IANA name, in any case. Raises ValueError with a sentence."""
    wanted = text.strip().replace(" ", "_").lower()
    name = _zone_names().get(wanted)
    if name is not None:
        return ZoneInfo(name)
    raise ValueError(f"I do not know the time zone “{text[:40]}”. Write it like Europe/Berlin or America/New_York.")


def zones_like(text: str, most: int = 25) -> list[str]:
    """Zone names that contain the text, those whose city begins with it first."""
    wanted = text.strip().replace(" ", "_").lower()
    names = [name for low, name in _zone_names().items() if wanted in low]
    return sorted(names, key=lambda name: (not name.lower().rpartition("/")[2].startswith(wanted), name))[:most]


def seconds_of(clock: str) -> int:
    """Seconds after midnight of a time like 18:00. Raises ValueError with a sentence."""
    found = _CLOCK.fullmatch(clock.strip())
    if found is None:
        raise ValueError(f"“{clock[:40]}” is no time of day. Write it like 18:00.")
    return int(found[1]) * 3600 + int(found[2]) * 60


def repetition(every: str, clock: str, day: str, now: datetime, zone: ZoneInfo) -> Recurrence:
    """daily, weekly or monthly at a time of day. Raises ValueError with a sentence.

    ``day`` is weekdays ("monday", "mon, thu") or a day of the month ("15", "last"); without it, it is today's.
    """
    local = now.astimezone(zone)
    times, anchor = (seconds_of(clock),), int(now.timestamp())
    if every == "daily":
        if day.strip():
            raise ValueError("Something daily has no day. Leave it out, or choose weekly or monthly.")
        return Recurrence("day", 1, anchor, times=times)
    if every == "weekly":
        weekdays = _weekdays(day) if day.strip() else (local.weekday(),)
        return Recurrence("week", 1, anchor, times=times, weekdays=weekdays)
    if every == "monthly":
        return Recurrence("month", 1, anchor, times=times, day=_month_day(day) if day.strip() else local.day)
    raise ValueError("Choose daily, weekly or monthly.")


def _weekdays(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for word in re.split(r"[\s,;&]+|\band\b", text.strip().lower()):
        if not word:
            continue
        matching = [index for index, name in enumerate(_WEEKDAYS) if len(word) >= 2 and name.startswith(word)]
        if len(matching) != 1:
            raise ValueError(f"“{word[:40]}” is no day of the week. Write it like monday, or mon, thu.")
        found.add(matching[0])
    return tuple(sorted(found))


def _month_day(text: str) -> int:
    word = text.strip().lower()
    if word == "last":
        return -1
    number = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", word)
    if number is None or not 1 <= int(number[1]) <= 31:
        raise ValueError(f"“{text[:40]}” is no day of the month. Write a number from 1 to 31, or last.")
    return int(number[1])
