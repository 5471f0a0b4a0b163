"""Chooses the engine: PostgreSQL when a database URL is set, else the embedded file."""

from skynetbot.errors import ConfigurationError
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings
from skynetbot.storage.sqlite import SqliteStore
from skynetbot.storage.store import Store

__all__ = ["store_for"]


def store_for(settings: OperatorSettings, metrics: Metrics) -> Store:
    """The store that these settings name, not opened yet.

    Raises:
        ConfigurationError: the URL is of a database that SkynetBot does not speak.
    """
    url = settings.database_url
    if not url:
        return SqliteStore(settings.database_path, metrics, power_safe=settings.journal_sync != "never")
    if not url.startswith(("postgresql://", "postgres://")):
        kind = url.split(":", 1)[0]
        problem = (
            f"SKYNETBOT_DATABASE_URL is of the kind {kind!r}. Put postgresql://user:password@host/name there, "
            "or leave it unset for the embedded database."
        )
        raise ConfigurationError([problem])
    # asyncpg takes 0.15 s to import; only who uses PostgreSQL pays for it.
    from skynetbot.storage.postgres import PostgresStore

    return PostgresStore(url, metrics, pool_size=settings.database_pool_size, timeout_s=settings.database_timeout_s)
