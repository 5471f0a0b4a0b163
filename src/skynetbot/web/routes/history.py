"""What was changed in a server's settings: pages of differences, undo, and going back to a point."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from skynetbot.web.access import GuildAccess
from skynetbot.web.diffs import diff_sections
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite, whole_number
from skynetbot.web.settings_port import SettingsMoved, SettingsRejected, UndoConflict, UnknownFeature
from skynetbot.web.site import Site

__all__ = ["history", "restore", "restore_preview", "undo"]

_PAGE: Final = 20


@get("/servers/{guild_id:int}/history")
async def history(request: AnyRequest, access: Access, site: TheSite) -> Response[str]:
    guild_id = access.guild.id
    sections = await site.ports.settings.sections(guild_id, access.level)
    feature = request.query_params.get("feature") or None
    if feature is not None and feature not in {section.feature for section in sections}:
        raise UnknownFeature(feature)
    before = whole_number(request.query_params.get("before"))
    # One more than is shown tells whether there is another page.
    found = await site.ports.settings.history(guild_id, feature=feature, before=before, limit=_PAGE + 1)
    refusals = {section.feature: section.refusal for section in sections}
    changes = [
        {
            "record": record,
            "diff": diff_sections([record.section], site.ports.guilds, guild_id)[0],
            "refusal": refusals.get(record.section.feature, ""),
        }
        for record in found[:_PAGE]
    ]
    done = {name: whole_number(request.query_params.get(name)) for name in ("undone", "same", "restored", "imported")}
    return site.pages.page(
        "history.html",
        session=access.session,
        guild=access.guild,
        sections=sections,
        here="history",
        feature=feature,
        changes=changes,
        older=found[_PAGE - 1].number if len(found) > _PAGE else None,
        is_first=before is None,
        done=done,
    )


@post("/servers/{guild_id:int}/history/{number:int}/undo", status_code=303)
async def undo(access: Access, site: TheSite, number: int) -> Response[str]:
    """Take one change back, or show what stands in the way."""
    guild_id = access.guild.id
    try:
        changed = await site.ports.settings.undo(guild_id, number, actor=access.actor())
    except UndoConflict as conflict:
        clashes = diff_sections([conflict.section], site.ports.guilds, guild_id)
        return await _refused(site, access, number, 409, clashes=clashes)
    except SettingsRejected as rejected:
        return await _refused(site, access, number, 422, errors=tuple(rejected.errors.values()))
    return Redirect(f"/servers/{guild_id}/history?{'undone' if changed else 'same'}={number}", status_code=303)


@get("/servers/{guild_id:int}/history/{number:int}/restore")
async def restore_preview(access: Access, site: TheSite, number: int) -> Response[str]:
    return await _preview(site, access, number)


@post("/servers/{guild_id:int}/history/{number:int}/restore", status_code=303)
async def restore(request: AnyRequest, access: Access, site: TheSite, number: int) -> Response[str]:
    """Go back to right after a change, if nothing was changed since the preview; otherwise show a new one."""
    revision = whole_number((await request.form()).get("_revision"))
    try:
        await site.ports.settings.restore(
            # Without its revision a form counts as old.
            access.guild.id,
            number,
            actor=access.actor(),
            expected_revision=-1 if revision is None else revision,
        )
    except SettingsMoved:
        return await _preview(site, access, number, moved=True)
    return Redirect(f"/servers/{access.guild.id}/history?restored={number}", status_code=303)


async def _preview(site: Site, access: GuildAccess, number: int, *, moved: bool = False) -> Response[str]:
    guild_id = access.guild.id
    plan = await site.ports.settings.plan_restore(guild_id, number, actor=access.actor())
    return site.pages.page(
        "plan.html",
        session=access.session,
        status=409 if moved else 200,
        guild=access.guild,
        sections=await site.ports.settings.sections(guild_id, access.level),
        here="history",
        kind="restore",
        number=number,
        diffs=diff_sections(plan.sections, site.ports.guilds, guild_id),
        revision=plan.revision,
        document="",
        moved=moved,
    )


async def _refused(
    site: Site, access: GuildAccess, number: int, status: int, *, clashes: Any = (), errors: tuple[str, ...] = ()
) -> Response[str]:
    return site.pages.page(
        "undo.html",
        session=access.session,
        status=status,
        guild=access.guild,
        sections=await site.ports.settings.sections(access.guild.id, access.level),
        here="history",
        number=number,
        clashes=clashes,
        errors=errors,
    )
