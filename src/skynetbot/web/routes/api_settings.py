"""The history of settings and their file as JSON; the same rules as in `api`."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from skynetbot.web.forms import json_value
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite, whole_number
from skynetbot.web.routes.transfer import MAX_UPLOAD
from skynetbot.web.settings_port import (
    ChangeRecord,
    ImportRejected,
    SectionDiff,
    SettingsMoved,
    SettingsRejected,
    UndoConflict,
)

__all__ = ["ChangeNumber", "api_export", "api_history", "api_import", "api_restore", "api_undo"]

_MOST: Final = 100
_MOVED: Final = "The settings were changed since the revision that you named."


class ChangeNumber(msgspec.Struct, forbid_unknown_fields=True):
    """``revision`` is the one of a dry run; with it, nothing is done when something was changed since."""

    number: int
    revision: int | None = None


@get("/api/servers/{guild_id:int}/settings/history")
async def api_history(request: AnyRequest, access: Access, site: TheSite) -> dict[str, Any]:
    """Newest first; ``before`` pages on from a number, ``limit`` is at most 100."""
    query = request.query_params
    limit = whole_number(query.get("limit"))
    changes = await site.ports.settings.history(
        access.guild.id,
        feature=query.get("feature"),
        before=whole_number(query.get("before")),
        limit=min(max(limit if limit is not None else 20, 1), _MOST),
    )
    return {"changes": [_record(change) for change in changes]}


@post("/api/servers/{guild_id:int}/settings/undo", status_code=200)
async def api_undo(access: Access, site: TheSite, data: ChangeNumber) -> Response[dict[str, Any]]:
    try:
        return _changed(await site.ports.settings.undo(access.guild.id, data.number, actor=access.actor("api")))
    except UndoConflict as conflict:
        return _error(409, str(conflict), conflict=_diff(conflict.section))
    except SettingsRejected as rejected:
        return _error(422, "The old values are not allowed any more.", fields=rejected.errors)


@post("/api/servers/{guild_id:int}/settings/restore", status_code=200)
async def api_restore(
    request: AnyRequest, access: Access, site: TheSite, data: ChangeNumber
) -> Response[dict[str, Any]]:
    """Go back to right after a change; with ``?dry_run=1`` only tell what that would change."""
    settings, guild_id, actor = site.ports.settings, access.guild.id, access.actor("api")
    if _is_dry(request):
        plan = await settings.plan_restore(guild_id, data.number, actor=actor)
        return _changed(plan.sections, revision=plan.revision)
    try:
        return _changed(await settings.restore(guild_id, data.number, actor=actor, expected_revision=data.revision))
    except SettingsMoved:
        return _error(409, _MOVED)


@get("/api/servers/{guild_id:int}/settings/export")
async def api_export(access: Access, site: TheSite) -> Response[bytes]:
    return Response(await site.ports.settings.export(access.guild.id), media_type="application/json")


@post("/api/servers/{guild_id:int}/settings/import", status_code=200, request_max_body_size=MAX_UPLOAD)
async def api_import(request: AnyRequest, access: Access, site: TheSite) -> Response[dict[str, Any]]:
    """Take in a document, which is the body; ``?dry_run=1`` only tells what it would change, and the revision that
    ``?revision=`` takes."""
    settings, guild_id, actor = site.ports.settings, access.guild.id, access.actor("api")
    document = await request.body()
    try:
        if _is_dry(request):
            plan = await settings.plan_import(guild_id, document, actor=actor)
            return _changed(plan.sections, revision=plan.revision)
        revision = whole_number(request.query_params.get("revision"))
        return _changed(await settings.import_document(guild_id, document, actor=actor, expected_revision=revision))
    except ImportRejected as rejected:
        return _error(422, "The document cannot be taken.", problems=rejected.problems)
    except SettingsMoved:
        return _error(409, _MOVED)


def _is_dry(request: AnyRequest) -> bool:
    return request.query_params.get("dry_run", "0") not in ("0", "false", "")


def _changed(sections: Any, **more: Any) -> Response[dict[str, Any]]:
    return Response({"changed": [_diff(section) for section in sections], **more})


def _error(status: int, message: str, **more: Any) -> Response[dict[str, Any]]:
    return Response({"error": {"status": status, "message": message, **more}}, status_code=status)


def _diff(section: SectionDiff) -> dict[str, Any]:
    return {
        "feature": section.feature,
        "fields": {
            diff.field.name: {
                "before": json_value(diff.field, diff.before),
                "after": json_value(diff.field, diff.after),
            }
            for diff in section.fields
        },
    }


def _record(change: ChangeRecord) -> dict[str, Any]:
    return {
        "number": change.number,
        "version": change.version,
        "at": change.at,
        "author": {"id": str(change.author_id), "name": change.author_name},
        "source": change.source,
        **_diff(change.section),
    }
