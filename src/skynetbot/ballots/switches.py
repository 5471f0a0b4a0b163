"""The switches of a rule set in words, so that a result says by which rules it was counted."""

from collections.abc import Iterator

import msgspec

__all__ = ["switches"]


def switches(method: str, rules: msgspec.Struct) -> str:
    """The method's name and each switch that is not at its default: "instant runoff (batch: yes; minimum: 3)"."""
    changed = "; ".join(_changed(rules))
    return f"{method} ({changed})" if changed else method


def _changed(rules: msgspec.Struct) -> Iterator[str]:
    for field in msgspec.structs.fields(rules):
        value = getattr(rules, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _changed(value)
        elif field.required or value != field.default:
            yield f"{field.name.replace('_', ' ')}: {'yes' if value is True else value}"
