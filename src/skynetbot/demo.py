"""The demo: a local Discord with three servers, the bot connected to it, and the dashboard, in one process."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from discord_emulator.gateway.server import Gateway
from discord_emulator.replay import Replay
from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from skynetbot.app import App, running_app
from skynetbot.errors import ConfigurationError
from skynetbot.guildconfig.service import Author
from skynetbot.settings import OperatorSettings

__all__ = ["DemoOptions", "choose_demo_settings", "run_demo"]

_FILTERED: Final = "spoiler"
_REPORT_EVERY_S: Final = 10.0


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    replay: Path | None = None
    speed: float = 1.0
    chat_port: int = 7070
    keep: bool = False
    """Keep the demo's database from the last start."""


async def run_demo(settings: OperatorSettings, options: DemoOptions, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set.

    Raises:
        ConfigurationError: a port is taken.
    """
    started = time.perf_counter()
    dashboard_url = settings.public_url or f"http://{settings.web_host}:{settings.web_port}"
    demo = demo_world(redirect_uris=[f"{dashboard_url}/oauth/callback"])
    data_dir = Path(settings.data_dir) / "demo"
    if not options.keep and data_dir.exists():
        # The demo's world gets new ids at each start, so what an earlier one stored belongs to nobody.
        shutil.rmtree(data_dir)
    emulator = Emulator(demo.world, port=options.chat_port, identify_window_s=0.0)
    try:
        await emulator.start()
    except OSError as error:
        problem = f"The local Discord cannot use port {options.chat_port}: {error.strerror}. Try --chat-port 0."
        raise ConfigurationError([problem]) from error
    try:
        replay = _prepare_replay(demo, emulator.gateway, options)
        bot_settings = msgspec.structs.replace(
            settings,
            discord_token=demo.bot.token,
            discord_client_secret=demo.application.client_secret,
            discord_api_url=emulator.rest_url,
            discord_authorize_url=f"{emulator.url}/oauth2/authorize",
            public_url=dashboard_url,
            chat_url=f"{emulator.url}/",
            data_dir=str(data_dir),
        )
        async with running_app(bot_settings) as app:
            await choose_demo_settings(app, demo)
            _print_links(
                _chat_link(emulator.url, demo), dashboard_url, time.perf_counter() - started, replay is not None
            )
            await _serve(app, replay, stop)
            print("Stopping …", flush=True)
    finally:
        await emulator.stop()


async def _serve(app: App, replay: Replay | None, stop: asyncio.Event) -> None:
    asked = asyncio.create_task(stop.wait(), name="stop asked")
    stopped = asyncio.create_task(app.wait_stopped(), name="app stopped")
    playing = asyncio.create_task(_play(replay), name="replay") if replay is not None else None
    try:
        await asyncio.wait((asked, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        tasks = [task for task in (asked, stopped, playing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _prepare_replay(demo: DemoWorld, gateway: Gateway, options: DemoOptions) -> Replay | None:
    if options.replay is None:
        return None
    owner = demo.people["ada"]
    replay = Replay(demo.world, gateway, demo.application, options.replay, speed=options.speed, owner=owner)
    replay.prepare()
    return replay


async def _play(replay: Replay) -> None:
    run = asyncio.create_task(replay.run(), name="replay run")
    try:
        while not run.done():
            await asyncio.wait((run,), timeout=_REPORT_EVERY_S)
            stats = replay.stats()
            print(f"replay: {stats['messages']:,} messages of {stats['authors']:,} authors", flush=True)
        run.result()
        print("replay: finished", flush=True)
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def choose_demo_settings(app: App, demo: DemoWorld) -> None:
    """Switch on what a newcomer should see at work, through the same service as everybody."""
    for guild in demo.guilds.values():
        channels = {channel.name: channel.id for channel in guild.channels.values()}
        choices: dict[str, dict[str, Any]] = {
            "wordfilter": {"enabled": True, "words": [_FILTERED], "log": True, "log_channel": channels["mod-log"]},
            "activity": {"announce": True, "announce_channel": channels["general"]},
        }
        for feature, changes in choices.items():
            await app.guild_settings.update(
                guild.id, feature, changes, author=Author(demo.people["ada"].id, "Demo", "demo")
            )


def _chat_link(base_url: str, demo: DemoWorld) -> str:
    """Straight into the liveliest channel, as one of its people."""
    guild = next(iter(demo.guilds.values()))
    return f"{base_url}/#/{guild.id}/{guild.system_channel_id}?as=bao"


def _print_links(chat_url: str, dashboard_url: str, seconds: float, replaying: bool) -> None:
    lines = (
        "",
        f"  SkynetBot demo, ready after {seconds:.1f} s",
        "",
        f"  Chat       {chat_url}",
        f"             write something, try /help and /stats, or the word '{_FILTERED}'",
        f"  Dashboard  {dashboard_url}/",
        "             log in as Ada and watch it move while you write",
        *(("  A recorded chat is playing: its servers are in the list of the chat page.",) if replaying else ()),
        "",
        "  Ctrl+C ends it.",
        "",
    )
    print("\n".join(lines), flush=True)
