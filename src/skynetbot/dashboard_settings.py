"""The dashboard's port to servers' settings, over the settings service; its outcomes become the port's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from skynetbot.guildconfig import outcomes
from skynetbot.guildconfig.differences import FieldChange
from skynetbot.guildconfig.levels import access_of, level_of, refusal
from skynetbot.guildconfig.outcomes import Author, Changes, Revision
from skynetbot.guildconfig.schema import FieldSpec, Schema, SettingsRejected
from skynetbot.guildconfig.service import SettingsService
from skynetbot.guildconfig.snapshot import GuildSettings
from skynetbot.guildconfig.transfer import ImportRejected
from skynetbot.web import settings_port as port

__all__ = ["GuildSettingsPort"]


class GuildSettingsPort:
    """settings_port.SettingsPort."""

    def __init__(self, settings: SettingsService) -> None:
        self._settings = settings

    async def level(self, guild_id: int, standing: port.Standing) -> int:
        return level_of(
            access_of(await self._settings.snapshot(guild_id)),
            is_owner=standing.is_owner,
            permissions=standing.permissions,
            role_ids=standing.role_ids,
        )

    async def sections(self, guild_id: int, level: int) -> Sequence[port.SectionView]:
        snapshot = await self._settings.snapshot(guild_id)
        return [_section(schema, snapshot, level) for schema in self._settings.schemas.values()]

    async def section(self, guild_id: int, feature: str, level: int) -> port.SectionView:
        with _outcomes():
            schema = self._settings.schema(feature)
        return _section(schema, await self._settings.snapshot(guild_id), level)

    async def update(
        self,
        guild_id: int,
        feature: str,
        changes: Mapping[str, Any],
        *,
        actor: port.Actor,
        expected_version: int | None,
    ) -> port.SectionView:
        try:
            with _outcomes():
                await self._settings.update(
                    guild_id, feature, changes, author=_author(actor), expected_version=expected_version
                )
        except outcomes.SettingsConflict as conflict:
            current = await self.section(guild_id, feature, actor.level)
            raise port.SettingsConflict(current, conflict.fields, conflict.merged) from conflict
        return await self.section(guild_id, feature, actor.level)

    async def reset(self, guild_id: int, feature: str, *, actor: port.Actor) -> bool:
        with _outcomes():
            return bool(await self._settings.reset(guild_id, feature, author=_author(actor)))

    async def history(
        self, guild_id: int, *, feature: str | None, before: int | None, limit: int
    ) -> Sequence[port.ChangeRecord]:
        revisions = await self._settings.history(guild_id, feature=feature, before=before, limit=limit)
        return [self._record(revision) for revision in revisions]

    async def undo(self, guild_id: int, number: int, *, actor: port.Actor) -> Sequence[port.SectionDiff]:
        try:
            with _outcomes():
                return self._diffs(await self._settings.undo(guild_id, number, author=_author(actor)))
        except outcomes.SettingsConflict as conflict:
            fields = tuple(FieldChange(name, *pair) for name, pair in conflict.fields.items())
            raise port.UndoConflict(self._diff(conflict.feature, fields)) from conflict

    async def plan_restore(self, guild_id: int, number: int, *, actor: port.Actor) -> port.Plan:
        # Read before the look: if somebody saves in between, the plan is refused later rather than wrong.
        revision = (await self._settings.snapshot(guild_id)).revision
        with _outcomes():
            changes = await self._settings.restore(guild_id, number, author=_author(actor), dry_run=True)
        return port.Plan(revision, self._diffs(changes))

    async def restore(
        self, guild_id: int, number: int, *, actor: port.Actor, expected_revision: int | None
    ) -> Sequence[port.SectionDiff]:
        with _outcomes():
            changes = await self._settings.restore(
                guild_id, number, author=_author(actor), expected_revision=expected_revision
            )
        return self._diffs(changes)

    async def export(self, guild_id: int) -> bytes:
        return msgspec.json.format(msgspec.json.encode(await self._settings.export(guild_id)), indent=2)

    async def plan_import(self, guild_id: int, document: bytes, *, actor: port.Actor) -> port.Plan:
        revision = (await self._settings.snapshot(guild_id)).revision
        with _outcomes():
            changes = await self._settings.import_document(guild_id, document, author=_author(actor), dry_run=True)
        return port.Plan(revision, self._diffs(changes))

    async def import_document(
        self, guild_id: int, document: bytes, *, actor: port.Actor, expected_revision: int | None
    ) -> Sequence[port.SectionDiff]:
        with _outcomes():
            changes = await self._settings.import_document(
                guild_id, document, author=_author(actor), expected_revision=expected_revision
            )
        return self._diffs(changes)

    def _record(self, revision: Revision) -> port.ChangeRecord:
        return port.ChangeRecord(
            number=revision.number,
            section=self._diff(revision.feature, revision.changes),
            version=revision.version,
            author_id=revision.author.id,
            author_name=revision.author.name,
            source=revision.author.source,
            at=revision.at,
        )

    def _diffs(self, changes: Changes) -> tuple[port.SectionDiff, ...]:
        return tuple(self._diff(feature, fields) for feature, fields in changes.items())

    def _diff(self, feature: str, changes: Sequence[FieldChange]) -> port.SectionDiff:
        schema = self._settings.schemas[feature]
        fields = tuple(
            port.FieldDiff(_field(spec, change.after), change.before, change.after)
            for change in changes
            if (spec := schema.field(change.field)) is not None
        )
        return port.SectionDiff(feature, schema.title, fields)


@contextmanager
def _outcomes() -> Iterator[None]:
    """The service's refusals as the port's; conflicts need more than their own words and are left alone."""
    try:
        yield
    except outcomes.UnknownFeature as error:
        raise port.UnknownFeature(str(error)) from error
    except outcomes.UnknownRevision as error:
        raise port.UnknownChange(str(error)) from error
    except outcomes.NotAllowed as error:
        raise port.NotAllowed(str(error)) from error
    except outcomes.SettingsMoved as error:
        raise port.SettingsMoved(str(error)) from error
    except SettingsRejected as rejected:
        raise port.SettingsRejected(rejected.errors) from rejected
    except ImportRejected as rejected:
        raise port.ImportRejected(rejected.problems) from rejected


def _author(actor: port.Actor) -> Author:
    return Author(actor.id, actor.name, actor.source, actor.level)


def _section(schema: Schema[Any], snapshot: GuildSettings, level: int) -> port.SectionView:
    value = snapshot.get(schema.struct)
    return port.SectionView(
        feature=schema.feature,
        title=schema.title,
        help=schema.help,
        version=snapshot.version(schema.feature),
        fields=tuple(_field(spec, getattr(value, spec.name)) for spec in schema.fields),
        refusal=refusal(access_of(snapshot), schema, level),
    )


def _field(spec: FieldSpec, value: Any) -> port.FieldView:
    return port.FieldView(
        name=spec.name,
        label=spec.label,
        help=spec.help,
        kind=spec.kind,
        value=value,
        default=spec.default,
        minimum=spec.minimum,
        maximum=spec.maximum,
        max_length=spec.max_length,
        choices=spec.choices,
    )
