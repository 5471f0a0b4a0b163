"""Message components and modals as types: what may stand where, how long it may be, and how it is sent back.

Source: https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterator
from itertools import count
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from discord_emulator.rest.errors import invalid_form

__all__ = ["COMPONENTS_V2", "CustomId", "Label45", "MessageComponent", "ModalComponent", "shown"]

COMPONENTS_V2: Final = 1 << 15
_MAX_ROWS: Final = 5
_MAX_COMPONENTS: Final = 40
_MAX_BUTTONS: Final = 5
_LINK, _PREMIUM = 5, 6

CustomId = Annotated[str, Meta(min_length=1, max_length=100)]
Placeholder = Annotated[str, Meta(max_length=150)]
Text80 = Annotated[str, Meta(max_length=80)]
Text100 = Annotated[str, Meta(max_length=100)]
Label100 = Annotated[str, Meta(min_length=1, max_length=100)]
Label45 = Annotated[str, Meta(min_length=1, max_length=45)]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]
Few = Annotated[int, Meta(ge=0, le=25)]


class _Part(msgspec.Struct, kw_only=True):
    id: Annotated[int, Meta(ge=0, lt=1 << 31)] | None = None


class _Emoji(msgspec.Struct, kw_only=True):
    id: str | int | None = None
    name: str | None = None
    animated: bool | None = None


class _Button(_Part, tag=2, tag_field="type", kw_only=True):
    style: Annotated[int, Meta(ge=1, le=6)]
    label: Text80 | None = None
    emoji: _Emoji | None = None
    custom_id: CustomId | None = None
    url: Url | None = None
    sku_id: str | None = None
    disabled: bool | None = None


class _Option(msgspec.Struct, kw_only=True):
    label: Label100
    value: Label100
    description: Text100 | None = None
    emoji: _Emoji | None = None
    default: bool | None = None


class _Default(msgspec.Struct, kw_only=True):
    id: str | int
    type: Literal["user", "role", "channel"]


class _StringSelect(_Part, tag=3, tag_field="type", kw_only=True):
    custom_id: CustomId
    options: Annotated[list[_Option], Meta(min_length=1, max_length=25)]
    placeholder: Placeholder | None = None
    min_values: Few = 1
    max_values: Few = 1
    disabled: bool | None = None
    required: bool | None = None


class _Select(_Part, kw_only=True):
    custom_id: CustomId
    placeholder: Placeholder | None = None
    min_values: Few = 1
    max_values: Few = 1
    default_values: Annotated[list[_Default], Meta(max_length=25)] | None = None
    disabled: bool | None = None
    required: bool | None = None


class _UserSelect(_Select, tag=5, tag_field="type", kw_only=True):
    pass


class _RoleSelect(_Select, tag=6, tag_field="type", kw_only=True):
    pass


class _MentionableSelect(_Select, tag=7, tag_field="type", kw_only=True):
    pass


class _ChannelSelect(_Select, tag=8, tag_field="type", kw_only=True):
    channel_types: list[int] | None = None


class _TextInput(_Part, tag=4, tag_field="type", kw_only=True):
    custom_id: CustomId
    style: Literal[1, 2]
    label: Label45 | None = None
    placeholder: Text100 | None = None
    value: Annotated[str, Meta(max_length=4000)] | None = None
    min_length: Annotated[int, Meta(ge=0, le=4000)] | None = None
    max_length: Annotated[int, Meta(ge=1, le=4000)] | None = None
    required: bool | None = None


class _FileUpload(_Part, tag=19, tag_field="type", kw_only=True):
    custom_id: CustomId
    min_values: Few | None = None
    max_values: Few | None = None
    required: bool | None = None


class _TextDisplay(_Part, tag=10, tag_field="type", kw_only=True):
    content: Annotated[str, Meta(min_length=1, max_length=4000)]


class _Media(msgspec.Struct, kw_only=True):
    url: Url


class _Thumbnail(_Part, tag=11, tag_field="type", kw_only=True):
    media: _Media
    description: Annotated[str, Meta(max_length=1024)] | None = None
    spoiler: bool = False


class _Item(msgspec.Struct, kw_only=True):
    media: _Media
    description: Annotated[str, Meta(max_length=1024)] | None = None
    spoiler: bool = False


class _Gallery(_Part, tag=12, tag_field="type", kw_only=True):
    items: Annotated[list[_Item], Meta(min_length=1, max_length=10)]


class _File(_Part, tag=13, tag_field="type", kw_only=True):
    file: _Media
    name: str | None = None
    size: int | None = None
    spoiler: bool = False


class _Separator(_Part, tag=14, tag_field="type", kw_only=True):
    divider: bool = True
    spacing: Literal[1, 2] = 1


_Selects = _StringSelect | _UserSelect | _RoleSelect | _MentionableSelect | _ChannelSelect


class _Row(_Part, tag=1, tag_field="type", kw_only=True):
    components: Annotated[list[_Button | _Selects], Meta(min_length=1, max_length=_MAX_BUTTONS)]


class _Section(_Part, tag=9, tag_field="type", kw_only=True):
    components: Annotated[list[_TextDisplay], Meta(min_length=1, max_length=3)]
    accessory: _Thumbnail | _Button


class _Container(_Part, tag=17, tag_field="type", kw_only=True):
    components: Annotated[
        list[_Row | _Section | _TextDisplay | _Gallery | _File | _Separator], Meta(min_length=1, max_length=40)
    ]
    accent_color: Annotated[int, Meta(ge=0, le=0xFFFFFF)] | None = None
    spoiler: bool = False


MessageComponent = _Row | _Section | _TextDisplay | _Gallery | _File | _Separator | _Container
"""What may stand at the top of a message; all but rows only with the flag `COMPONENTS_V2`."""


class _ModalRow(_Part, tag=1, tag_field="type", kw_only=True):
    components: Annotated[list[_TextInput], Meta(min_length=1, max_length=1)]


class _Labelled(_Part, tag=18, tag_field="type", kw_only=True):
    label: Label45
    component: _TextInput | _Selects | _FileUpload
    description: Text100 | None = None


ModalComponent = _ModalRow | _Labelled | _TextDisplay

# These the protocol sends as null; anything else that is null is left out.
_NULLABLE: Final = ("accent_color", "description", "name", "size")
_NULLABLE_IN: Final = ("11", "12", "13", "17")


def shown(raw: list[dict[str, Any]], *, flags: int) -> list[dict[str, Any]]:
    """The checked components of a message as Discord sends them back, each with a number of its own.

    Raises:
        ApiError: 50035 when they do not go together; their own form has been checked with the body.
    """
    rows: list[MessageComponent] = msgspec.convert(raw, list[MessageComponent])
    if not flags & COMPONENTS_V2:
        if len(rows) > _MAX_ROWS:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {_MAX_ROWS} in length.")
        for index, row in enumerate(rows):
            if not isinstance(row, _Row):
                message = 'Value of field "type" must be one of (1,).'
                raise invalid_form(f"components.{index}.type", "UNION_TYPE_CHOICES", message)
    everything = [(path, part) for index, row in enumerate(rows) for path, part in _walk(row, f"components.{index}")]
    if len(everything) > _MAX_COMPONENTS:
        raise invalid_form("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "At most 40 components.")
    _check(everything)
    numbers = count(1)
    for _, part in everything:
        part.id = part.id or next(numbers)
    return [_payload(row) for row in rows]


def _walk(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, part
    if isinstance(part, _Row | _Section | _Container):
        for index, child in enumerate(part.components):
            yield from _walk(child, f"{path}.components.{index}")
    if isinstance(part, _Section):
        yield from _walk(part.accessory, f"{path}.accessory")


def _check(everything: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for path, part in everything:
        if (
            isinstance(part, _Row)
            and len(part.components) > 1
            and not all(isinstance(c, _Button) for c in part.components)
        ):
            raise invalid_form(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select fills its row.")
        if isinstance(part, _Button):
            _check_button(path, part)
        if isinstance(part, _StringSelect | _Select) and part.min_values > part.max_values:
            raise invalid_form(f"{path}.max_values", "NUMBER_TYPE_MIN", "max_values is below min_values.")
        custom_id = getattr(part, "custom_id", None)
        if custom_id in seen:
            text = "Component custom id cannot be duplicated"
            raise invalid_form(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        if custom_id is not None:
            seen.add(custom_id)
        values = [option.value for option in part.options] if isinstance(part, _StringSelect) else []
        if len(set(values)) != len(values):
            text = "The specified option value is already used"
            raise invalid_form(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)


def _check_button(path: str, button: _Button) -> None:
    if button.style == _LINK:
        needed, other = "url", "custom_id"
    else:
        needed, other = ("sku_id" if button.style == _PREMIUM else "custom_id"), "url"
    if getattr(button, needed) is None:
        raise invalid_form(f"{path}.{needed}", "BASE_TYPE_REQUIRED", f"A button of this style must have a {needed}.")
    if getattr(button, other) is not None:
        text = "A custom id and url cannot both be specified"
        raise invalid_form(f"{path}.{other}", "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE", text)
    if button.style != _PREMIUM and button.label is None and button.emoji is None:
        raise invalid_form(f"{path}.label", "BUTTON_COMPONENT_INVALID_EMOJI_OR_LABEL", "Give a label or an emoji.")


def _payload(part: Any) -> dict[str, Any]:
    payload: dict[str, Any] = _without_nulls(msgspec.to_builtins(part))
    return payload


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    keeps = _NULLABLE if str(value.get("type")) in _NULLABLE_IN or "media" in value else ()
    cleaned = {key: _without_nulls(item) for key, item in value.items() if item is not None or key in keeps}
    if set(value) == {"url"}:
        # A picture elsewhere: Discord would fetch it through its proxy, this server names the source itself.
        cleaned |= {"id": "0", "proxy_url": value["url"]}
    if isinstance(cleaned.get("emoji"), dict) and "id" in cleaned["emoji"]:
        cleaned["emoji"]["id"] = str(cleaned["emoji"]["id"])
    return cleaned
