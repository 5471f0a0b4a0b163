"""The demo: a local Discord with three servers, the bot connected to it, and the dashboard, in one process."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from discord_emulator.replay import Replay
from discord_emulator.server import Emulator
from discord_emulator.worlds import demo_world
from skynetbot.app import App, running_app
from skynetbot.errors import ConfigurationError
from skynetbot.settings import OperatorSettings

__all__ = ["DemoOptions", "run_demo"]
