"""Security headers on every answer, whatever produced it."""

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from skynetbot.web.config import WebConfig

__all__ = ["SecurityHeaders"]


class SecurityHeaders:
    """A ``before_send`` hook. Pages may run only our own files, be framed by nobody and post only to us."""

    def __init__(self, config: WebConfig) -> None:
        cdn = urlsplit(config.images_from)
        images = "'self' data:" + (f" {cdn.scheme}://{cdn.netloc}" if cdn.netloc else "")
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
                f"img-src {images}; connect-src 'self'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        }
        if config.origin.startswith("https:"):
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, message: Message, _scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._headers.items():
            headers[name] = value
        if "cache-control" not in headers:
            # What a login shows must not outlive it in a cache or behind the back button.
            headers["Cache-Control"] = "no-store"
