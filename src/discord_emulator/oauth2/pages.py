"""The consent page: plain HTML that works without script, its style sheet named by hash in the CSP."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final

from discord_emulator.entities import Application, Guild, User

__all__ = ["PAGE_HEADERS", "consent_page", "problem_page"]

_STYLE: Final = """
:root { color-scheme: dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #1e1f22;
  color: #dbdee1; font: 16px/1.45 system-ui, sans-serif; }
main { width: min(26rem, calc(100vw - 2rem)); box-sizing: border-box; background: #313338;
  border-radius: 12px; padding: 2rem; box-shadow: 0 8px 30px #0006; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; color: #fff; }
p { margin: .25rem 0 1rem; color: #b5bac1; }
ul { padding: 0; margin: 0 0 1.25rem; list-style: none; }
li { padding: .35rem 0; } li::before { content: "✓"; color: #23a55a; margin-right: .6rem; }
label { display: block; font-size: .8rem; font-weight: 600; color: #b5bac1; margin-bottom: .3rem; }
select { width: 100%; padding: .65rem; border-radius: 6px; background: #1e1f22; color: #fff;
  border: 1px solid #4e5058; font: inherit; margin-bottom: 1rem; }
.buttons { display: flex; justify-content: flex-end; gap: .75rem; margin-top: .5rem; }
button { font: inherit; font-weight: 600; border: 0; border-radius: 6px; padding: .6rem 1.1rem;
  cursor: pointer; color: #fff; background: #5865f2; }
button.quiet { background: transparent; color: #dbdee1; }
:focus-visible { outline: 3px solid #949cf7; outline-offset: 2px; }
small { color: #949ba4; }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_HEADERS: Final = {
    # form-action is left out: browsers apply it to the redirect after the form, whose target is the application's.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MEANING: Final = {
    "identify": "Know your username and avatar",
    "email": "Know your e-mail address",
    "guilds": "Know which servers you are in",
    "guilds.members.read": "Read your member record in those servers",
    "connections": "See your connected accounts",
    "applications.commands.permissions.update": "Change who may use its commands",
    "bot": "Add its bot to a server",
    "applications.commands": "Add its slash commands to a server",
}


def consent_page(
    application: Application,
    scopes: Sequence[str],
    people: Sequence[User],
    guilds: Sequence[Guild],
    query: str,
    chosen_guild: int | None,
) -> str:
    """Who are you, and do you agree; ``query`` goes back with the answer."""
    shown = "".join(f"<li>{escape(_MEANING.get(scope, scope))}</li>" for scope in scopes)
    users = "".join(
        f'<option value="{user.id}">{escape(user.global_name or user.username)}</option>' for user in people[:200]
    )
    servers = ""
    if "bot" in scopes:
        options = "".join(
            f'<option value="{guild.id}"{" selected" if guild.id == chosen_guild else ""}>{escape(guild.name)}</option>'
            for guild in guilds
        )
        servers = f'<label for="guild">Add to server</label><select id="guild" name="guild_id">{options}</select>'
    return _document(
        f"Authorize {application.name}",
        f"""<h1>{escape(application.name)}</h1>
<p>wants to access your account. It will be able to:</p>
<ul>{shown}</ul>
<form method="post" action="/oauth2/authorize?{escape(query)}">
<label for="user">You are</label><select id="user" name="user_id">{users}</select>
{servers}
<div class="buttons">
<button class="quiet" name="decision" value="cancel">Cancel</button>
<button name="decision" value="authorize" data-testid="authorize">Authorize</button>
</div></form>
<small>This is a local Discord for development; nobody's real account is involved.</small>""",
    )


def problem_page(message: str) -> str:
    return _document("Local Discord", f"<h1>Local Discord</h1><p>{escape(message)}</p>")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
