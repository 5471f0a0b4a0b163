"""Chooses the bus: inside this process, or over whatever its processes have in common."""

from collections.abc import Collection

from skynetbot.bus.local import LocalBus
from skynetbot.bus.relay import RelayBus
from skynetbot.bus.transport import Transport
from skynetbot.settings import OperatorSettings

__all__ = ["bus_for"]


def bus_for(settings: OperatorSettings, relayed: Collection[str]) -> LocalBus:
    """Valkey if it is set, then PostgreSQL if that is the database; with neither there is only this process.

    Raises:
        ConfigurationError: the address of Valkey cannot be read.
    """
    transports: list[Transport] = []
    if settings.valkey_url:
        # 0.5 s to import; only who uses it pays for it.
        from skynetbot.bus.valkey import ValkeyTransport

        transports.append(ValkeyTransport(settings.valkey_url))
    if settings.database_url:
        from skynetbot.bus.postgres import PostgresTransport

        transports.append(PostgresTransport(settings.database_url))
    return RelayBus(relayed, transports) if transports else LocalBus()
