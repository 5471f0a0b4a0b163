"""The chat page: a small Discord client in the browser, served by the emulator at ``/``."""

from discord_emulator.chat.routes import add_routes

__all__ = ["add_routes"]
