"""The same as JSON, for scripts in the logged-in browser: session cookie, and X-CSRF-Token to change anything."""

from typing import Any

import msgspec
from litestar import Response, get, patch

from skynetbot.web.forms import json_value
from skynetbot.web.ports import ActionRecord, MemberActivity
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite
from skynetbot.web.settings_port import (
    FieldView,
    SectionView,
    SettingsConflict,
    SettingsMoved,
    SettingsRejected,
)

__all__ = ["SettingsPatch", "api_me", "api_patch_settings", "api_server", "api_settings"]


class SettingsPatch(msgspec.Struct, forbid_unknown_fields=True):
    """``version`` is the one the caller saw; null changes these fields whatever stands."""

    changes: dict[str, Any]
    version: int | None = None


@get("/api/me")
async def api_me(request: AnyRequest, site: TheSite) -> dict[str, Any]:
    session = await site.door.signed_in(request)
    return {"id": str(session.user_id), "name": session.user_name, "csrf_token": session.csrf_token}


@get("/api/servers/{guild_id:int}")
async def api_server(access: Access, site: TheSite) -> dict[str, Any]:
    guild = access.guild
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": guild.icon,
        "member_count": guild.member_count,
        "totals": await site.ports.activity.totals(guild.id),
        "top": [_member(member) for member in await site.ports.activity.top(guild.id, 10)],
        "actions": [_action(action) for action in await site.ports.actions.recent(guild.id, 20)],
        "level": access.level,
        "settings": [
            {
                "feature": section.feature,
                "title": section.title,
                "version": section.version,
                "may_change": not section.refusal,
            }
            for section in await site.ports.settings.sections(guild.id, access.level)
        ],
    }


@get("/api/servers/{guild_id:int}/settings/{feature:str}")
async def api_settings(access: Access, site: TheSite, feature: str) -> dict[str, Any]:
    return _section(await site.ports.settings.section(access.guild.id, feature, access.level))


@patch("/api/servers/{guild_id:int}/settings/{feature:str}")
async def api_patch_settings(
    access: Access, site: TheSite, feature: str, data: SettingsPatch
) -> Response[dict[str, Any]]:
    """Change some fields. 422 names the bad ones; 409 comes with what stands now and what others changed too."""
    try:
        section = await site.ports.settings.update(
            access.guild.id,
            feature,
            data.changes,
            actor=access.actor("api"),
            expected_version=data.version,
        )
    except SettingsRejected as rejected:
        message = "Some values cannot be saved."
        body = {"error": {"status": 422, "message": message, "fields": rejected.errors}}
        return Response(body, status_code=422)
    except SettingsConflict as conflict:
        views = {view.name: view for view in conflict.current.fields}
        conflicts = {name: _pair(views[name], *pair) for name, pair in conflict.fields.items()}
        message = "Somebody else changed the same fields since you read them."
        told = {"message": message, "current": _section(conflict.current), "conflicts": conflicts}
        return Response({"error": {"status": 409, **told}}, status_code=409)
    except SettingsMoved as moved:
        return Response({"error": {"status": 409, "message": str(moved)}}, status_code=409)
    return Response(_section(section))


def _pair(field: FieldView, theirs: Any, mine: Any) -> dict[str, Any]:
    return {"theirs": json_value(field, theirs), "mine": json_value(field, mine)}


def _section(section: SectionView) -> dict[str, Any]:
    return {
        "feature": section.feature,
        "title": section.title,
        "version": section.version,
        "values": {field.name: json_value(field, field.value) for field in section.fields},
        "defaults": {field.name: json_value(field, field.default) for field in section.fields},
    }


def _member(member: MemberActivity) -> dict[str, Any]:
    return {**msgspec.to_builtins(member), "user_id": str(member.user_id)}


def _action(action: ActionRecord) -> dict[str, Any]:
    ids = {
        name: None if (value := getattr(action, name)) is None else str(value)
        for name in ("guild_id", "channel_id", "user_id")
    }
    return {**msgspec.to_builtins(action), **ids}
