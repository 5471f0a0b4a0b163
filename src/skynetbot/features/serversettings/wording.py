"""Settings and changes as people read and type them in Discord."""

from collections.abc import Iterable
from typing import Any, Final

from skynetbot.guildconfig.differences import FieldChange, items_changed
from skynetbot.guildconfig.outcomes import Changes, Revision, SettingsConflict
from skynetbot.guildconfig.schema import FieldSpec, Schema

__all__ = ["change_lines", "clipped", "conflict_text", "revision_entry", "shown_changes", "shown_value", "typed_value"]

_MAX_VALUE: Final = 900
_MAX_SIDE: Final = 120
_MAX_ENTRY: Final = 480
"""Ten entries of a history fit into the 6000 characters of an embed."""
_MAX_MESSAGE: Final = 1_800


def typed_value(spec: FieldSpec, text: str) -> Any:
    """What was typed in one line, in the form that the schema takes."""
    text = text.strip()
    if spec.kind == "lines":
        return [part.strip() for part in text.split(",")]
    if spec.kind in ("channels", "roles"):
        return [] if _is_none(text) else [_bare_id(part) for part in text.split(",") if part.strip()]
    if spec.kind == "channel":
        return "" if _is_none(text) else _bare_id(text)
    return text


def shown_value(spec: FieldSpec, value: Any) -> str:
    """A value as people read it in Discord."""
    match spec.kind:
        case "bool":
            return "on" if value else "off"
        case "channel":
            return f"<#{value}>" if value else "none"
        case "channels":
            return _listed((f"<#{item}>" for item in value), " ")
        case "roles":
            return _listed((f"<@&{item}>" for item in value), " ")
        case "lines":
            return _listed(value, ", ")
        case "choice":
            return dict(spec.choices).get(value, str(value))
        case _:
            return clipped(str(value), _MAX_VALUE) or "empty"


def change_lines(schema: Schema[Any], changes: Iterable[FieldChange]) -> list[str]:
    """Each changed field with its value before and after; of lists, what was added and removed."""
    return [_change_line(spec, change) for change in changes if (spec := schema.field(change.field)) is not None]


def shown_changes(schemas: dict[str, Schema[Any]], changes: Changes) -> str:
    """Several features' changes, cut to what a message holds."""
    lines: list[str] = []
    for feature, fields in changes.items():
        schema = schemas[feature]
        lines += [f"**{schema.title}**", *(f"• {line}" for line in change_lines(schema, fields))]
    return _joined(lines, _MAX_MESSAGE)


def revision_entry(schema: Schema[Any], revision: Revision) -> tuple[str, str]:
    """A change of the history: its heading, and who, when and what."""
    who = f"<t:{int(revision.at)}:R> by {_plain(revision.author.name)} ({revision.author.source})"
    lines = change_lines(schema, revision.changes) or ["saved without a change"]
    return f"#{revision.number} · {schema.title}", _joined([who, *lines], _MAX_ENTRY)


def conflict_text(schema: Schema[Any], conflict: SettingsConflict) -> str:
    """Per field: what stands now, and what was wished and not saved."""
    lines = [
        f"• **{spec.label}**: is now {_side(spec, theirs)}; not saved: {_side(spec, mine)}"
        for name, (theirs, mine) in conflict.fields.items()
        if (spec := schema.field(name)) is not None
    ]
    return _joined(lines, _MAX_MESSAGE)


def clipped(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _change_line(spec: FieldSpec, change: FieldChange) -> str:
    items = items_changed(change)
    if items is None:
        return f"**{spec.label}**: {_side(spec, change.before)} → {_side(spec, change.after)}"
    added, removed = items
    parts = [f"added {_side(spec, added)}"] if added else []
    parts += [f"removed {_side(spec, removed)}"] if removed else []
    return f"**{spec.label}**: {'; '.join(parts)}"


def _side(spec: FieldSpec, value: Any) -> str:
    text = shown_value(spec, value).replace("\n", " ")
    if spec.kind not in ("channels", "roles"):
        return clipped(text, _MAX_SIDE)
    # Cut between mentions, never inside of one.
    shown = [item for item in text.split(" ") if item]
    return " ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


def _listed(items: Iterable[str], separator: str) -> str:
    """As many items as fit, and how many more there are."""
    shown: list[str] = []
    length, left = 0, 0
    for item in items:
        length += len(item) + len(separator)
        if length > _MAX_VALUE:
            left += 1
        else:
            shown.append(item)
    return separator.join(shown) + (f" … and {left} more" if left else "") or "none"


def _joined(lines: list[str], length: int) -> str:
    """Whole lines as far as they fit, and how many are left out."""
    shown: list[str] = []
    room = length - 20
    for number, line in enumerate(lines):
        if room - len(line) - 1 < 0 and shown:
            return "\n".join([*shown, f"… {len(lines) - number} more"])
        shown.append(clipped(line, max(room, 20)))
        room -= len(shown[-1]) + 1
    return "\n".join(shown)


def _plain(name: str) -> str:
    """A name that cannot be taken for markdown."""
    return "".join(f"\\{c}" if c in "*_~`|>[]()#\\" else c for c in name)


def _is_none(text: str) -> bool:
    return text.lower() in ("none", "off", "-", "")


def _bare_id(text: str) -> str:
    """The id in a mention such as ``<#123>`` or ``<@&123>``; other text as it is."""
    return text.strip().removeprefix("<").lstrip("#@&").removesuffix(">")
