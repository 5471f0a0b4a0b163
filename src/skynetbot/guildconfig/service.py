"""The one way to servers' settings, for commands, dashboard and pipeline alike: cached snapshots, versioned saves,
history, undo, export and import."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from skynetbot.bus.contract import GAP_TOPIC, Bus
from skynetbot.cache.snapshots import CachePolicy, Loaded, SnapshotCache
from skynetbot.cache.tiers import SharedTier
from skynetbot.guildconfig.differences import difference, merge, undone
from skynetbot.guildconfig.levels import access_of, refusal
from skynetbot.guildconfig.outcomes import (
    Author,
    Changes,
    NotAllowed,
    Revision,
    SettingsConflict,
    SettingsMoved,
    UnknownFeature,
    UnknownRevision,
)
from skynetbot.guildconfig.records import decoded, merged, revision_of
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.snapshot import GuildSettings, build_snapshot
from skynetbot.guildconfig.transfer import document, read_document
from skynetbot.observability.logs import get_logger
from skynetbot.storage.errors import StorageError
from skynetbot.storage.settings import (
    SavedSettings,
    SettingsRepository,
    SettingsSave,
    VersionConflict,
)

__all__ = [
    "Author",
    "Changes",
    "NotAllowed",
    "Revision",
    "SettingsConflict",
    "SettingsMoved",
    "SettingsService",
    "UnknownFeature",
    "UnknownRevision",
    "settings_topic",
]

settings_topic: Final = "settings.changed"
"""Bus topic; the message is [guild id, revision]."""

_log = get_logger(__name__)
_TRIES: Final = 10
_RECHECK_S: Final = 5.0
_CLOCK_MARGIN_S: Final = 60.0
"""How far the clocks of the processes may be apart, with the time that a save takes."""
_MAX_KNOWN: Final = 100_000
_MAX_REVISION: Final = 1 << 62
_MAX_WARM: Final = 50_000
"""At start at most so many servers are loaded at once; the rest is loaded when it is asked for."""

_Wish = Callable[[GuildSettings], Mapping[str, msgspec.Struct]]
"""From the settings that stand to the features that are wished otherwise; may be asked more than once."""


class SettingsService:
    """Snapshots are at most as old as the cache promises; whoever saved sees it at once."""

    def __init__(
        self,
        repository: SettingsRepository,
        bus: Bus,
        schemas: Mapping[str, Schema[Any]],
        *,
        now: Callable[[], float] = time.time,
        policy: CachePolicy | None = None,
        shared: SharedTier[int, GuildSettings] | None = None,
    ) -> None:
        self._repository = repository
        self._bus = bus
        self._now = now
        self.schemas = schemas
        self.cache: SnapshotCache[int, GuildSettings] = SnapshotCache(
            "settings", self._load, cost=lambda snapshot: snapshot.cost, policy=policy, shared=shared
        )
        self._listeners: list[Callable[[int], None]] = []
        self._known: OrderedDict[int, int] = OrderedDict()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._recheck = asyncio.Event()
        self._checked_at = now()
        bus.listen(settings_topic, self._on_news)
        bus.listen(GAP_TOPIC, lambda _: self._on_gap())

    def schema(self, feature: str) -> Schema[Any]:
        """Raises UnknownFeature with the names that exist."""
        schema = self.schemas.get(feature)
        if schema is None:
            raise UnknownFeature(
                f"There is no feature {feature!r} with settings. There are: {', '.join(self.schemas)}."
            )
        return schema

    async def snapshot(self, guild_id: int) -> GuildSettings:
        """The server's settings now."""
        snapshot = self.cache.peek(guild_id) or await self.cache.get(guild_id)
        assert snapshot is not None  # noqa: S101 - a server that saved nothing has defaults
        return snapshot

    def peek(self, guild_id: int) -> GuildSettings | None:
        """The server's settings if they are at hand; never waits."""
        return self.cache.peek(guild_id)

    async def warm(self, guild_ids: Iterable[int] | None = None) -> int:
        """Load the settings of many servers at once (default: those that the bot was in); how many there were."""
        if guild_ids is None:
            guild_ids = await self._repository.joined_guilds(_MAX_WARM)

        async def load_many(keys: list[int]) -> Mapping[int, Loaded[GuildSettings]]:
            found = await self._repository.many(keys)
            return {guild_id: self._loaded(guild_id, saved) for guild_id, saved in found.items()}

        return await self.cache.warm(guild_ids, load_many)

    def on_changed(self, listener: Callable[[int], None]) -> None:
        """Call ``listener`` with each server whose settings changed, whoever changed them."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Ask every few seconds, and whenever news may have been lost, what changed. Ends only by cancellation.

        So a change is seen here within the interval even when no bus works.
        """
        while True:
            try:
                async with asyncio.timeout(_RECHECK_S):
                    await self._recheck.wait()
            except TimeoutError:
                pass
            self._recheck.clear()
            try:
                await self.recheck()
            except StorageError as error:
                _log.warning("cannot ask which settings changed", error=str(error))

    async def recheck(self) -> None:
        """Ask once what changed since the last time.

        Raises:
            StorageError: the database does not answer; snapshots grow older until it does.
        """
        asked_at, at = self.cache.now(), self._now()
        changed = await self._repository.changed_since(self._checked_at - _CLOCK_MARGIN_S)
        self._checked_at = at
        for guild_id, revision in changed.items():
            self._note(guild_id, revision)
        self.cache.confirm(asked_at)

    # -- saving ----------------------------------------------------------------------------------------------------

    async def update(
        self,
        guild_id: int,
        feature: str,
        changes: Mapping[str, Any],
        *,
        author: Author,
        expected_version: int | None = None,
    ) -> tuple[msgspec.Struct, int]:
        """Check and save the changed fields; the new value and its version.

        Args:
            changes: by field name; text as typed or JSON values.
            expected_version: the version that the form showed. What others changed since is kept, unless it is the
                same fields. None means "whatever stands, change these fields".

        Raises:
            UnknownFeature: no such feature.
            SettingsRejected: some values are bad; nothing was saved.
            SettingsConflict: others changed the same fields since ``expected_version``; nothing was saved.
            NotAllowed: the author's level does not reach; nothing was saved.
        """
        schema = self.schema(feature)
        base = None if expected_version is None else await self._at_version(guild_id, schema, expected_version)
        mine = None if base is None else schema.apply(base, changes)

        def wish(snapshot: GuildSettings) -> Mapping[str, msgspec.Struct]:
            self._require(author, snapshot, (feature,))
            current, version = snapshot.get(schema.struct), snapshot.version(feature)
            if expected_version is None or expected_version == version:
                return {feature: schema.apply(current, changes)}
            if base is not None and mine is not None:
                return {feature: merged(schema, merge(base, mine, current), snapshot)}
            # A form of a version that we cannot find: all that differs from what stands is in conflict.
            differs = difference(current, schema.apply(current, changes))
            if differs:
                raise SettingsConflict(feature, version, {c.field: (c.before, c.after) for c in differs})
            return {}

        _, snapshot = await self._change(guild_id, author, wish)
        return snapshot.get(schema.struct), snapshot.version(feature)

    async def reset(self, guild_id: int, feature: str, *, author: Author) -> Changes:
        """Give a feature its defaults; what that changed. Raises UnknownFeature or NotAllowed."""
        schema = self.schema(feature)
        changes, _ = await self._change(guild_id, author, lambda _: {feature: schema.defaults()})
        return changes

    async def undo(self, guild_id: int, revision: int, *, author: Author) -> Changes:
        """Take one change back and keep all that came after it; what that changed.

        Raises:
            UnknownRevision: there is no such change.
            SettingsConflict: the same fields were changed again since.
            SettingsRejected: the old values are not allowed any more.
            NotAllowed: the author's level does not reach.
        """
        change = await self._repository.change(guild_id, revision) if 0 < revision < _MAX_REVISION else None
        if change is None or change.revision != revision or change.feature not in self.schemas:
            raise UnknownRevision(f"This server has no change number {revision} that can be undone.")
        schema = self.schemas[change.feature]
        before, after = decoded(schema, change.before), decoded(schema, change.after)

        def wish(snapshot: GuildSettings) -> Mapping[str, msgspec.Struct]:
            outcome = undone(before, after, snapshot.get(schema.struct))
            return {schema.feature: merged(schema, outcome, snapshot)}

        changes, _ = await self._change(guild_id, author, wish)
        return changes

    async def restore(
        self,
        guild_id: int,
        revision: int,
        *,
        author: Author,
        dry_run: bool = False,
        expected_revision: int | None = None,
    ) -> Changes:
        """Make all settings as they were right after a change (0: as before the first); what that changes.

        Raises:
            UnknownRevision: there is no such change.
            SettingsMoved: the server's revision is not ``expected_revision`` any more.
            NotAllowed: the author's level does not reach for all that differs.
        """
        snapshot = await self.snapshot(guild_id)
        if not 0 <= revision <= snapshot.revision:
            raise UnknownRevision(f"This server has no change number {revision}; the last one is {snapshot.revision}.")
        bodies = await self._repository.bodies_at(guild_id, revision)
        wanted = {feature: decoded(schema, bodies.get(feature)) for feature, schema in self.schemas.items()}
        changes, _ = await self._change(
            guild_id, author, lambda _: wanted, dry_run=dry_run, expected_revision=expected_revision
        )
        return changes

    async def export(self, guild_id: int) -> dict[str, Any]:
        """All settings as one JSON-able document."""
        snapshot = await self.snapshot(guild_id)
        return document(guild_id, self._now(), self.schemas, snapshot.by_feature(self.schemas))

    async def import_document(
        self,
        guild_id: int,
        text: bytes | str,
        *,
        author: Author,
        dry_run: bool = False,
        expected_revision: int | None = None,
    ) -> Changes:
        """Save what a document asks for, all or nothing; what that changes.

        Raises:
            ImportRejected: naming everything that cannot be taken.
            SettingsMoved: the server's revision is not ``expected_revision`` any more.
            NotAllowed: the author's level does not reach for all that differs.
        """
        changes, _ = await self._change(
            guild_id,
            author,
            lambda snapshot: read_document(text, self.schemas, snapshot.by_feature(self.schemas)),
            dry_run=dry_run,
            expected_revision=expected_revision,
        )
        return changes

    # -- history ---------------------------------------------------------------------------------------------------

    async def history(
        self, guild_id: int, *, feature: str | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[Revision]:
        """The newest change first; changes of features that are gone are left out. ``before`` pages on."""
        found: list[Revision] = []
        while (missing := limit - len(found)) > 0:
            rows = await self._repository.changes(guild_id, feature=feature, before=before, limit=missing)
            found += [revision_of(row, self.schemas[row.feature]) for row in rows if row.feature in self.schemas]
            if len(rows) < missing:
                break
            before = rows[-1].revision
        return found

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _change(
        self,
        guild_id: int,
        author: Author,
        wish: _Wish,
        *,
        dry_run: bool = False,
        expected_revision: int | None = None,
    ) -> tuple[Changes, GuildSettings]:
        """The one way of saving: all that the wish differs in or nothing; what was changed, and what stands then."""
        # In line within the process, so that however many save at once, nobody loses again and again; other processes
        # get out of each other's way by waiting for a random while.
        async with self._locks.setdefault(guild_id, asyncio.Lock()):
            for attempt in range(_TRIES):
                if attempt:
                    await asyncio.sleep(random.uniform(0, 0.002 * 2**attempt))
                snapshot = await self.snapshot(guild_id)
                if expected_revision not in (None, snapshot.revision):
                    raise SettingsMoved
                current = snapshot.by_feature(self.schemas)
                wanted = {feature: value for feature, value in wish(snapshot).items() if value != current[feature]}
                changes = {feature: difference(current[feature], value) for feature, value in wanted.items()}
                self._require(author, snapshot, wanted)
                if dry_run or not wanted:
                    return changes, snapshot
                saved = await self._try_save(guild_id, wanted, snapshot, author)
                if saved is not None:
                    return changes, saved
        raise SettingsMoved

    def _require(self, author: Author, snapshot: GuildSettings, features: Iterable[str]) -> None:
        if author.level is None:
            return
        access = access_of(snapshot)
        refused = [text for name in features if (text := refusal(access, self.schemas[name], author.level))]
        if refused:
            raise NotAllowed("\n".join(refused))

    async def _try_save(
        self, guild_id: int, wanted: Mapping[str, msgspec.Struct], snapshot: GuildSettings, author: Author
    ) -> GuildSettings | None:
        """Save on top of a snapshot; None when it is outdated, and then the next snapshot is read anew."""
        saves = [
            SettingsSave(feature, snapshot.version(feature), self.schemas[feature].encode(value))
            for feature, value in wanted.items()
        ]
        try:
            saved = await self._repository.save(
                guild_id, saves, author_id=author.id, author_name=author.name, at=self._now(), source=author.source
            )
        except VersionConflict:
            self.cache.invalidate(guild_id)
            return None
        fresh = build_snapshot(guild_id, self.schemas, saved)
        self.cache.put(guild_id, fresh, fresh.revision)
        self._note(guild_id, fresh.revision)
        self._bus.publish(settings_topic, [guild_id, fresh.revision])
        return fresh

    async def _at_version(self, guild_id: int, schema: Schema[Any], version: int) -> msgspec.Struct | None:
        snapshot = await self.snapshot(guild_id)
        if snapshot.version(schema.feature) == version:
            current: msgspec.Struct = snapshot.get(schema.struct)
            return current
        body = await self._repository.body_at(guild_id, schema.feature, version) if version else None
        return None if version and body is None else decoded(schema, body)

    async def _load(self, guild_id: int) -> Loaded[GuildSettings]:
        return self._loaded(guild_id, await self._repository.all_of(guild_id))

    def _loaded(self, guild_id: int, saved: SavedSettings) -> Loaded[GuildSettings]:
        return Loaded(build_snapshot(guild_id, self.schemas, saved), saved.revision)

    def _on_news(self, message: Sequence[int]) -> None:
        self._note(*message)

    def _note(self, guild_id: int, revision: int) -> None:
        """The server has at least this revision; who listens hears of each revision once."""
        self.cache.invalidate(guild_id, revision)
        if revision > self._known.get(guild_id, 0):
            self._known[guild_id] = revision
            self._known.move_to_end(guild_id)
            if len(self._known) > _MAX_KNOWN:
                self._known.popitem(last=False)
            for listener in self._listeners:
                listener(guild_id)

    def _on_gap(self) -> None:
        self.cache.revalidate()
        self._recheck.set()
