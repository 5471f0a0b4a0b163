"""What a feature declares in one object, and the services that it may use."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from skynetbot.bus.local import LocalBus
from skynetbot.cache.pages import ServerPages
from skynetbot.discord.attachments import fetch_attachment
from skynetbot.discord.commands import Command, PressHandler
from skynetbot.discord.effects import DiscordEffects
from skynetbot.discord.events import RawHandler
from skynetbot.discord.guilds import Guilds
from skynetbot.discord.interactions import Attachment
from skynetbot.discord.router import UseListener
from skynetbot.guildconfig.schema import Schema
from skynetbot.guildconfig.service import SettingsService
from skynetbot.jobs.kinds import JobKind
from skynetbot.jobs.scopes import Timers
from skynetbot.jobs.service import Jobs
from skynetbot.pipeline.engine import Observer
from skynetbot.pipeline.plans import StageSpec
from skynetbot.storage.documents import DocumentRepository
from skynetbot.writes.behind import Committed, WriteBehind

__all__ = ["Feature", "FeatureServices", "ProcessInfo"]

FlushListener = Callable[[Committed], None]


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the process can say of itself."""

    version: str
    started_at: float
    shard_count: Callable[[], int]
    gateway_latency_s: Callable[[], float]


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a feature adds to the bot. What is not listed here is not wired, and a test looks."""

    name: str
    title: str
    summary: str
    """One sentence for /help."""
    schema: Schema[Any] | None = None
    commands: tuple[Command, ...] = ()
    stages: tuple[StageSpec, ...] = ()
    observers: tuple[Observer, ...] = ()
    flush_listeners: tuple[FlushListener, ...] = ()
    command_listeners: tuple[UseListener, ...] = ()
    presses: Mapping[str, PressHandler] = {}
    """Handlers of buttons, selects and modals by the action in their custom id (see `posts.action_id`)."""
    jobs: tuple[JobKind, ...] = ()
    events: Mapping[str, RawHandler] = {}
    close: Callable[[], Any] | None = None
    """An async function that ends what the feature started."""


class FeatureServices(msgspec.Struct, frozen=True, kw_only=True):
    """Passed to each feature's ``build``; features hold no other way to the world."""

    bus: LocalBus
    documents: DocumentRepository
    effects: DiscordEffects
    features: Callable[[], tuple[Feature, ...]]
    """Every feature, once all are built; for /help and /settings."""
    guilds: Guilds
    jobs: Jobs
    pages: ServerPages
    process: ProcessInfo
    settings: SettingsService
    writes: WriteBehind
    timers: Timers = msgspec.field(default_factory=Timers)
    """Short waits in memory: take a scope, close it at the end. What must happen is a job."""
    now: Callable[[], float] = time.time
    fetch_attachment: Callable[[Attachment, int], Awaitable[bytes]] = fetch_attachment
    """(attachment, bytes that are taken at most) -> its content."""
