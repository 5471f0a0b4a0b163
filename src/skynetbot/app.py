"""The composition root: builds the services of one process, starts them in order and stops them in reverse."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import hikari

from skynetbot import VERSION
from skynetbot.bus.contract import GAP_TOPIC
from skynetbot.bus.opening import bus_for
from skynetbot.bus.relay import RelayBus
from skynetbot.cache.metrics import publish_cache_metrics
from skynetbot.cache.pages import ServerPages
from skynetbot.cache.sessions import SessionCache, sessions_topic
from skynetbot.cache.snapshots import SnapshotCache
from skynetbot.cache.tiers import SharedTier
from skynetbot.dashboard import (
    ActionFeed,
    ActivityFeed,
    AppHealth,
    DatabaseSessions,
    GuildSettingsPort,
    Live,
    PortGuilds,
)
from skynetbot.dashboard_timers import JobTimers
from skynetbot.discord.client import DiscordClient
from skynetbot.discord.commands import Command
from skynetbot.discord.continuity import Continuity
from skynetbot.discord.effects import HikariEffects
from skynetbot.discord.publish import command_builder
from skynetbot.discord.responder import HikariResponder
from skynetbot.discord.router import CommandRouter
from skynetbot.discord.state.directory import StateGuilds
from skynetbot.errors import ConfigurationError, SkynetBotError
from skynetbot.features.activity.news import activity_topic
from skynetbot.features.contract import Feature, FeatureServices, ProcessInfo
from skynetbot.features.registry import build_features, schemas
from skynetbot.guildconfig.service import SettingsService, settings_topic
from skynetbot.guildconfig.snapshot import GuildSettings, pack_snapshot, unpack_snapshot
from skynetbot.jobs.runner import JobRunner
from skynetbot.jobs.schedules import next_time
from skynetbot.jobs.scopes import Timers
from skynetbot.jobs.service import Jobs, jobs_topic
from skynetbot.jobs.tally import publish_timers
from skynetbot.observability.logs import get_logger
from skynetbot.observability.metrics import Metrics
from skynetbot.pipeline.engine import Pipeline
from skynetbot.pipeline.plans import PlanBook
from skynetbot.pipeline.runner import VerdictRunner, actions_topic
from skynetbot.settings import OperatorSettings
from skynetbot.storage.actions import ActionRepository
from skynetbot.storage.activity import ActivityRepository
from skynetbot.storage.documents import DocumentRepository
from skynetbot.storage.health import HealthMonitor
from skynetbot.storage.opening import store_for
from skynetbot.storage.sessions import SessionRepository
from skynetbot.storage.settings import SettingsRepository
from skynetbot.web.config import WebConfig
from skynetbot.web.ports import WebPorts
from skynetbot.web.server import WebServer
from skynetbot.writes.behind import WriteBehind
from skynetbot.writes.policy import WritePolicy

__all__ = ["App", "running_app"]

_log = get_logger(__name__)
_RELAYED = (settings_topic, sessions_topic, activity_topic, actions_topic, jobs_topic)
"""What other processes hear of."""


class App:
    """One running bot. Use `running_app`, which starts and stops it."""

    def __init__(self, settings: OperatorSettings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.bus = bus_for(settings, _RELAYED)
        self.database = store_for(settings, self.metrics)
        self.health = HealthMonitor(self.database, self.metrics)
        self.writes = WriteBehind(
            self.database,
            settings.journal_path,
            self.metrics,
            policy=WritePolicy(
                interval_s=settings.writes_flush_s,
                keys=settings.writes_flush_keys,
                max_keys=settings.writes_max_keys,
                sync=settings.journal_sync,
            ),
            returning={"members": ("messages",)},
        )
        self.jobs = Jobs(self.database, self.bus)
        self.timers = Timers()
        publish_timers(self.metrics, self.timers)
        self.activity = ActivityRepository(self.database, self.writes)
        self.actions = ActionRepository(self.database)
        self.sessions = SessionRepository(self.database)
        self.valkey: Any = None
        self.pages = ServerPages(self.activity, self.actions)
        self.web_sessions = DatabaseSessions(SessionCache(self.sessions, self.bus))
        self.guild_settings = SettingsService(
            SettingsRepository(self.database), self.bus, schemas(), shared=self._shared_settings()
        )
        self.caches: tuple[SnapshotCache[Any, Any], ...] = (
            self.guild_settings.cache,
            self.pages.activity,
            self.pages.actions,
            self.web_sessions.sessions.cache,
        )
        publish_cache_metrics(self.metrics, self.caches)
        self.discord = DiscordClient(
            token=settings.discord_token,
            api_url=settings.discord_api_url,
            metrics=self.metrics,
            shard_count=settings.shard_count,
        )
        self.guilds = StateGuilds(self.discord.state)
        self.effects = HikariEffects(self.discord.rest)
        self.features: tuple[Feature, ...] = build_features(
            FeatureServices(
                bus=self.bus,
                documents=DocumentRepository(self.database),
                effects=self.effects,
                features=lambda: self.features,
                guilds=self.guilds,
                jobs=self.jobs,
                pages=self.pages,
                process=ProcessInfo(
                    version=VERSION,
                    started_at=time.time(),
                    shard_count=lambda: len(self.discord.shards),
                    gateway_latency_s=self.gateway_latency_s,
                ),
                settings=self.guild_settings,
                timers=self.timers,
                writes=self.writes,
            )
        )
        self.job_kinds = tuple(kind for feature in self.features for kind in feature.jobs)
        self.runner_of_jobs: JobRunner | None = None
        self.plans = PlanBook(self.guild_settings, [stage for f in self.features for stage in f.stages])
        self.runner = VerdictRunner(self.effects, self.actions, self.bus, self.metrics)
        self.pipeline = Pipeline(
            self.plans, [observer for f in self.features for observer in f.observers], self.runner, self.metrics
        )
        self.router = CommandRouter(
            self.commands(),
            HikariResponder(self.discord.rest),
            self.metrics,
            latency_s=self.gateway_latency_s,
            presses={
                (feature.name, action): handler
                for feature in self.features
                for action, handler in feature.presses.items()
            },
            on_used=[listener for f in self.features for listener in f.command_listeners],
        )
        self.continuity = Continuity(
            settings.guild_state_path,
            self.discord.state,
            self.writes,
            lambda: self.discord.shards,
            lambda: self.discord.shard_count,
        )
        self._stopping = asyncio.Event()
        self._wire()

    def _shared_settings(self) -> SharedTier[int, GuildSettings] | None:
        if not self.settings.valkey_url:
            return None
        from skynetbot.cache.valkey import ValkeyTier, connect

        known = schemas()
        self.valkey = connect(self.settings.valkey_url)
        return ValkeyTier(
            self.valkey,
            "skynetbot:settings",
            encode=lambda snapshot: pack_snapshot(snapshot, known),
            decode=lambda guild_id, data: unpack_snapshot(guild_id, data, known),
        )

    @property
    def public_url(self) -> str:
        """How browsers reach the dashboard."""
        return self.settings.public_url or f"http://{self.settings.web_host}:{self.settings.web_port}"

    def commands(self) -> Sequence[Command]:
        return [command for feature in self.features for command in feature.commands]

    def gateway_latency_s(self) -> float:
        """The mean heartbeat latency of the live shards; NaN before the first heartbeat."""
        known = [s.heartbeat_latency for s in self.discord.shards.values() if not math.isnan(s.heartbeat_latency)]
        return sum(known) / len(known) if known else math.nan

    async def readiness(self) -> Sequence[tuple[str, bool, str]]:
        """(check, ok, detail) for each thing that must work before traffic is sent here."""
        supervisor = self.discord.supervisor
        connected = supervisor is not None and supervisor.all_connected
        checks = [("gateway", connected, "every shard is connected" if connected else "not every shard is connected")]
        problem = await self.health.check()
        checks.append(("database", problem is None, problem or "answers"))
        waiting = self.writes.waiting_keys
        checks.append(("writes", not self.writes.crowded, f"{waiting:,} rows wait for the database"))
        return checks

    def stop(self) -> None:
        """Ask the app to end; `wait_stopped` returns."""
        self._stopping.set()

    async def wait_stopped(self) -> None:
        await self._stopping.wait()

    async def publish_commands(self) -> None:
        """Tell Discord every slash command, replacing what it knew."""
        application_id = self.discord.application_id
        if application_id is None:
            raise SkynetBotError("publish_commands needs a started client")
        await self.discord.rest.set_application_commands(application_id, [command_builder(c) for c in self.commands()])

    def _wire(self) -> None:
        events = self.discord.events
        events.on_message(self.pipeline.on_message, edits=self.pipeline.on_edit)
        events.on_raw("INTERACTION_CREATE", self.router.on_interaction)
        events.on_raw("GUILD_CREATE", self._on_guild_create)
        events.on_raw("GUILD_DELETE", self._on_guild_delete)
        for feature in self.features:
            for event, handler in feature.events.items():
                events.on_raw(event, handler)
        self.writes.accompany(self.continuity.companion)
        events.brake = self.writes.wait_for_room
        self.guild_settings.on_changed(self.plans.invalidate)
        self.bus.listen(activity_topic, self.pages.counters_moved)
        self.bus.listen(actions_topic, self.pages.action_recorded)
        self.bus.listen(GAP_TOPIC, lambda _: self.pages.revalidate())
        for feature in self.features:
            for listener in feature.flush_listeners:
                self.writes.listen(listener)

    def _on_guild_create(self, payload: Mapping[str, Any]) -> None:
        # Loaded now, a guild's first message finds its plan ready.
        self.plans.refresh(int(payload["id"]))

    def _on_guild_delete(self, payload: Mapping[str, Any]) -> None:
        if not payload.get("unavailable"):
            self.plans.forget(int(payload["id"]))


def _web_server(app: App) -> WebServer:
    settings = app.settings
    activity = ActivityFeed(app.pages, app.guild_settings)
    actions = ActionFeed(app.pages)
    web_ports = WebPorts(
        guilds=PortGuilds(app.guilds),
        activity=activity,
        actions=actions,
        live=Live(app.bus, (activity_topic, actions_topic), activity, actions),
        settings=GuildSettingsPort(app.guild_settings),
        timers=JobTimers(app.jobs),
        health=AppHealth(app.readiness, app.metrics),
        sessions=app.web_sessions,
    )
    config = WebConfig(
        public_url=app.public_url,
        client_id=str(app.discord.application_id),
        client_secret=settings.discord_client_secret,
        oauth_authorize_url=settings.discord_authorize_url,
        oauth_api_base=settings.discord_api_url,
        chat_url=settings.chat_url,
    )
    return WebServer(web_ports, config, host=settings.web_host, port=settings.web_port)


@asynccontextmanager
async def running_app(settings: OperatorSettings) -> AsyncIterator[App]:
    """Start everything, yield the app once Discord is connected, stop everything at the end.

    Raises:
        ConfigurationError: Discord refuses the token.
        StorageError: the database cannot be opened.
        GatewayRefused: Discord refuses the connection for good.
    """
    app = App(settings)
    async with AsyncExitStack() as stack:
        await app.database.open()
        stack.push_async_callback(app.database.close)
        stack.push_async_callback(_close_caches, app)
        if isinstance(app.bus, RelayBus):
            stack.push_async_callback(app.bus.close)
            await app.bus.start()
        await app.writes.open()
        stack.push_async_callback(app.writes.close)
        watching = asyncio.create_task(app.health.run(), name="database health")
        stack.push_async_callback(_cancel, watching)
        await app.sessions.delete_expired(time.time())
        try:
            await app.discord.start()
        except hikari.UnauthorizedError as error:
            await app.discord.close()
            raise ConfigurationError(["Discord does not accept DISCORD_TOKEN. Reset it on the Bot page."]) from error
        stack.push_async_callback(app.discord.close)
        await app.publish_commands()
        supervisor = await app.discord.prepare_gateway(app.continuity.sessions)

        async def stop_features() -> None:
            for feature in app.features:
                if feature.close is not None:
                    await feature.close()

        stack.push_async_callback(stop_features)
        # A worker is its journal: who claims the journal of one that died takes up its jobs, too.
        app.runner_of_jobs = JobRunner(
            app.jobs.repository,
            app.job_kinds,
            app.bus,
            app.metrics,
            worker=app.writes.writer,
            next_time=next_time,
        )
        working = asyncio.create_task(app.runner_of_jobs.run(), name="jobs")
        stack.push_async_callback(_finish_jobs, app.runner_of_jobs, working)
        flushing = asyncio.create_task(app.writes.run(), name="write flush")
        await app.guild_settings.warm()
        watching_settings = asyncio.create_task(app.guild_settings.run(), name="settings recheck")
        stack.push_async_callback(_cancel, watching_settings)
        judging = asyncio.create_task(app.runner.run(), name="verdicts")
        stack.push_async_callback(_finish_pipeline, app, flushing, judging)
        gateway = asyncio.create_task(supervisor.run(), name="gateway")
        stack.push_async_callback(_cancel, gateway)
        web = _web_server(app)
        await web.start()
        stack.push_async_callback(web.stop)
        started = asyncio.create_task(supervisor.wait_started(), name="gateway start")
        await asyncio.wait((gateway, started), return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            gateway.result()
            raise SkynetBotError("The gateway ended before it was connected.")
        app.discord.settle_memory()
        app.continuity.save_state()
        keeping = asyncio.create_task(app.continuity.run(), name="guild state")
        stack.push_async_callback(_cancel, keeping)
        gateway.add_done_callback(lambda _: app.stop())
        yield app
        if gateway.done() and not gateway.cancelled():
            gateway.result()


async def _finish_pipeline(app: App, flushing: asyncio.Task[None], judging: asyncio.Task[None]) -> None:
    """After the gateway is closed: let what was received reach Discord and the database."""
    await app.router.drain()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await app.runner.drain()
    await _cancel(judging)
    await app.plans.close()
    await _cancel(flushing)
    if app.discord.supervisor is not None:
        await app.continuity.save(app.discord.supervisor.last_sessions)


async def _finish_jobs(runner: JobRunner, working: asyncio.Task[None]) -> None:
    await _cancel(working)
    await runner.close()


async def _close_caches(app: App) -> None:
    for cache in app.caches:
        await cache.close()
    if app.valkey is not None:
        await app.valkey.aclose()


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
