"""People's time zones: one preference a person, wherever they are."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from skynetbot.storage.documents import DocumentRepository, DocumentRow

__all__ = ["FEATURE", "Preference", "known_zones", "matching_zones", "preference_of"]

FEATURE = "preferences"


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    zone: str = "UTC"
    day_first: bool = False
    """Whether 5/3 is the fifth of March."""
    chosen: bool = False


async def preference_of(documents: DocumentRepository, user_id: int) -> tuple[Preference, DocumentRow | None]:
    """The person's preference (UTC until they choose), and the row that holds it."""
    rows = await documents.list(FEATURE, user_id=user_id, limit=1)
    if not rows:
        return Preference(), None
    return msgspec.json.decode(rows[0].body, type=Preference), rows[0]


@lru_cache(maxsize=1)
def known_zones() -> tuple[str, ...]:
    """Those with a place in their name, and UTC."""
    return ("UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


def matching_zones(typed: str, now: datetime) -> list[tuple[str, str]]:
    """(label with the time there, name) of zones that fit what was typed."""
    wanted = typed.strip().lower().replace(" ", "_")
    found = [zone for zone in known_zones() if wanted in zone.lower()]
    found.sort(key=lambda zone: (not zone.lower().split("/")[-1].startswith(wanted), zone))
    return [(f"{zone.replace('_', ' ')} ({now.astimezone(ZoneInfo(zone)):%H:%M} now)", zone) for zone in found[:25]]
