"""What the bot did and why: one row an action, with the rule, the settings version and the evidence."""

from collections.abc import Sequence

import msgspec

from skynetbot.storage.statements import Row, Work, fetch
from skynetbot.storage.store import Store

__all__ = ["ActionRepository", "ActionRow"]


class ActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the bot did or refused; ``at`` is seconds since 1970."""

    id: int = 0
    at: float
    guild_id: int
    feature: str
    kind: str
    subject: str
    summary: str
    reason: str
    channel_id: int | None = None
    user_id: int | None = None
    message_id: int | None = None
    settings_version: int = 0
    evidence: dict[str, str] = {}


_COLUMNS = (
    "id, at, guild_id, feature, kind, subject, summary, reason, channel_id, user_id, message_id, "
    "settings_version, evidence"
)
_NEWEST = (1 << 63) - 1


class ActionRepository:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, row: ActionRow) -> ActionRow:
        """Commit the row and return it with its number."""

        def work() -> Work[int]:
            rows = yield from fetch(
                "INSERT INTO actions (at, guild_id, feature, kind, subject, summary, reason, channel_id, user_id, "
                "message_id, settings_version, evidence) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id",
                row.at,
                row.guild_id,
                row.feature,
                row.kind,
                row.subject,
                row.summary,
                row.reason,
                row.channel_id,
                row.user_id,
                row.message_id,
                row.settings_version,
                msgspec.json.encode(row.evidence),
            )
            return int(rows[0][0])

        return msgspec.structs.replace(row, id=await self._store.run("actions", "add", work))

    async def recent(self, guild_id: int, limit: int, before: int | None = None) -> Sequence[ActionRow]:
        """The newest actions first; ``before`` pages on from an action's number."""

        def work() -> Work[list[Row]]:
            return (
                yield from fetch(
                    f"SELECT {_COLUMNS} FROM actions "  # noqa: S608 - the columns are a constant
                    "WHERE guild_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                    guild_id,
                    _NEWEST if before is None else before,
                    limit,
                )
            )

        rows = await self._store.read("actions", "recent", work)
        names = ActionRow.__struct_fields__
        return [
            ActionRow(**{**dict(zip(names, row, strict=True)), "evidence": msgspec.json.decode(row[-1])})
            for row in rows
        ]
