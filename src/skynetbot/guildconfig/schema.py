"""From one settings struct per feature: field descriptions, defaults, validation with messages by field.

A feature writes ``msgspec`` annotations; ``Meta(title=..., description=..., extra={"kind": ...})`` adds what
types cannot say (that an integer is a channel, that a list of strings is typed one a line).
"""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, TypeVar, get_args, get_origin

import msgspec

from skynetbot.errors import SkynetBotError

__all__ = ["FieldKind", "FieldSpec", "Schema", "SettingsRejected"]

S = TypeVar("S", bound=msgspec.Struct)

FieldKind = Literal["bool", "int", "text", "choice", "lines", "channel", "channels", "roles"]

_TRUE: Final = frozenset({"true", "on", "yes", "1"})
_FALSE: Final = frozenset({"false", "off", "no", "0", ""})


class SettingsRejected(SkynetBotError):
    """Some values cannot be saved; ``errors`` has a sentence for each field, and nothing was changed."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors.items()))
        self.errors = dict(errors)


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a form, a slash command or an API document needs to know of one field."""

    name: str
    label: str
    help: str
    kind: FieldKind
    default: Any
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    max_items: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    """(stored value, label)."""


class Schema(Generic[S]):
    """One feature's settings: its struct, and the rules that follow from it."""

    def __init__(
        self,
        feature: str,
        struct: type[S],
        *,
        title: str,
        help: str,
        check: Callable[[S], Mapping[str, str]] | None = None,
        level: int = 3,
    ) -> None:
        """``check`` finds what types cannot: a sentence for each field that is wrong in this combination.

        ``level`` is who may change these settings, unless the server says otherwise (see `levels`).
        """
        self.level = level
        self._check = check
        self.feature = feature
        self.struct = struct
        self.title = title
        self.help = help
        hints = typing.get_type_hints(struct, include_extras=True)
        self.fields: tuple[FieldSpec, ...] = tuple(
            _describe(field.name, hints[field.name], _default_of(field)) for field in msgspec.structs.fields(struct)
        )
        self._by_name = {field.name: field for field in self.fields}
        self._defaults = struct()

    def defaults(self) -> S:
        """One immutable value for all servers that saved nothing."""
        return self._defaults

    def decode(self, body: bytes) -> S:
        """The struct of a saved body; fields that an older version did not have take their defaults."""
        return msgspec.json.decode(body, type=self.struct)

    def encode(self, value: S) -> bytes:
        return msgspec.json.encode(value)

    def apply(self, current: S, changes: Mapping[str, Any]) -> S:
        """``current`` with the changes, which may be text as typed in a form or JSON values.

        Raises:
            SettingsRejected: with every bad field named at once.
        """
        errors: dict[str, str] = {}
        good: dict[str, Any] = {}
        for name, raw in changes.items():
            spec = self._by_name.get(name)
            if spec is None:
                errors[name] = f"{self.title} has no such setting; it has {', '.join(self._by_name)}."
                continue
            try:
                good[name] = _parse(spec, raw)
            except ValueError as error:
                errors[name] = str(error)
        if errors:
            raise SettingsRejected(errors)
        return self.checked(msgspec.structs.replace(current, **good))

    def checked(self, wanted: S) -> S:
        """``wanted``, if its combination of values is allowed.

        Raises:
            SettingsRejected: it is not.
        """
        if self._check is not None and (found := self._check(wanted)):
            raise SettingsRejected(found)
        return wanted

    def field(self, name: str) -> FieldSpec | None:
        return self._by_name.get(name)


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    raise TypeError(f"settings field {field.name} needs a default: a server that saved nothing must work")


def _describe(name: str, hint: Any, default: Any) -> FieldSpec:
    meta: list[msgspec.Meta] = []
    while get_origin(hint) is typing.Annotated:
        hint, *extras = get_args(hint)
        meta += [extra for extra in extras if isinstance(extra, msgspec.Meta)]

    def of(attribute: str) -> Any:
        return next((v for m in meta if (v := getattr(m, attribute)) is not None), None)

    extra: dict[str, Any] = of("extra") or {}
    choices: tuple[tuple[str, str], ...] = ()
    if get_origin(hint) is Literal:
        labels = extra.get("labels", {})
        choices = tuple((str(value), str(labels.get(value, str(value).capitalize()))) for value in get_args(hint))
    kind: FieldKind = extra.get("kind") or _kind_of(name, hint)
    is_sequence = kind in ("lines", "channels", "roles")
    return FieldSpec(
        name=name,
        label=of("title") or name.replace("_", " ").capitalize(),
        help=of("description") or "",
        kind=kind,
        default=default,
        minimum=of("ge"),
        maximum=of("le"),
        max_length=extra.get("item_length") if is_sequence else of("max_length"),
        max_items=of("max_length") if is_sequence else None,
        choices=choices,
    )


def _kind_of(name: str, hint: Any) -> FieldKind:
    if hint is bool:
        return "bool"
    if hint is int:
        return "int"
    if hint is str:
        return "text"
    origin = get_origin(hint)
    if origin is Literal:
        return "choice"
    if origin is tuple and get_args(hint)[0] is str:
        return "lines"
    if origin in (typing.Union, types.UnionType):
        raise TypeError(f"settings field {name}: say what it is with Meta(extra={{'kind': ...}})")
    raise TypeError(f"settings field {name} has a type that no form can show: {hint!r}")


def _parse(spec: FieldSpec, raw: Any) -> Any:
    match spec.kind:
        case "bool":
            return _parse_bool(raw)
        case "int":
            return _parse_int(spec, raw)
        case "text":
            return _parse_text(spec, raw)
        case "choice":
            values = [value for value, _ in spec.choices]
            if raw not in values:
                raise ValueError(f"Choose one of: {', '.join(values)}.")
            return raw
        case "lines":
            return _parse_lines(spec, raw)
        case "channel":
            ids = _parse_ids(spec, [] if raw in (None, "", "0") else [raw])
            return ids[0] if ids else None
        case "channels" | "roles":
            return _parse_ids(spec, raw)


def _parse_bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("Say on or off.")


def _parse_int(spec: FieldSpec, raw: Any) -> int:
    try:
        if isinstance(raw, bool | float):
            raise TypeError
        value = int(str(raw).strip())
    except (ValueError, TypeError):
        raise ValueError("Give a whole number.") from None
    if spec.minimum is not None and value < spec.minimum:
        raise ValueError(f"Give at least {spec.minimum}.")
    if spec.maximum is not None and value > spec.maximum:
        raise ValueError(f"Give at most {spec.maximum}.")
    return value


def _parse_text(spec: FieldSpec, raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("Give a text.")  # noqa: TRY004 - it is the value that is wrong, for the person who typed it
    if spec.max_length is not None and len(raw) > spec.max_length:
        raise ValueError(f"Give at most {spec.max_length} characters; these are {len(raw)}.")
    return raw


def _parse_lines(spec: FieldSpec, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        raw = raw.splitlines()
    if not isinstance(raw, Sequence) or not all(isinstance(item, str) for item in raw):
        raise ValueError("Give a list of texts, one a line.")
    lines = tuple(dict.fromkeys(stripped for item in raw if (stripped := item.strip())))
    if spec.max_items is not None and len(lines) > spec.max_items:
        raise ValueError(f"Give at most {spec.max_items} lines; these are {len(lines)}.")
    for line in lines:
        if spec.max_length is not None and len(line) > spec.max_length:
            raise ValueError(f'"{line[:40]}…" is longer than {spec.max_length} characters.')
    return lines


def _parse_ids(spec: FieldSpec, raw: Any) -> tuple[int, ...]:
    what = "role" if spec.kind == "roles" else "channel"
    if isinstance(raw, str):
        raw = raw.split(",") if raw else []
    if not isinstance(raw, Sequence):
        raise ValueError(f"Choose a {what} of the server.")  # noqa: TRY004
    ids: list[int] = []
    for item in raw:
        text = str(item).strip()
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
            raise ValueError(f"{text[:40]!r} is no {what} of this server.")
        ids.append(int(text))
    distinct = tuple(dict.fromkeys(ids))
    if spec.max_items is not None and len(distinct) > spec.max_items:
        raise ValueError(f"Choose at most {spec.max_items}.")
    return distinct
