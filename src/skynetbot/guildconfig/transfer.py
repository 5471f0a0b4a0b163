"""A whole server's settings as one JSON document, to keep, to move, or to look at."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skynetbot.errors import SkynetBotError
from skynetbot.guildconfig.schema import Schema, SettingsRejected

__all__ = ["FORMAT", "MAX_BYTES", "ImportRejected", "document", "read_document"]

FORMAT: Final = "skynetbot.settings/1"
MAX_BYTES: Final = 1 << 20
_MAX_PROBLEMS: Final = 50
_ID_KINDS: Final = frozenset({"channel", "channels", "roles"})


class ImportRejected(SkynetBotError):
    """The document cannot be taken; ``problems`` has a sentence for each thing that is wrong. Nothing was changed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def document(
    guild_id: int, at: float, schemas: Mapping[str, Schema[Any]], values: Mapping[str, msgspec.Struct]
) -> dict[str, Any]:
    """The export: every feature with every field. Ids are texts, because JavaScript rounds large numbers."""
    features = {
        feature: {spec.name: _plain(spec.kind, getattr(values[feature], spec.name)) for spec in schema.fields}
        for feature, schema in schemas.items()
    }
    return {"format": FORMAT, "server": str(guild_id), "exported_at": at, "features": features}


def read_document(
    text: bytes | str, schemas: Mapping[str, Schema[Any]], current: Mapping[str, msgspec.Struct]
) -> dict[str, msgspec.Struct]:
    """The settings that a document asks for, on top of the current ones: what it does not name stays.

    Raises:
        ImportRejected: naming every feature, field and value that cannot be taken.
    """
    if len(text) > MAX_BYTES:
        raise ImportRejected([f"The document has {len(text):,} bytes; more than {MAX_BYTES:,} is not taken."])
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImportRejected([f"This is not JSON: {error}."]) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("features"), dict):
        raise ImportRejected([f'This is no export of settings: its "format" is not "{FORMAT}".'])
    problems: list[str] = []
    wanted: dict[str, msgspec.Struct] = {}
    for feature, fields in found["features"].items():
        schema = schemas.get(feature)
        if schema is None:
            problems.append(f"There is no feature {feature[:60]!r} here; there are: {', '.join(schemas)}.")
        elif not isinstance(fields, dict):
            problems.append(f"{feature}: give its settings as an object.")
        else:
            try:
                wanted[feature] = schema.apply(current[feature], fields)
            except SettingsRejected as rejected:
                problems += [f"{feature}.{field[:60]}: {message[:300]}" for field, message in rejected.errors.items()]
    if len(problems) > _MAX_PROBLEMS:
        problems[_MAX_PROBLEMS:] = [f"And {len(problems) - _MAX_PROBLEMS} more of the kind."]
    if problems:
        raise ImportRejected(problems)
    return wanted


def _plain(kind: str, value: Any) -> Any:
    if kind in _ID_KINDS:
        if value is None or isinstance(value, int):
            return None if value is None else str(value)
        return [str(item) for item in value]
    return msgspec.to_builtins(value)
