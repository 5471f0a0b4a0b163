"""Puts the parts together: hikari's REST client and factories, our event manager, our shards, our state of servers."""

import functools
import gc
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final

import hikari
from hikari.api import (
    entity_factory as entity_factory_api,
)
from hikari.api import (
    rest as rest_api,
)
from hikari.api import (
    shard as shard_api,
)
from hikari.impl import (
    config as config_impl,
)
from hikari.impl import (
    entity_factory as entity_factory_impl,
)
from hikari.impl import (
    event_factory as event_factory_impl,
)
from hikari.impl import (
    rest as rest_impl,
)
from typing_extensions import override

from skynetbot.discord.events import EventManager
from skynetbot.discord.messages import decode_payload
from skynetbot.discord.shard import Shard, ShardSession
from skynetbot.discord.state.state import EVENTS, GuildState
from skynetbot.discord.supervisor import IdentifyGate, ShardSupervisor
from skynetbot.observability.metrics import Metrics

__all__ = ["INTENTS", "DiscordClient"]

INTENTS: Final = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MEMBERS
    | hikari.Intents.GUILD_MODERATION
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.GUILD_MESSAGE_REACTIONS
    | hikari.Intents.DM_MESSAGES
    | hikari.Intents.MESSAGE_CONTENT
)

_GC_THRESHOLDS: Final = (100_000, 50, 100)


class DiscordClient(hikari.RESTAware):
    """Everything that speaks to Discord. ``start`` connects REST, ``run`` keeps the gateway, ``close`` ends both."""

    def __init__(self, *, token: str, api_url: str, metrics: Metrics, shard_count: int = 0) -> None:
        self._token = token
        self._metrics = metrics
        self._shard_count = shard_count
        self._http_settings = config_impl.HTTPSettings()
        self._proxy_settings = config_impl.ProxySettings()
        self._entity_factory = entity_factory_impl.EntityFactoryImpl(self)
        self._event_factory = event_factory_impl.EventFactoryImpl(self)
        self.events = EventManager(
            self._entity_factory,
            self._event_factory,
            INTENTS,
            auto_chunk_members=False,
            metrics=metrics,
        )
        self.state = GuildState()
        # Before every other listener, so that they find what their event says in the state already.
        for event in EVENTS:
            self.events.on_raw(event, functools.partial(self.state.on, event))
        metrics.gauge_at_exposition(
            "skynetbot_guild_state_bytes", "Memory of the packed state of all servers.", self.state.bytes
        )
        self._rest = rest_impl.RESTClientImpl(
            cache=None,
            entity_factory=self._entity_factory,
            executor=None,
            http_settings=self._http_settings,
            proxy_settings=self._proxy_settings,
            max_retries=3,
            rest_url=api_url,
            token=token,
            token_type=hikari.TokenType.BOT,
        )
        self.supervisor: ShardSupervisor | None = None
        self.shard_count = 0
        """How many shards all processes have together; 0 before the gateway is prepared."""
        self.application_id: hikari.Snowflake | None = None

    async def start(self) -> None:
        """Connect REST and learn who we are.

        Raises:
            hikari.UnauthorizedError: the token is not valid.
        """
        self._rest.start()
        application = await self._rest.fetch_application()
        self.application_id = application.id

    async def prepare_gateway(
        self, sessions: Callable[[int], Awaitable[Mapping[int, ShardSession]]] | None = None
    ) -> ShardSupervisor:
        """Ask Discord where to connect and with how many shards; the supervisor is to be run by the caller.

        ``sessions`` is asked, with the number of shards, which sessions of an earlier process can be resumed.
        """
        info = await self._rest.fetch_gateway_bot_info()
        count = self._shard_count or info.shard_count

        def factory(shard_id: int) -> Shard:
            return Shard(
                compression=shard_api.GatewayCompression.TRANSPORT_ZSTD_STREAM,
                loads=decode_payload,
                intents=INTENTS,
                shard_id=shard_id,
                shard_count=count,
                http_settings=self._http_settings,
                proxy_settings=self._proxy_settings,
                event_manager=self.events,
                event_factory=self._event_factory,
                token=self._token,
                url=info.url,
            )

        self.supervisor = ShardSupervisor(
            {shard_id: functools.partial(factory, shard_id) for shard_id in range(count)},
            IdentifyGate(info.session_start_limit.max_concurrency),
            self._metrics,
            sessions=await sessions(count) if sessions is not None else None,
        )
        self.shard_count = count
        return self.supervisor

    @staticmethod
    def settle_memory() -> None:
        """Call once the servers are loaded: what stands now is left out of every later garbage collection.

        Measured to be worth as much as switching the collector off, which would leak cycles.
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)

    async def close(self) -> None:
        if self._rest.is_alive:
            await self._rest.close()

    # What hikari's parts ask of the application that owns them.

    @property
    @override
    def rest(self) -> rest_api.RESTClient:
        return self._rest

    @property
    @override
    def entity_factory(self) -> entity_factory_api.EntityFactory:
        return self._entity_factory

    @property
    @override
    def executor(self) -> Executor | None:
        return None

    @property
    @override
    def http_settings(self) -> config_impl.HTTPSettings:
        return self._http_settings

    @property
    @override
    def proxy_settings(self) -> config_impl.ProxySettings:
        return self._proxy_settings

    @property
    def intents(self) -> hikari.Intents:
        return INTENTS

    @property
    def is_alive(self) -> bool:
        return self._rest.is_alive

    @property
    def shards(self) -> Mapping[int, Any]:
        return self.supervisor.shards if self.supervisor else {}
