"""What all handlers share: ports, configuration and the services of the web room."""

import time
from collections.abc import Callable

from skynetbot.web.access import GuildDoor
from skynetbot.web.assets import Assets
from skynetbot.web.config import WebConfig
from skynetbot.web.limits import AttemptLimit
from skynetbot.web.oauth import DiscordOAuth
from skynetbot.web.pages import Pages
from skynetbot.web.ports import WebPorts
from skynetbot.web.sessions import Sessions
from skynetbot.web.streams import StreamRegistry

__all__ = ["Site"]


class Site:
    """Built once for each application; handlers get it as the dependency ``site``."""

    def __init__(self, ports: WebPorts, config: WebConfig, now: Callable[[], float] = time.time) -> None:
        self.ports = ports
        self.config = config
        self.now = now
        self.assets = Assets()
        self.sessions = Sessions(ports.sessions, config)
        self.oauth = DiscordOAuth(config)
        self.door = GuildDoor(self.sessions, self.oauth, ports.guilds, ports.settings, config, now)
        self.login_limit = AttemptLimit(config.login_limit_per_minute)
        self.streams = StreamRegistry(config.max_streams_per_session)
        self.pages = Pages(self.assets, config)

    async def close(self) -> None:
        self.streams.close()
        await self.oauth.close()

    def stats(self) -> dict[str, int]:
        return {**self.streams.stats(), **self.login_limit.stats()}
