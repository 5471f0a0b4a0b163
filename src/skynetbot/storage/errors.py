"""How storage fails: by what the caller can do about it."""

from skynetbot.errors import SkynetBotError

__all__ = ["OutcomeUnknown", "RowRefused", "StorageError", "StorageUnavailable"]


class StorageError(SkynetBotError):
    """The database could not do what was asked; nothing of the failed transaction was kept."""


class RowRefused(StorageError):
    """The data itself was refused (a constraint, a range, a type): trying again changes nothing."""


class StorageUnavailable(StorageError):
    """The database is away, busy or full: the same call may succeed later."""


class OutcomeUnknown(StorageUnavailable):
    """The connection died while the transaction was being committed: it may be kept or not. Read before you repeat."""
