"""A feature's settings as a form: nothing typed is ever lost, whoever else saves."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect

from skynetbot.web.access import GuildAccess
from skynetbot.web.forms import changes_of, widgets
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite
from skynetbot.web.settings_port import NotAllowed, SectionView, SettingsConflict, SettingsMoved, SettingsRejected
from skynetbot.web.site import Site

__all__ = ["reset_settings", "save_settings", "settings_form"]


@get("/servers/{guild_id:int}/settings/{feature:str}")
async def settings_form(request: AnyRequest, access: Access, site: TheSite, feature: str) -> Response[str]:
    section = await site.ports.settings.section(access.guild.id, feature, access.level)
    done = next((name for name in ("saved", "reset") if name in request.query_params), "")
    return await _page(site, access, section, version=section.version, done=done)


@post("/servers/{guild_id:int}/settings/{feature:str}", status_code=303)
async def save_settings(request: AnyRequest, access: Access, site: TheSite, feature: str) -> Response[str]:
    """Save, or show the form again with what was typed: 422 with bad fields named, 409 when somebody changed the same
    fields meanwhile, 403 when the right to do so is gone."""
    guild_id = access.guild.id
    shown = await site.ports.settings.section(guild_id, feature, access.level)
    form = await request.form()
    changes = changes_of(shown, form)
    text = str(form.get("_version", ""))
    # A form without its version counts as old: saving over somebody's work needs a deliberate second press.
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
    try:
        await site.ports.settings.update(guild_id, feature, changes, actor=access.actor(), expected_version=version)
    except SettingsRejected as rejected:
        # The form keeps the version that its reader saw, so a clash still shows on the next try.
        kept = version if version >= 0 else shown.version
        return await _page(site, access, shown, version=kept, status=422, typed=changes, errors=dict(rejected.errors))
    except SettingsConflict as clash:
        mine = {name: wished for name, (_, wished) in clash.fields.items()}
        return await _page(
            site,
            access,
            clash.current,
            version=clash.current.version,
            status=409,
            typed={**clash.merged, **mine},
            conflicts=clash.fields,
        )
    except SettingsMoved:
        # Others save without a pause; what was typed waits in the form.
        return await _page(site, access, shown, version=version, status=409, typed=changes)
    except NotAllowed:
        current = await site.ports.settings.section(guild_id, feature, access.level)
        return await _page(site, access, current, version=version, status=403, typed=changes)
    return Redirect(f"/servers/{guild_id}/settings/{feature}?saved=1", status_code=303)


@post("/servers/{guild_id:int}/settings/{feature:str}/reset", status_code=303)
async def reset_settings(access: Access, site: TheSite, feature: str) -> Redirect:
    await site.ports.settings.reset(access.guild.id, feature, actor=access.actor())
    return Redirect(f"/servers/{access.guild.id}/settings/{feature}?reset=1", status_code=303)


async def _page(
    site: Site,
    access: GuildAccess,
    section: SectionView,
    *,
    version: int,
    status: int = 200,
    done: str = "",
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    conflicts: Mapping[str, tuple[Any, Any]] | None = None,
) -> Response[str]:
    guild_id = access.guild.id
    newest = []
    if conflicts:
        newest = list(await site.ports.settings.history(guild_id, feature=section.feature, before=None, limit=1))
    return site.pages.page(
        "settings.html",
        session=access.session,
        status=status,
        guild=access.guild,
        sections=await site.ports.settings.sections(guild_id, access.level),
        section=section,
        here=section.feature,
        widgets=widgets(section, site.ports.guilds, guild_id, typed=typed, errors=errors, conflicts=conflicts),
        done=done,
        conflict=status == 409,
        other=newest[0] if newest else None,
        errors=errors or {},
        version=version,
    )
