"""Cross-site request forgery: every unsafe request must carry its session's own token.

The token is in the session, not in a second cookie, so planting cookies does not help an attacker. Browsers that
tell where a request comes from (Sec-Fetch-Site, Origin) are held to it besides.
"""

from hmac import compare_digest
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from skynetbot.web.site import Site

__all__ = ["FORM_FIELD", "HEADER", "TAKES_FILES", "CsrfRefused", "require_csrf"]

FORM_FIELD: Final = "_csrf"
HEADER: Final = "x-csrf-token"
TAKES_FILES: Final = "takes_files"
"""A handler's option: its forms may be ``multipart/form-data``; it closes the form."""
_FORM: Final = "application/x-www-form-urlencoded"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(HTTPException):
    status_code = 403
    detail = "This form is too old or did not come from this site. Reload the page and send it again."


async def require_csrf(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of the whole application. Raises CsrfRefused, or NotSignedIn without a session."""
    if connection.scope.get("method") in _SAFE:
        return
    site: Site = connection.app.state.site
    request: Request[Any, Any, Any] = Request(connection.scope, connection.receive, connection.send)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CsrfRefused
    if request.headers.get("origin", site.config.origin) != site.config.origin:
        raise CsrfRefused
    session = await site.door.signed_in(request)
    given = request.headers.get(HEADER)
    # Files are read for the handlers that take some, and for nobody else.
    if given is None and (request.content_type[0] == _FORM or handler.opt.get(TAKES_FILES)):
        form = await request.form()
        given = form.get(FORM_FIELD)
        if not _same(given, session.csrf_token):
            await form.close()
    if not _same(given, session.csrf_token):
        raise CsrfRefused


def _same(given: object, token: str) -> bool:
    return isinstance(given, str) and compare_digest(given.encode(), token.encode())
