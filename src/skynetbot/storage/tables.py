"""Tables that batched writes may touch: their keys, fields and types.

Narrow rows: what changes with every message is a row of its own, so that the cost of a write never grows with the
server it belongs to.
"""

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = [
    "COMMAND_USES",
    "GUILDS",
    "GUILD_DAYS",
    "MEMBERS",
    "SHARD_SESSIONS",
    "TABLES",
    "USERS",
    "Column",
    "ColumnType",
    "Table",
]

ColumnType: TypeAlias = Literal["int", "real", "text", "list"]
"""``int``: 64 bits, signed. ``real``: a double. ``list``: JSON text, short and capped."""


class Column(msgspec.Struct, frozen=True):
    name: str
    type: ColumnType = "int"


class Table(msgspec.Struct, frozen=True):
    """A table by its key columns and its fields, all of which may be null.

    A set field is a table of its own, ``<table>_<field>``, with one row a member: its cost does not grow either.
    """

    name: str
    key: tuple[Column, ...]
    fields: tuple[Column, ...]
    sets: tuple[Column, ...] = ()
    """Set fields; the type is that of their members."""

    def field(self, name: str) -> Column | None:
        for column in self.fields:
            if column.name == name:
                return column
        return None

    def set_table(self, name: str) -> "Table | None":
        """Where the members of a set field are stored, one row each; None when there is no such set."""
        column = next((column for column in self.sets if column.name == name), None)
        if column is None:
            return None
        return Table(f"{self.name}_{name}", (*self.key, Column("member", column.type)), ())


_GUILD: Final = Column("guild_id")
_USER: Final = Column("user_id")

GUILDS: Final = Table(
    "guilds",
    (_GUILD,),
    (
        Column("name", "text"),
        Column("owner_id"),
        Column("joined_at", "real"),
        Column("left_at", "real"),
    ),
)
MEMBERS: Final = Table(
    "members",
    (_GUILD, _USER),
    (Column("messages"), Column("name", "text"), Column("last_message_at", "real")),
)
USERS: Final = Table(
    "users",
    (_USER,),
    (Column("name", "text"), Column("first_seen_at", "real"), Column("last_seen_at", "real"), Column("commands")),
)
GUILD_DAYS: Final = Table("guild_days", (_GUILD, Column("day")), (Column("messages"), Column("commands")))
COMMAND_USES: Final = Table("command_uses", (_GUILD, Column("day"), Column("command", "text")), (Column("uses"),))

SHARD_SESSIONS: Final = Table(
    "shard_sessions",
    (Column("shard_id"), Column("shard_count")),
    (Column("session_id", "text"), Column("resume_url", "text"), Column("seq"), Column("at", "real")),
)

TABLES: Final = {table.name: table for table in (GUILDS, MEMBERS, USERS, GUILD_DAYS, COMMAND_USES, SHARD_SESSIONS)}
