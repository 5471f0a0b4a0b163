"""A settings section as a form: what each field shows, and what a sent form means."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar.datastructures import FormMultiDict

from skynetbot.web.ports import FieldView, GuildDirectory, NamedRef, SectionView

__all__ = ["Widget", "changes_of", "json_value", "widgets"]

_REFERENCES: Final = frozenset({"channel", "channels", "roles"})
_MANY: Final = frozenset({"channels", "roles"})


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """One field, ready to draw. ``text`` is what an input holds, ``selected`` what is ticked."""

    field: FieldView
    id: str
    text: str
    checked: bool
    selected: frozenset[str]
    options: tuple[tuple[str, str], ...]
    error: str
    theirs: str
    """After a conflict: what somebody else saved, in words; empty when it is the same."""
    default_text: str


def widgets(
    section: SectionView,
    guilds: GuildDirectory,
    guild_id: int,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    show_theirs: bool = False,
) -> tuple[Widget, ...]:
    """The section's fields; ``typed`` (a rejected form) is shown in place of what is saved, so nothing is lost."""
    channels = guilds.channels(guild_id)
    roles = guilds.roles(guild_id)
    return tuple(
        _widget(
            field,
            channels if field.kind.startswith("channel") else roles,
            typed[field.name] if typed is not None and field.name in typed else field.value,
            (errors or {}).get(field.name, ""),
            show_theirs=show_theirs,
        )
        for field in section.fields
    )


def changes_of(section: SectionView, form: FormMultiDict) -> dict[str, Any]:
    """What the form says of each field of the section; the settings themselves judge the values.

    A checkbox that is off and a list with nothing ticked are not sent at all, so absence means off and empty.
    """
    changes: dict[str, Any] = {}
    for field in section.fields:
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


def _widget(field: FieldView, references: Sequence[NamedRef], value: Any, error: str, *, show_theirs: bool) -> Widget:
    selected = frozenset(str(item) for item in value or ()) if field.kind in _MANY else frozenset({_text(value)})
    options = field.choices
    if field.kind in _REFERENCES:
        sign = "#" if field.kind.startswith("channel") else "@"
        options = tuple((str(ref.id), f"{sign}{ref.name.lstrip('@#')}") for ref in references)
        # A channel that has been deleted stays visible, so that saving does not change it unseen.
        known = {option for option, _ in options}
        gone = sorted(selected - known - {""})
        options += tuple((item, f"deleted ({item})") for item in gone)
    labels = dict(options)
    differs = show_theirs and _comparable(field, value) != _comparable(field, field.value)
    return Widget(
        field=field,
        id=f"field-{field.name}",
        text=_text(value),
        checked=value is True,
        selected=selected,
        options=options,
        error=error,
        theirs=_in_words(field, field.value, labels) if differs else "",
        default_text=_in_words(field, field.default, labels),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(str(item) for item in value)
    return str(value)


def _comparable(field: FieldView, value: Any) -> Any:
    if field.kind in _MANY:
        return frozenset(str(item) for item in value or ())
    return value if field.kind == "bool" else _text(value)


def _in_words(field: FieldView, value: Any, labels: Mapping[str, str]) -> str:
    match field.kind:
        case "bool":
            return "on" if value else "off"
        case "channels" | "roles" | "lines":
            items = [labels.get(str(item), str(item)) for item in value or ()]
            return ", ".join(items[:6]) + (f" and {len(items) - 6} more" if len(items) > 6 else "") or "nothing"
        case "channel" | "choice":
            return labels.get(_text(value), _text(value)) or "none"
        case _:
            return _text(value) or "empty"
