"""A settings section as a form: what each field shows, and what a sent form means."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar.datastructures import FormMultiDict

from skynetbot.web.ports import GuildDirectory, NamedRef
from skynetbot.web.settings_port import FieldView, SectionView

__all__ = ["KEEP", "Clash", "Widget", "changes_of", "in_words", "json_value", "labels_of", "widgets"]

KEEP: Final = "_keep"
"""Names the fields for which theirs is kept after a conflict."""
_REFERENCES: Final = frozenset({"channel", "channels", "roles"})
_MANY: Final = frozenset({"channels", "roles"})
_LISTS: Final = frozenset({"channels", "roles", "lines"})
_SHOWN_ITEMS: Final = 6


class Clash(msgspec.Struct, frozen=True):
    """Two people changed a field: what each of them wants, in words. Of lists, what only one of them has."""

    theirs: str
    mine: str
    is_list: bool


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """One field, ready to draw. ``text`` is what an input holds, ``selected`` what is ticked."""

    field: FieldView
    id: str
    text: str
    checked: bool
    selected: frozenset[str]
    options: tuple[tuple[str, str], ...]
    error: str
    clash: Clash | None
    default_text: str


def widgets(
    section: SectionView,
    guilds: GuildDirectory,
    guild_id: int,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    conflicts: Mapping[str, tuple[Any, Any]] | None = None,
) -> tuple[Widget, ...]:
    """The section's fields; ``typed`` (a form that was not saved) is shown in place of what is saved, so nothing is
    lost. ``conflicts`` has (theirs, mine) of fields that somebody else changed too."""
    channels = guilds.channels(guild_id)
    roles = guilds.roles(guild_id)
    return tuple(
        _widget(
            field,
            channels if field.kind.startswith("channel") else roles,
            typed[field.name] if typed is not None and field.name in typed else field.value,
            (errors or {}).get(field.name, ""),
            (conflicts or {}).get(field.name),
        )
        for field in section.fields
    )


def changes_of(section: SectionView, form: FormMultiDict) -> dict[str, Any]:
    """What the form says of each field of the section; the settings themselves judge the values.

    A checkbox that is off and a list with nothing ticked are not sent at all, so absence means off and empty. A field
    for which theirs is kept is not changed, whatever its input holds.
    """
    kept = set(form.getall(KEEP, []))
    changes: dict[str, Any] = {}
    for field in section.fields:
        if field.name in kept:
            continue
        sent = [value for value in form.getall(field.name, []) if isinstance(value, str)]
        match field.kind:
            case "bool":
                changes[field.name] = bool(sent)
            case "channels" | "roles":
                changes[field.name] = [value for value in sent if value]
            case "lines":
                changes[field.name] = (sent[0] if sent else "").splitlines()
            case "channel":
                changes[field.name] = sent[0] if sent and sent[0] else None
            case _:
                changes[field.name] = sent[0].replace("\r\n", "\n") if sent else ""
    return changes


def json_value(field: FieldView, value: Any) -> Any:
    """The value for JSON: Discord's ids do not fit a JavaScript number, so they are text."""
    if field.kind in _MANY:
        return [str(item) for item in value or ()]
    if field.kind == "channel":
        return str(value) if value else None
    return value


def labels_of(field: FieldView, references: Sequence[NamedRef]) -> dict[str, str]:
    """What stored values are called: choices by their labels, channels and roles by their names."""
    if field.kind not in _REFERENCES:
        return dict(field.choices)
    sign = "#" if field.kind.startswith("channel") else "@"
    return {str(ref.id): f"{sign}{ref.name.lstrip('@#')}" for ref in references}


def in_words(field: FieldView, value: Any, labels: Mapping[str, str], *, most: int = _SHOWN_ITEMS) -> str:
    """A value as a sentence would have it; of long lists the first ``most``."""
    match field.kind:
        case "bool":
            return "on" if value else "off"
        case "channels" | "roles" | "lines":
            items = [labels.get(str(item), _unnamed(field, item)) for item in value or ()]
            return (
                ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "") or "nothing"
            )
        case "channel":
            return labels.get(_text(value), _unnamed(field, value)) if value else "none"
        case "choice":
            return labels.get(_text(value), _text(value)) or "none"
        case _:
            return _text(value) or "empty"


def _unnamed(field: FieldView, item: Any) -> str:
    return f"deleted ({item})" if field.kind in _REFERENCES else str(item)


def _widget(
    field: FieldView, references: Sequence[NamedRef], value: Any, error: str, conflict: tuple[Any, Any] | None
) -> Widget:
    selected = frozenset(str(item) for item in value or ()) if field.kind in _MANY else frozenset({_text(value)})
    labels = labels_of(field, references)
    options = tuple(labels.items())
    if field.kind in _REFERENCES:
        # A channel that has been deleted stays visible, so that saving does not change it unseen.
        gone = sorted(selected - set(labels) - {""})
        options += tuple((item, _unnamed(field, item)) for item in gone)
    return Widget(
        field=field,
        id=f"field-{field.name}",
        text=_text(value),
        checked=value is True,
        selected=selected,
        options=options,
        error=error,
        clash=None if conflict is None else _clash(field, labels, *conflict),
        default_text=in_words(field, field.default, labels),
    )


def _clash(field: FieldView, labels: Mapping[str, str], theirs: Any, mine: Any) -> Clash:
    if field.kind in _LISTS:
        only_theirs = [item for item in theirs if item not in mine]
        only_mine = [item for item in mine if item not in theirs]
        if only_theirs or only_mine:
            theirs, mine = (in_words(field, items, labels, most=20) for items in (only_theirs, only_mine))
            return Clash(theirs, mine, is_list=True)
    return Clash(in_words(field, theirs, labels), in_words(field, mine, labels), is_list=False)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(str(item) for item in value)
    return str(value)
