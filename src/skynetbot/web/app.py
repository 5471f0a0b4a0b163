"""The dashboard as a Litestar application, made from ports and configuration."""

from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from skynetbot.web.config import WebConfig
from skynetbot.web.csrf import require_csrf
from skynetbot.web.errors import ERROR_HANDLERS
from skynetbot.web.headers import SecurityHeaders
from skynetbot.web.ports import WebPorts
from skynetbot.web.routes import (
    api,
    api_settings,
    health,
    history,
    login,
    public,
    servers,
    settings,
    timers,
    transfer,
)
from skynetbot.web.routes.parameters import provide_access, provide_site
from skynetbot.web.site import Site

__all__ = ["create_app"]

_MAX_BODY_BYTES: Final = 64 * 1024


def create_app(ports: WebPorts, config: WebConfig) -> Litestar:
    """Build the application; it holds no global state, so several may live in one process."""
    site = Site(ports, config)
    guild_routes = Router(
        path="/",
        route_handlers=[
            servers.server,
            servers.live,
            settings.settings_form,
            settings.save_settings,
            settings.reset_settings,
            history.history,
            history.undo,
            history.restore_preview,
            history.restore,
            transfer.transfer,
            transfer.export,
            transfer.import_preview,
            transfer.take_import,
            timers.timers,
            timers.run_again,
            timers.api_timers,
            api.api_server,
            api.api_settings,
            api.api_patch_settings,
            api_settings.api_history,
            api_settings.api_undo,
            api_settings.api_restore,
            api_settings.api_export,
            api_settings.api_import,
        ],
        dependencies={"access": Provide(provide_access)},
    )
    return Litestar(
        route_handlers=[
            public.landing,
            public.static_file,
            login.login,
            login.callback,
            login.logout,
            servers.servers,
            api.api_me,
            guild_routes,
            health.healthz,
            health.readyz,
            health.metrics,
        ],
        dependencies={"site": Provide(provide_site)},
        guards=[require_csrf],
        exception_handlers=ERROR_HANDLERS,
        before_send=[SecurityHeaders(config)],
        on_shutdown=[site.close],
        request_max_body_size=_MAX_BODY_BYTES,
        state=State({"site": site}, deep_copy=False),
        openapi_config=None,
        logging_config=None,
    )
