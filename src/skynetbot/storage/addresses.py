"""What a database URL may say of itself in messages and logs: where the server is, never its password."""

from typing import Final
from urllib.parse import urlsplit

__all__ = ["UNREADABLE", "server_name"]

UNREADABLE: Final = (
    "SKYNETBOT_DATABASE_URL cannot be read. It looks like postgresql://user:password@host:5432/name; in the password "
    "write %2F for /, %3F for ?, %23 for #, %40 for @ and %25 for %."
)


def server_name(url: str) -> str | None:
    """``host:port/name``; None when the URL cannot be read, so that nobody knows what in it is the password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    # A bare / ? or # in a password ends the part that names the server before its @.
    option = "=" in parts.query.partition("@")[0]
    if "@" not in parts.netloc and "@" in parts.path + parts.fragment + ("" if option else parts.query):
        return None
    place = parts.netloc.rpartition("@")[2] or "localhost"
    has_port = ":" in place.rpartition("]")[2]
    return f"{place if has_port else f'{place}:5432'}{parts.path}"
