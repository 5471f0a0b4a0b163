"""What the rooms of the local Discord share while it runs."""

from dataclasses import dataclass, field
from typing import Any

from discord_emulator.faults import Faults
from discord_emulator.gateway.server import Gateway
from discord_emulator.world import World

__all__ = ["EmulatorContext"]


@dataclass
class EmulatorContext:
    """One running emulator; ``url`` is http://host:port without a slash at the end."""

    world: World
    gateway: Gateway
    faults: Faults
    strict_rate_limits: bool = False
    interaction_timeout_s: float = 3.0
    url: str = ""
    rooms: dict[str, Any] = field(default_factory=dict)
    """State that belongs to one room (``rest``, ``oauth2``, ``control``), kept here so that nothing is global."""

    @property
    def gateway_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}/gateway"
