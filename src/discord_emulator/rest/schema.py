"""Checks JSON values against the part of JSON Schema that Discord's OpenAPI document uses.

Own and small on purpose: it knows only the keywords that occur there, and is fast enough to check every answer.
Source: https://json-schema.org/draft/2020-12
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

__all__ = ["problems"]

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
# Discord reads numbers, permission sets above all, from strings too.
_READ_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    **_TYPES,
    "integer": lambda value: _TYPES["integer"](value) or (isinstance(value, str) and value.isdigit()),
}
_LENGTHS: Final = (
    ("minLength", "maxLength", str),
    ("minItems", "maxItems", list),
    ("minProperties", "maxProperties", dict),
)


def problems(
    value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str = "$", *, reading: bool = False
) -> Iterator[str]:
    """What in ``value`` the schema forbids, one line each with its path; ``schemas`` resolves the references.

    ``oneOf`` counts as ``anyOf``: Discord's alternatives overlap, and a value that fits two of them is no error.
    ``reading`` allows what Discord reads but does not write: whole numbers as strings.
    """
    reference = schema.get("$ref")
    if reference is not None:
        yield from problems(value, schemas[reference.rpartition("/")[2]], schemas, path, reading=reading)
    kinds = schema.get("type")
    if kinds is not None:
        wanted = [kinds] if isinstance(kinds, str) else kinds
        types = _READ_TYPES if reading else _TYPES
        if not any(types[kind](value) for kind in wanted):
            yield f"{path}: {_shown(value)} is not {' or '.join(wanted)}"
            return
        if value is None:
            return
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {_shown(value)} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {_shown(value)} is none of {schema['enum']}"
    for part in schema.get("allOf", ()):
        yield from problems(value, part, schemas, path, reading=reading)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            yield from _best_of(value, schema[keyword], schemas, path, reading=reading)
    yield from _bounds(value, schema, path)
    if isinstance(value, dict):
        yield from _of_object(value, schema, schemas, path, reading=reading)
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], schemas, f"{path}[{index}]", reading=reading)


def _best_of(value: Any, choices: list[Any], schemas: Mapping[str, Any], path: str, *, reading: bool) -> Iterator[str]:
    """Nothing when one choice fits, otherwise the problems with the choice that comes nearest."""
    nearest: list[str] | None = None
    for choice in choices:
        found = list(problems(value, choice, schemas, path, reading=reading))
        if not found:
            return
        if nearest is None or len(found) < len(nearest):
            nearest = found
    if nearest and all("const" in choice for choice in choices):
        nearest = [f"{path}: {_shown(value)} is none of {[choice['const'] for choice in choices]}"]
    yield from nearest or ()


def _bounds(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    for least, most, kind in _LENGTHS:
        if isinstance(value, kind) and not schema.get(least, 0) <= len(value) <= schema.get(most, len(value)):
            yield f"{path}: length {len(value)} is not in {schema.get(least, 0)}..{schema.get(most, '')}"
    if isinstance(value, str):
        if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
            yield f"{path}: {_shown(value)} does not match {schema['pattern']}"
        if schema.get("format") == "date-time" and not _is_time(value):
            yield f"{path}: {_shown(value)} is no ISO 8601 time"
    elif _TYPES["number"](value) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: {value} is not in {schema.get('minimum', '')}..{schema.get('maximum', '')}"
    if schema.get("uniqueItems") and isinstance(value, list) and len({repr(item) for item in value}) != len(value):
        yield f"{path}: items repeat"


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str, *, reading: bool
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}: missing"
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    for name, item in value.items():
        if name in known:
            yield from problems(item, known[name], schemas, f"{path}.{name}", reading=reading)
        elif rest is False:
            yield f"{path}.{name}: not allowed"
        elif isinstance(rest, dict):
            yield from problems(item, rest, schemas, f"{path}.{name}", reading=reading)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
