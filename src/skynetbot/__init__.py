"""SkynetBot: a Discord community bot with a web dashboard, for one server or a million."""

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
