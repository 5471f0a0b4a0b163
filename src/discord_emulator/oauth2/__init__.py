"""OAuth2: the page on which people consent, and the token routes."""

from discord_emulator.oauth2.routes import add_routes

__all__ = ["add_routes"]
