"""The door: run · demo · doctor · timers · migrate. Bad settings end with status 2 before anything starts."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skynetbot import VERSION
from skynetbot.errors import ConfigurationError, SkynetBotError
from skynetbot.observability.logs import configure_logging
from skynetbot.settings import OperatorSettings, load_settings, token_problem

__all__ = ["main"]

_OK: Final = 0
_FAILED: Final = 1
_BAD_SETTINGS: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, run the command, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(os.environ, options.config)
        configure_logging(settings.log_level, settings.log_format)
        match options.command:
            case "run":
                return _run(settings)
            case "demo":
                return _demo(settings, options)
            case "doctor":
                return asyncio.run(_doctor(settings))
            case "timers":
                return asyncio.run(_timers(settings, options))
            case _:
                return asyncio.run(_migrate(settings))
    except ConfigurationError as error:
        for problem in error.problems:
            print(f"skynetbot: {problem}", file=sys.stderr)
        return _BAD_SETTINGS
    except SkynetBotError as error:
        print(f"skynetbot: {error}", file=sys.stderr)
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skynetbot", description="A Discord community bot with a web dashboard.")
    parser.add_argument("--version", action="version", version=f"skynetbot {VERSION}")
    parser.add_argument("--config", type=Path, default=None, help="TOML file with operator settings")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve real Discord with the token in DISCORD_TOKEN")
    demo = commands.add_parser("demo", help="a local Discord, the bot and the dashboard, with no account or token")
    demo.add_argument("--replay", type=Path, default=None, help="chat file to replay (.jsonl or .jsonl.zst)")
    demo.add_argument("--speed", type=float, default=1.0, help="how many times faster than it was; 0: at once")
    demo.add_argument("--chat-port", type=int, default=7070, help="port of the local Discord (0: any)")
    demo.add_argument("--keep", action="store_true", help="keep the demo's database for the next start")
    commands.add_parser("doctor", help="check token, intents, database and ports, and say what to do")
    timers = commands.add_parser("timers", help="show what is pending, whether the bot runs or not")
    timers.add_argument("--guild", type=_positive, default=None, metavar="ID", help="only of this server")
    timers.add_argument("--queue", default=None, metavar="NAME", help="only of this queue")
    timers.add_argument("--dead", action="store_true", help="what was given up, instead of what is pending")
    timers.add_argument("--limit", type=_positive, default=50, metavar="N", help="lines to show (default 50)")
    timers.add_argument("--revive", type=_positive, default=None, metavar="ID", help="let a dead one run again now")
    commands.add_parser("migrate", help="bring the database to this version's schema")
    return parser


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**63):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number.")
    return int(text)


def _run(settings: OperatorSettings) -> int:
    problem = token_problem(settings.discord_token)
    if problem is not None:
        raise ConfigurationError([problem])
    from skynetbot.app import running_app

    async def serve() -> None:
        async with _SignalStop() as stop, running_app(settings) as app:
            print(f"SkynetBot {VERSION} is connected. Dashboard: {app.public_url}", flush=True)
            stopped = asyncio.ensure_future(app.wait_stopped())
            asked = asyncio.ensure_future(stop.wait())
            await asyncio.wait((stopped, asked), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            asked.cancel()

    asyncio.run(serve())
    return _OK


def _demo(settings: OperatorSettings, options: argparse.Namespace) -> int:
    from skynetbot.demo import DemoOptions, run_demo

    if options.replay is not None and not options.replay.is_file():
        raise ConfigurationError([f"--replay: there is no file {options.replay}."])
    if options.speed < 0:
        raise ConfigurationError(["--speed: give 0 (at once) or a positive number."])
    demo = DemoOptions(replay=options.replay, speed=options.speed, chat_port=options.chat_port, keep=options.keep)

    async def serve() -> None:
        async with _SignalStop() as stop:
            await run_demo(settings, demo, stop)

    asyncio.run(serve())
    return _OK


async def _doctor(settings: OperatorSettings) -> int:
    from skynetbot.doctor import examine

    healthy = True
    async for finding in examine(settings):
        print(f"{'ok ' if finding.ok else '!! '} {finding.check}: {finding.detail}")
        if not finding.ok:
            healthy = False
            print(f"    {finding.advice}")
    print("All is well." if healthy else "Mend the lines marked !! and run `skynetbot doctor` again.")
    return _OK if healthy else _FAILED


async def _timers(settings: OperatorSettings, options: argparse.Namespace) -> int:
    from skynetbot.timers import list_timers, revive_timer

    if options.revive is None:
        print(
            await list_timers(
                settings, guild_id=options.guild, queue=options.queue, dead=options.dead, limit=options.limit
            )
        )
        return _OK
    if not await revive_timer(settings, options.revive):
        print(
            f"skynetbot: {options.revive} is not dead, or something newer has its key. See `skynetbot timers --dead`.",
            file=sys.stderr,
        )
        return _FAILED
    print(f"{options.revive} is due now; a bot that runs takes it up within 5 seconds.")
    return _OK


async def _migrate(settings: OperatorSettings) -> int:
    from skynetbot.observability.metrics import Metrics
    from skynetbot.storage.opening import store_for

    database = store_for(settings, Metrics())
    try:
        schema = await database.open()
    finally:
        await database.close()
    print(f"{database.name} has schema {schema}.")
    return _OK


class _SignalStop:
    """An event that the first SIGTERM or SIGINT sets; a second one ends the process the usual way."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def __aenter__(self) -> asyncio.Event:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)
        return self._event

    async def __aexit__(self, *_: object) -> None:
        self._restore()

    def _on_signal(self, number: signal.Signals) -> None:
        self._event.set()
        asyncio.get_running_loop().remove_signal_handler(number)

    def _restore(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


if __name__ == "__main__":
    sys.exit(main())
