"""A feature's settings as a form: nothing typed is ever lost, whoever else saves."""

from litestar import Response, get, post
from litestar.response import Redirect

from skynetbot.web.forms import changes_of, widgets
from skynetbot.web.ports import SettingsConflict, SettingsRejected
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite

__all__ = ["save_settings", "settings_form"]


@get("/servers/{guild_id:int}/settings/{feature:str}")
async def settings_form(request: AnyRequest, access: Access, site: TheSite, feature: str) -> Response[str]:
    section = await site.ports.settings.section(access.guild.id, feature)
    return site.pages.page(
        "settings.html",
        session=access.session,
        guild=access.guild,
        sections=await site.ports.settings.sections(access.guild.id),
        section=section,
        widgets=widgets(section, site.ports.guilds, access.guild.id),
        saved="saved" in request.query_params,
        conflict=False,
        errors={},
        version=section.version,
    )


@post("/servers/{guild_id:int}/settings/{feature:str}", status_code=303)
async def save_settings(request: AnyRequest, access: Access, site: TheSite, feature: str) -> Response[str]:
    """Save, or show the form again with what was typed: 422 with bad fields named, 409 when somebody was faster."""
    guild_id = access.guild.id
    shown = await site.ports.settings.section(guild_id, feature)
    form = await request.form()
    changes = changes_of(shown, form)
    version = str(form.get("_version", ""))
    errors: dict[str, str] = {}
    conflict = False
    try:
        await site.ports.settings.update(
            guild_id,
            feature,
            changes,
            author_id=access.session.user_id,
            author_name=access.session.user_name,
            # A form without its version counts as old: saving over somebody's work needs a deliberate second press.
            expected_version=int(version) if version.isascii() and version.isdigit() else -1,
        )
    except SettingsRejected as rejected:
        errors = dict(rejected.errors)
    except SettingsConflict as clash:
        conflict, shown = True, clash.current
    else:
        return Redirect(f"/servers/{guild_id}/settings/{feature}?saved=1", status_code=303)
    return site.pages.page(
        "settings.html",
        session=access.session,
        status=409 if conflict else 422,
        guild=access.guild,
        sections=await site.ports.settings.sections(guild_id),
        # A rejected form keeps the version that its reader saw, so a clash still shows on the next try.
        section=shown,
        widgets=widgets(shown, site.ports.guilds, guild_id, typed=changes, errors=errors, show_theirs=conflict),
        saved=False,
        conflict=conflict,
        errors=errors,
        version=int(version) if errors and version.isascii() and version.isdigit() else shown.version,
    )
