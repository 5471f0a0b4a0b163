"""What a message of ours consists of, as data: text, one embed, buttons and selects, files, and whom it may ping.

Source of the limits: https://discord.com/developers/docs/resources/message and .../components/reference
"""

from collections.abc import Sequence
from typing import Final

import msgspec

__all__ = [
    "Button",
    "Component",
    "Modal",
    "Pings",
    "Post",
    "PostFile",
    "Select",
    "TextInput",
    "action_id",
    "read_action_id",
]

_MAX_ACTION_ID: Final = 100


def action_id(feature: str, action: str, *args: int | str) -> str:
    """A component's custom id: who handles it, what was pressed, and what it is about.

    Raises:
        ValueError: longer than Discord takes.
    """
    text = ":".join((feature, action, *map(str, args)))
    if len(text) > _MAX_ACTION_ID:
        raise ValueError(f"a custom id has at most {_MAX_ACTION_ID} characters: {text!r}")
    return text


def read_action_id(text: str) -> tuple[str, str, list[str]]:
    """(feature, action, arguments); empty parts for what is not ours."""
    feature, _, rest = text.partition(":")
    action, _, args = rest.partition(":")
    return feature, action, args.split(":") if args else []


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """``style``: primary, secondary, success, danger; or a link, which has ``url`` and no ``action``."""

    label: str
    action: str = ""
    style: str = "secondary"
    url: str = ""
    emoji: str = ""
    disabled: bool = False


class Select(msgspec.Struct, frozen=True, kw_only=True):
    """A menu of up to 25 (value, label, description)."""

    action: str
    options: tuple[tuple[str, str, str], ...]
    placeholder: str = ""
    least: int = 1
    most: int = 1
    chosen: tuple[str, ...] = ()
    disabled: bool = False


Component = Button | Select


class TextInput(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a modal."""

    name: str
    label: str
    value: str = ""
    placeholder: str = ""
    long: bool = False
    required: bool = True
    most: int = 1_000


class Modal(msgspec.Struct, frozen=True, kw_only=True):
    """A form that opens over Discord; up to five fields."""

    action: str
    title: str
    inputs: tuple[TextInput, ...]


class PostFile(msgspec.Struct, frozen=True):
    """A file that comes with a message; an ``image`` is shown in the embed."""

    name: str
    content: bytes


class Pings(msgspec.Struct, frozen=True, kw_only=True):
    """Who is notified; by default nobody, whatever the text mentions."""

    users: Sequence[int] = ()
    roles: Sequence[int] = ()
    everyone: bool = False


NOBODY: Final = Pings()


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A message."""

    content: str = ""
    title: str = ""
    description: str = ""
    fields: tuple[tuple[str, str, bool], ...] = ()
    """(name, value, inline) of the embed."""
    footer: str = ""
    color: int | None = None
    rows: tuple[tuple[Component, ...], ...] = ()
    """Up to five rows: five buttons or one select in each."""
    files: tuple[PostFile, ...] = ()
    image: str = ""
    """The name of one of ``files``, or an https address, shown in the embed."""
    pings: Pings = NOBODY
