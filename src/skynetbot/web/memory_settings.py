"""Settings in memory, for tests and for looking at pages without a bot: the same rules, simply."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from skynetbot.web.settings_port import (
    Actor,
    ChangeRecord,
    FieldDiff,
    FieldView,
    ImportRejected,
    NotAllowed,
    Plan,
    SectionDiff,
    SectionView,
    SettingsConflict,
    SettingsMoved,
    SettingsRejected,
    Standing,
    UndoConflict,
    UnknownChange,
    UnknownFeature,
)

__all__ = ["MemorySettings"]

_Values = dict[str, dict[str, Any]]


class MemorySettings:
    """Sections by feature, the same start for every server; integers and text lengths are checked."""

    def __init__(self, sections: Sequence[SectionView]) -> None:
        self._start = {section.feature: section for section in sections}
        self._states: dict[int, list[_Values]] = {}
        """Of each server all features' values, at each revision."""
        self._log: dict[int, list[ChangeRecord]] = {}
        self.authors: list[tuple[int, str]] = []
        self.role_levels: dict[int, int] = {}
        self.needed: dict[str, int] = {}
        """By feature; what is not named needs level 3."""

    async def level(self, guild_id: int, standing: Standing) -> int:  # noqa: ARG002 - the same in every server
        if standing.is_owner or standing.permissions & 0x8:
            return 4
        levels = [self.role_levels.get(role_id, 0) for role_id in standing.role_ids]
        return max([3 if standing.permissions & 0x20 else 0, *levels])

    async def sections(self, guild_id: int, level: int) -> Sequence[SectionView]:
        return [await self.section(guild_id, feature, level) for feature in self._start]

    async def section(self, guild_id: int, feature: str, level: int = 4) -> SectionView:
        if feature not in self._start:
            raise UnknownFeature(feature)
        values = self._states_of(guild_id)[-1][feature]
        fields = [msgspec.structs.replace(f, value=values[f.name]) for f in self._start[feature].fields]
        refusal = self._refusal(feature, level)
        version = sum(record.section.feature == feature for record in self._log.get(guild_id, ()))
        return msgspec.structs.replace(self._start[feature], fields=tuple(fields), version=version, refusal=refusal)

    async def update(
        self, guild_id: int, feature: str, changes: Mapping[str, Any], *, actor: Actor, expected_version: int | None
    ) -> SectionView:
        current = await self.section(guild_id, feature)
        self._require(actor, [feature])
        wanted = _checked_all(current, changes)
        stands = {view.name: view.value for view in current.fields}
        if expected_version is not None and expected_version != current.version:
            base = self._values_at_version(guild_id, feature, expected_version)
            mine = {n: v for n, v in wanted.items() if v != stands[n] and (base is None or v != base[n])}
            clashes = {n: (stands[n], v) for n, v in mine.items() if base is None or stands[n] != base[n]}
            if clashes:
                merged = {name: value for name, value in mine.items() if name not in clashes}
                raise SettingsConflict(current, clashes, merged)
            wanted = mine
        self._save(guild_id, {feature: {**stands, **wanted}}, actor)
        return await self.section(guild_id, feature, actor.level)

    async def reset(self, guild_id: int, feature: str, *, actor: Actor) -> bool:
        section = await self.section(guild_id, feature)
        self._require(actor, [feature])
        return bool(self._save(guild_id, {feature: {view.name: view.default for view in section.fields}}, actor))

    async def history(
        self, guild_id: int, *, feature: str | None, before: int | None, limit: int
    ) -> Sequence[ChangeRecord]:
        found = [
            record
            for record in reversed(self._log.get(guild_id, []))
            if feature in (None, record.section.feature) and (before is None or record.number < before)
        ]
        return found[:limit]

    async def undo(self, guild_id: int, number: int, *, actor: Actor) -> Sequence[SectionDiff]:
        log = self._log.get(guild_id, [])
        if not 0 < number <= len(log):
            raise UnknownChange(f"This server has no change number {number} that can be undone.")
        section = log[number - 1].section
        self._require(actor, [section.feature])
        stands = self._states_of(guild_id)[-1][section.feature]
        back = {d.field.name: d for d in section.fields if stands[d.field.name] != d.before}
        clashes = [d for name, d in back.items() if stands[name] != d.after]
        if clashes:
            fields = tuple(FieldDiff(d.field, stands[d.field.name], d.before) for d in clashes)
            raise UndoConflict(msgspec.structs.replace(section, fields=fields))
        values = {**stands, **{name: d.before for name, d in back.items()}}
        return self._save(guild_id, {section.feature: values}, actor)

    async def plan_restore(self, guild_id: int, number: int, *, actor: Actor) -> Plan:
        return self._plan(guild_id, self._state_at(guild_id, number), actor)

    async def restore(
        self, guild_id: int, number: int, *, actor: Actor, expected_revision: int | None
    ) -> Sequence[SectionDiff]:
        return self._carry_out(guild_id, self._state_at(guild_id, number), actor, expected_revision)

    async def export(self, guild_id: int) -> bytes:
        return json.dumps(self._states_of(guild_id)[-1], indent=2).encode()

    async def plan_import(self, guild_id: int, document: bytes, *, actor: Actor) -> Plan:
        return self._plan(guild_id, self._read(guild_id, document), actor)

    async def import_document(
        self, guild_id: int, document: bytes, *, actor: Actor, expected_revision: int | None
    ) -> Sequence[SectionDiff]:
        return self._carry_out(guild_id, self._read(guild_id, document), actor, expected_revision)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _states_of(self, guild_id: int) -> list[_Values]:
        start = {name: {view.name: view.value for view in of.fields} for name, of in self._start.items()}
        return self._states.setdefault(guild_id, [start])

    def _state_at(self, guild_id: int, number: int) -> _Values:
        states = self._states_of(guild_id)
        if not 0 <= number < len(states):
            raise UnknownChange(f"This server has no change number {number}; the last one is {len(states) - 1}.")
        return states[number]

    def _values_at_version(self, guild_id: int, feature: str, version: int) -> dict[str, Any] | None:
        numbers = [0, *(r.number for r in self._log.get(guild_id, ()) if r.section.feature == feature)]
        return self._states_of(guild_id)[numbers[version]][feature] if 0 <= version < len(numbers) else None

    def _refusal(self, feature: str, level: int) -> str:
        needed = self.needed.get(feature, 3)
        return "" if level >= needed else f"Changing this needs level {needed}; you have level {level}."

    def _require(self, actor: Actor, features: Sequence[str]) -> None:
        refused = [text for feature in features if (text := self._refusal(feature, actor.level))]
        if refused:
            raise NotAllowed(" ".join(refused))

    def _read(self, guild_id: int, document: bytes) -> _Values:
        try:
            found = json.loads(document)
        except ValueError as error:
            raise ImportRejected([f"This is not JSON: {error}."]) from error
        unknown = [f"There is no feature {name!r} here." for name in found if name not in self._start]
        if unknown:
            raise ImportRejected(unknown)
        stands = self._states_of(guild_id)[-1]
        # JSON has no tuples.
        given = {f: {n: tuple(v) if isinstance(v, list) else v for n, v in of.items()} for f, of in found.items()}
        return {feature: {**stands[feature], **given.get(feature, {})} for feature in stands}

    def _diffs(self, guild_id: int, wanted: _Values) -> tuple[SectionDiff, ...]:
        stands = self._states_of(guild_id)[-1]
        found: list[SectionDiff] = []
        for feature, values in wanted.items():
            fields = tuple(
                FieldDiff(view, stands[feature][view.name], values[view.name])
                for view in self._start[feature].fields
                if stands[feature][view.name] != values[view.name]
            )
            if fields:
                found.append(SectionDiff(feature, self._start[feature].title, fields))
        return tuple(found)

    def _plan(self, guild_id: int, wanted: _Values, actor: Actor) -> Plan:
        diffs = self._diffs(guild_id, wanted)
        self._require(actor, [diff.feature for diff in diffs])
        return Plan(len(self._states_of(guild_id)) - 1, diffs)

    def _carry_out(
        self, guild_id: int, wanted: _Values, actor: Actor, expected_revision: int | None
    ) -> Sequence[SectionDiff]:
        plan = self._plan(guild_id, wanted, actor)
        if expected_revision not in (None, plan.revision):
            raise SettingsMoved("These settings were changed since you looked.")
        return self._save(guild_id, wanted, actor)

    def _save(self, guild_id: int, wanted: _Values, actor: Actor) -> Sequence[SectionDiff]:
        diffs = self._diffs(guild_id, wanted)
        log, states = self._log.setdefault(guild_id, []), self._states_of(guild_id)
        for diff in diffs:
            record = ChangeRecord(
                number=len(log) + 1,
                section=diff,
                version=sum(earlier.section.feature == diff.feature for earlier in log) + 1,
                author_id=actor.id,
                author_name=actor.name,
                source=actor.source,
                at=time.time(),
            )
            log.append(record)
            states.append({**states[-1], diff.feature: wanted[diff.feature]})
            self.authors.append((actor.id, actor.name))
        return diffs


def _checked_all(section: SectionView, changes: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, str] = {}
    views = {view.name: view for view in section.fields}
    wanted: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in views:
            errors[name] = "There is no such setting."
            continue
        try:
            wanted[name] = _checked(views[name], value)
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise SettingsRejected(errors)
    return wanted


def _checked(view: FieldView, value: Any) -> Any:
    match view.kind:
        case "int":
            try:
                number = int(value)
            except (TypeError, ValueError):
                raise ValueError("Give a whole number.") from None
            if view.minimum is not None and number < view.minimum:
                raise ValueError(f"Give at least {view.minimum}.")
            if view.maximum is not None and number > view.maximum:
                raise ValueError(f"Give at most {view.maximum}.")
            return number
        case "channel":
            return int(value) if value else None
        case "channels" | "roles":
            return tuple(int(item) for item in value)
        case "lines":
            return tuple(line.strip() for line in value if line.strip())
        case "text" if view.max_length is not None and len(value) > view.max_length:
            raise ValueError(f"Give at most {view.max_length} characters.")
        case _:
            return value
