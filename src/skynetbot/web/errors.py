"""Everything that goes wrong, told plainly: a page for people, a JSON body for programs."""

from typing import Any, Final
from urllib.parse import quote

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from skynetbot.observability.logs import get_logger
from skynetbot.web.access import BotAbsent, NoPermission, NotSignedIn
from skynetbot.web.sessions import known_session, session_of
from skynetbot.web.settings_port import NotAllowed, SettingsMoved, UnknownChange, UnknownFeature
from skynetbot.web.site import Site

__all__ = ["ERROR_HANDLERS", "wants_json"]

_log = get_logger(__name__)
_TITLES: Final = {
    400: "That request makes no sense",
    401: "Log in first",
    403: "You may not do that",
    404: "Not found",
    405: "That does not work here",
    409: "Somebody was faster",
    413: "That is too much",
    429: "Slow down",
    503: "Not available right now",
}
_DETAILS: Final = {
    404: "There is nothing at this address. It may have moved, or the link is wrong.",
    405: "This address does not take that kind of request.",
    413: "That is larger than we take: 64 KiB for a form, 1 MiB for a file of settings.",
}


def wants_json(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith("/api/")


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    site: Site = request.app.state.site
    status = error.status_code
    if status >= 500 and status != 503:
        return _unexpected(request, error)
    detail = _DETAILS.get(status, error.detail) if type(error).__module__.startswith("litestar") else error.detail
    if wants_json(request):
        return Response(
            {"error": {"status": status, "message": detail}},
            media_type=MediaType.JSON,
            status_code=status,
            headers=error.headers,
        )
    if isinstance(error, NotSignedIn) and request.method == "GET" and "/live" not in request.url.path:
        return Redirect(f"/login?next={quote(request.url.path, safe='/')}")
    response = site.pages.page(
        "error.html",
        session=session_of(request),
        # Nobody looked for a session when the address itself was wrong, and here is no time to.
        known=known_session(request),
        status=status,
        title=_title(error),
        detail=detail,
        code=status,
        guild=getattr(error, "guild", None),
        invite=isinstance(error, BotAbsent),
    )
    response.headers.update(error.headers or {})
    return response


def _title(error: HTTPException) -> str:
    match error:
        case BotAbsent(guild=guild):
            return f"SkynetBot is not in {guild.name}"
        case NoPermission(guild=guild):
            return f"You cannot manage {guild.name}"
        case _:
            return _TITLES.get(error.status_code, "Something is wrong")


def _unknown_feature(request: Request[Any, Any, Any], _error: UnknownFeature) -> Response[Any]:
    return _http_error(request, HTTPException(status_code=404))


def _unknown_change(request: Request[Any, Any, Any], error: UnknownChange) -> Response[Any]:
    return _http_error(request, _Told(status_code=404, detail=str(error)))


def _moved(request: Request[Any, Any, Any], error: SettingsMoved) -> Response[Any]:
    return _http_error(request, _Told(status_code=409, detail=str(error)))


def _not_allowed(request: Request[Any, Any, Any], error: NotAllowed) -> Response[Any]:
    return _http_error(request, _Told(status_code=403, detail=str(error)))


class _Told(HTTPException):
    """An error whose detail is ours, to be shown as it is."""


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The boundary: whatever nobody expected is logged with its trace and told without it."""
    _log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    detail = "The mistake is ours and has been logged. Try again in a moment."
    if wants_json(request):
        body = {"error": {"status": 500, "message": detail}}
        return Response(body, media_type=MediaType.JSON, status_code=500)
    site: Site = request.app.state.site
    return site.pages.page(
        "error.html",
        status=500,
        title="Something broke",
        detail=detail,
        code=500,
        known=False,
        guild=None,
        invite=False,
    )


ERROR_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    HTTPException: _http_error,
    UnknownFeature: _unknown_feature,
    UnknownChange: _unknown_change,
    NotAllowed: _not_allowed,
    SettingsMoved: _moved,
    Exception: _unexpected,
}
