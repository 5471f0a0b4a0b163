"""What may be posted: lengths, embeds, components, files, replies; the same for messages, answers and webhooks."""

import re
from typing import Any, Final

from discord_emulator.entities import Channel, Message
from discord_emulator.rest.call import Call, snowflake
from discord_emulator.rest.components import shown
from discord_emulator.rest.errors import ApiError, invalid_form

__all__ = ["compose", "edit_fields", "keep_uploads", "nonce_twin"]

_MAX_CONTENT: Final = 2_000
_MAX_EMBEDS: Final = 10
_MAX_EMBED_CHARACTERS: Final = 6_000
_EMBED_LIMITS: Final = {"title": 256, "description": 4_096}
_EMBED_PARTS: Final = {"footer", "author", "image", "thumbnail"}
_EMBED_KEYS: Final = {"title", "description", "url", "color", "timestamp", "fields", *_EMBED_PARTS}
_MAX_FIELDS: Final = 25
_MAX_FILES: Final = 10
_UPLOADS_KEPT: Final = 200
_KEPT_FLAGS: Final = 1 << 2 | 1 << 6 | 1 << 12 | 1 << 15
_UNSAFE: Final = re.compile(r"[^\w.\-]+")
_IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")


def compose(call: Call, channel: Channel, form: dict[str, Any]) -> dict[str, Any]:
    """The checked fields of a new message, ready for `World.create_message`.

    Raises:
        ApiError: 50035 with the path of what is wrong, or 50006 when there is nothing to post.
    """
    if form.get("poll"):
        raise invalid_form("poll", "POLL_UNSUPPORTED", "This local Discord has no polls.")
    fields = edit_fields(call, form, channel=channel)
    flags = (form.get("flags") or 0) & _KEPT_FLAGS
    has_body = any(fields.get(key) for key in ("content", "embeds", "components", "attachments"))
    if not has_body:
        raise ApiError(400, 50006, "Cannot send an empty message")
    fields["flags"] = flags
    fields["tts"] = bool(form.get("tts"))
    if form.get("nonce") is not None:
        fields["nonce"] = form["nonce"]
    allowed = form.get("allowed_mentions")
    users, roles, everyone = _mentions(call, channel, form, fields.get("content") or "")
    reference = form.get("message_reference")
    if isinstance(reference, dict) and reference.get("message_id"):
        original = call.world.message(channel.id, snowflake(reference["message_id"], "message_reference"))
        if original is None and reference.get("fail_if_not_exists", True):
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        fields["type"] = 19
        fields["reference"] = {
            "type": 0,
            "message_id": str(reference["message_id"]),
            "channel_id": str(channel.id),
            **({"guild_id": str(channel.guild_id)} if channel.guild_id else {}),
        }
        pings_author = not isinstance(allowed, dict) or allowed.get("replied_user", True)
        if original is not None and pings_author and original.author_id not in users:
            users = [*users, original.author_id]
    fields |= {"mentions": users, "mention_roles": roles, "mention_everyone": everyone}
    return fields


def edit_fields(
    call: Call, form: dict[str, Any], *, channel: Channel, standing: Message | None = None
) -> dict[str, Any]:
    """The checked fields that the form has; null empties a field. ``standing`` is the message that is edited."""
    fields: dict[str, Any] = {}
    if "content" in form:
        content = form["content"] or ""
        if not isinstance(content, str):
            raise invalid_form("content", "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        if len(content) > _MAX_CONTENT:
            raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", f"Must be {_MAX_CONTENT} or fewer in length.")
        fields["content"] = content
        if standing is not None:
            users, roles, everyone = _mentions(call, channel, form, content)
            fields |= {"mentions": users, "mention_roles": roles, "mention_everyone": everyone}
    if "embeds" in form or "embed" in form:
        embeds = form.get("embeds") or ([form["embed"]] if form.get("embed") else [])
        fields["embeds"] = _embeds(embeds)
    if "components" in form:
        standing_flags = standing.flags if standing is not None else 0
        fields["components"] = shown(form["components"] or [], flags=form.get("flags") or standing_flags)
    named = form.get("attachments")
    if call.files or named is not None:
        standing_files = standing.attachments if standing is not None else []
        wanted = {str(item.get("id")) for item in named or ()}
        # Without a list of attachments an edit keeps what is there; with one, only what it names.
        kept = [file for file in standing_files if named is None or file["id"] in wanted]
        fields["attachments"] = [*kept, *keep_uploads(call, named or []).values()]
    if len(fields.get("attachments", ())) > _MAX_FILES:
        raise invalid_form("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {_MAX_FILES} or fewer in length.")
    return fields


def _embeds(raw: Any) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or len(raw) > _MAX_EMBEDS:
        raise invalid_form("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {_MAX_EMBEDS} or fewer in length.")
    total = 0
    shown: list[dict[str, Any]] = []
    for index, embed in enumerate(raw):
        for key, limit in _EMBED_LIMITS.items():
            if len(embed.get(key) or "") > limit:
                message = f"Must be {limit} or fewer in length."
                raise invalid_form(f"embeds.{index}.{key}", "BASE_TYPE_MAX_LENGTH", message)
            total += len(embed.get(key) or "")
        fields = embed.get("fields") or []
        if len(fields) > _MAX_FIELDS:
            raise invalid_form(f"embeds.{index}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        for number, field in enumerate(fields):
            for key, limit in (("name", 256), ("value", 1024)):
                if not 1 <= len(field.get(key) or "") <= limit:
                    message = f"Must be between 1 and {limit} in length."
                    raise invalid_form(f"embeds.{index}.fields.{number}.{key}", "BASE_TYPE_BAD_LENGTH", message)
                total += len(field[key])
        total += len((embed.get("footer") or {}).get("text") or "")
        total += len((embed.get("author") or {}).get("name") or "")
        kept = {key: value for key, value in embed.items() if value is not None and key in _EMBED_KEYS}
        for key in _EMBED_PARTS & kept.keys():
            kept[key] = {name: value for name, value in kept[key].items() if value is not None}
        if "fields" in kept:
            kept["fields"] = [
                {"name": field["name"], "value": field["value"], "inline": bool(field.get("inline"))}
                for field in fields
            ]
        shown.append({"type": "rich", **kept})
    if total > _MAX_EMBED_CHARACTERS:
        message = f"Embed size exceeds maximum size of {_MAX_EMBED_CHARACTERS}"
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", message)
    return shown


def _mentions(call: Call, channel: Channel, form: dict[str, Any], content: str) -> tuple[list[int], list[int], bool]:
    """Who is pinged: those whom the text names and ``allowed_mentions`` allows."""
    users, roles, everyone = call.world.mentions_in(channel, content)
    allowed = form.get("allowed_mentions")
    if isinstance(allowed, dict):
        return _allowed(allowed, users, roles, everyone=everyone)
    return users, roles, everyone


def keep_uploads(call: Call, named: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The uploads of this request, by number; the form may give each a description and another name."""
    about = {str(item.get("id")): item for item in named}
    attachments: dict[int, dict[str, Any]] = {}
    uploads: dict[int, tuple[str, bytes]] = call.context.rooms.setdefault("uploads", {})
    for number, (uploaded_as, content_type, content) in call.files.items():
        told = about.get(str(number), {})
        name = _UNSAFE.sub("_", told.get("filename") or uploaded_as)[:256] or "file"
        attachment_id = call.world.snowflakes.make()
        uploads[attachment_id] = (content_type, content)
        while len(uploads) > _UPLOADS_KEPT:
            uploads.pop(next(iter(uploads)))
        url = f"{call.context.url}/cdn/attachments/{attachment_id}/{name}"
        attachments[number] = {
            "id": str(attachment_id),
            "filename": name,
            "size": len(content),
            "url": url,
            "proxy_url": url,
            "content_type": content_type,
            **({"description": told["description"]} if told.get("description") else {}),
            **({"width": 400, "height": 300} if content_type in _IMAGES else {}),
        }
    return attachments


def _allowed(
    allowed: dict[str, Any], users: list[int], roles: list[int], *, everyone: bool
) -> tuple[list[int], list[int], bool]:
    """https://discord.com/developers/docs/resources/message#allowed-mentions-object"""
    parse = allowed.get("parse") or []
    named_users = {snowflake(user, "allowed_mentions.users") for user in allowed.get("users") or ()}
    named_roles = {snowflake(role, "allowed_mentions.roles") for role in allowed.get("roles") or ()}
    if ("users" in parse and named_users) or ("roles" in parse and named_roles):
        text = "parse and the list of the same kind exclude each other."
        raise invalid_form("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text)
    return (
        [user for user in users if "users" in parse or user in named_users],
        [role for role in roles if "roles" in parse or role in named_roles],
        everyone and "everyone" in parse,
    )


def nonce_twin(call: Call, channel: Channel, form: dict[str, Any]) -> Message | None:
    """With ``enforce_nonce``: the author's recent message of the same nonce, which is returned instead."""
    if not form.get("enforce_nonce") or form.get("nonce") is None:
        return None
    for seen, message in enumerate(call.world.history(channel.id)):
        if seen > _UPLOADS_KEPT:
            return None
        if message.author_id == call.me.id and message.nonce == form["nonce"]:
            return message
    return None
