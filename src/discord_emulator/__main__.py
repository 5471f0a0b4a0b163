"""The command line: start a local Discord, print its links, serve until interrupted."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from discord_emulator.entities import Application, User
from discord_emulator.replay import Replay, ReplayError
from discord_emulator.server import Emulator
from discord_emulator.world import World
from discord_emulator.worlds import demo_world, generate

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit status 0, or 2 when something given cannot be used."""
    options = _parser().parse_args(arguments)
    problem = _problem(options)
    if problem is not None:
        print(f"discord-emulator: {problem}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        print(f"discord-emulator: cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 2
    except ReplayError as error:
        print(f"discord-emulator: --replay: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="discord-emulator", description="A local Discord to develop bots against.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=int, default=7070, help="port; 0 takes any free one (default: 7070)")
    parser.add_argument("--guilds", type=int, help="servers of a generated world (default: the demo's three servers)")
    parser.add_argument("--channels", type=int, default=8, help="channels of each generated server")
    parser.add_argument("--members", type=int, default=20, help="members of each generated server")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same world")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play this chat file (.jsonl or .jsonl.zst)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how many times faster than it happened; 0: no waiting at all"
    )
    parser.add_argument("--one-server", action="store_true", help="replay the streams as channels of one server")
    parser.add_argument("--redirect-uri", action="append", default=[], help="allowed for OAuth2; may be repeated")
    parser.add_argument("--strict", action="store_true", help="answer 429 where Discord would")
    return parser


def _problem(options: argparse.Namespace) -> str | None:
    if not 0 <= options.port <= 65_535:
        return f"--port {options.port} is no port; use 0 to 65535"
    for name, least in (("guilds", 0), ("channels", 1), ("members", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            return f"--{name} must be at least {least}"
    if options.speed < 0:
        return "--speed must be 0 or more"
    if options.replay is not None and not options.replay.is_file():
        return f"--replay {options.replay} is not a file"
    return None


def _world(options: argparse.Namespace) -> tuple[World, Application, User]:
    if options.guilds is None:
        demo = demo_world(seed=options.seed, redirect_uris=options.redirect_uri)
        return demo.world, demo.application, demo.bot
    return generate(
        guilds=options.guilds,
        channels=options.channels,
        members=options.members,
        seed=options.seed,
        redirect_uris=options.redirect_uri,
    )


async def _serve(options: argparse.Namespace) -> None:
    world, application, bot = _world(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with Emulator(world, host=options.host, port=options.port, strict_rate_limits=options.strict) as emulator:
        print(f"chat page      {emulator.url}/")
        print(f"REST           {emulator.rest_url}")
        print(f"gateway        {emulator.gateway_url}")
        print(f"control API    {emulator.url}/control/stats")
        print(f"client id      {application.id}")
        print(f"client secret  {application.client_secret}")
        print(f"bot token      {bot.token}", flush=True)
        if options.replay is None:
            await stop.wait()
        else:
            owner = world.users[application.owner_id]
            replay = Replay(
                world,
                emulator.gateway,
                application,
                options.replay,
                speed=options.speed,
                owner=owner,
                one_server=options.one_server,
            )
            emulator.context.rooms["replay"] = replay
            await _replay_until(replay, stop)


async def _replay_until(replay: Replay, stop: asyncio.Event) -> None:
    replay.prepare()
    playing = asyncio.create_task(replay.run(), name="replay")
    stopping = asyncio.create_task(stop.wait(), name="wait for the signal")
    try:
        await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
            stats = replay.stats()
            print(f"replay done    {stats['messages']} messages by {stats['authors']} authors", flush=True)
            await stopping
    finally:
        for task in (playing, stopping):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(playing, stopping, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())
