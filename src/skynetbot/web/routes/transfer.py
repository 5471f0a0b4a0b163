"""All settings of a server as a file: get it, and take one in after a look at what it changes."""

from typing import Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from skynetbot.web.access import GuildAccess
from skynetbot.web.csrf import TAKES_FILES
from skynetbot.web.diffs import diff_sections
from skynetbot.web.routes.parameters import Access, AnyRequest, TheSite, whole_number
from skynetbot.web.settings_port import ImportRejected, SettingsMoved
from skynetbot.web.site import Site

__all__ = ["MAX_UPLOAD", "export", "import_preview", "take_import", "transfer"]

MAX_UPLOAD: Final = (1 << 20) + (64 << 10)
"""A document of 1 MiB with what a form adds to it."""


@get("/servers/{guild_id:int}/transfer")
async def transfer(access: Access, site: TheSite) -> Response[str]:
    return await _page(site, access)


@get("/servers/{guild_id:int}/transfer/export")
async def export(access: Access, site: TheSite) -> Response[bytes]:
    body = await site.ports.settings.export(access.guild.id)
    name = f"settings-{access.guild.id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)


@post(
    "/servers/{guild_id:int}/transfer/preview",
    status_code=200,
    request_max_body_size=MAX_UPLOAD,
    opt={TAKES_FILES: True},
)
async def import_preview(request: AnyRequest, access: Access, site: TheSite) -> Response[str]:
    """Show what an uploaded file would change; nothing is changed yet."""
    form = await request.form()
    file = form.get("file")
    document = await file.read() if isinstance(file, UploadFile) else b""
    await form.close()
    if not document:
        return await _page(site, access, problems=("Choose a file first; it must not be empty.",))
    return await _preview(site, access, document)


@post(
    "/servers/{guild_id:int}/transfer/import",
    status_code=303,
    request_max_body_size=MAX_UPLOAD,
    opt={TAKES_FILES: True},
)
async def take_import(request: AnyRequest, access: Access, site: TheSite) -> Response[str]:
    """Take in what the preview showed, if nothing was changed since; otherwise show a new preview."""
    form = await request.form()
    document = str(form.get("document", "")).encode()
    revision = whole_number(form.get("_revision"))
    await form.close()
    try:
        changed = await site.ports.settings.import_document(
            access.guild.id,
            document,
            actor=access.actor(),
            expected_revision=-1 if revision is None else revision,
        )
    except SettingsMoved:
        return await _preview(site, access, document, moved=True)
    except ImportRejected as rejected:
        return await _page(site, access, problems=rejected.problems)
    return Redirect(f"/servers/{access.guild.id}/history?imported={len(changed)}", status_code=303)


async def _preview(site: Site, access: GuildAccess, document: bytes, *, moved: bool = False) -> Response[str]:
    guild_id = access.guild.id
    try:
        plan = await site.ports.settings.plan_import(guild_id, document, actor=access.actor())
    except ImportRejected as rejected:
        return await _page(site, access, problems=rejected.problems)
    return site.pages.page(
        "plan.html",
        session=access.session,
        status=409 if moved else 200,
        guild=access.guild,
        sections=await site.ports.settings.sections(guild_id, access.level),
        here="transfer",
        kind="import",
        number=0,
        diffs=diff_sections(plan.sections, site.ports.guilds, guild_id),
        revision=plan.revision,
        # It was read as JSON, so it is UTF-8.
        document=document.decode(),
        moved=moved,
    )


async def _page(site: Site, access: GuildAccess, *, problems: tuple[str, ...] = ()) -> Response[str]:
    return site.pages.page(
        "transfer.html",
        session=access.session,
        status=422 if problems else 200,
        guild=access.guild,
        sections=await site.ports.settings.sections(access.guild.id, access.level),
        here="transfer",
        problems=problems,
    )
