"""REST, version 10: one module per resource, one router with login, limits, faults and errors for all."""

from discord_emulator.rest.router import add_routes

__all__ = ["add_routes"]
