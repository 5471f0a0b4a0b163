"""Operator settings: environment over TOML over defaults, checked once, before anything starts.

A value that is missing or bad names itself, where it came from and what to put there.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from skynetbot.errors import ConfigurationError

__all__ = ["OperatorSettings", "load_settings", "token_problem"]

_PREFIX: Final = "SKYNETBOT_"
# Names that the field already uses; they work besides the prefixed form.
_ALIASES: Final = {"DISCORD_TOKEN": "discord_token", "DISCORD_CLIENT_SECRET": "discord_client_secret"}
_TOKEN_FORM: Final = re.compile(r"[A-Za-z0-9_=-]{10,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator decides. Each field is ``SKYNETBOT_<FIELD>`` in the environment or a TOML key."""

    discord_token: str = ""
    discord_client_secret: str = ""
    discord_api_url: str = "https://discord.com/api/v10"
    discord_authorize_url: str = "https://discord.com/oauth2/authorize"
    data_dir: str = "var"
    """Folder of the embedded database; made when absent."""
    web_host: str = "127.0.0.1"
    web_port: Port = 8080
    """0 takes any free port."""
    public_url: str = ""
    """How browsers reach the dashboard; default http://<web_host>:<web_port>."""
    chat_url: str = ""
    """Shown as a link on the dashboard; the demo puts its chat page here."""
    shard_count: Annotated[int, msgspec.Meta(ge=0, le=16_384)] = 0
    """0 asks Discord for its recommendation."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    database_url: str = ""
    """postgresql://user:password@host/name; unset is the embedded database in ``data_dir``."""
    database_pool_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    """PostgreSQL connections of this process, at most."""
    database_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 10.0
    """How long PostgreSQL may take to connect, or to answer one statement."""
    valkey_url: str = ""
    """redis://user:password@host:6379/0 of Valkey or Redis: news between processes and a shared cache; optional."""
    journal_sync: Literal["always", "interval", "never"] = "interval"
    """When batched writes reach the disk: before each acknowledgement, 50 ms later, or when the system likes."""
    writes_flush_s: Annotated[float, msgspec.Meta(gt=0, le=3_600)] = 5.0
    """Seconds between two flushes of batched writes to the database."""
    writes_flush_keys: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 100
    """Rows that wait before a flush begins at once."""
    writes_max_keys: Annotated[int, msgspec.Meta(ge=1_000, le=10_000_000)] = 200_000
    """Rows that may wait in memory while the database is away."""

    @property
    def database_path(self) -> Path:
        return Path(self.data_dir) / "skynetbot.sqlite3"

    @property
    def guild_state_path(self) -> Path:
        """What the bot knew of its servers when it last stopped."""
        return Path(self.data_dir) / "guild-state.bin"

    @property
    def journal_path(self) -> Path:
        """Where batched writes are journalled; must be on this machine's own disk."""
        return Path(self.data_dir) / "journal"


def token_problem(token: str) -> str | None:
    """What is wrong with the form of a bot token, as a sentence; None when the form is right."""
    if not token:
        return (
            "DISCORD_TOKEN is not set. Copy the bot token from https://discord.com/developers/applications "
            "(Bot > Reset Token) into the environment, or try `skynetbot demo`, which needs none."
        )
    if token.startswith("Bot "):
        return 'DISCORD_TOKEN starts with "Bot "; put only the token itself there.'
    if not _TOKEN_FORM.fullmatch(token):
        return (
            "DISCORD_TOKEN does not look like a bot token (three parts joined by dots). "
            "A client secret or public key is something else; copy the token from the Bot page."
        )
    return None


def load_settings(environ: Mapping[str, str], config_file: Path | None = None) -> OperatorSettings:
    """Read and check the operator settings.

    Args:
        environ: the process's environment; names that start with ``SKYNETBOT_`` count, and the aliases.
        config_file: a TOML file; default is the one named by ``SKYNETBOT_CONFIG``, else none.

    Raises:
        ConfigurationError: with one sentence for each value that is unknown or bad.
    """
    problems: list[str] = []
    values: dict[str, tuple[Any, str]] = {}
    known = {field.name for field in msgspec.structs.fields(OperatorSettings)}

    named = environ.get(f"{_PREFIX}CONFIG")
    path = config_file or (Path(named) if named else None)
    if path is not None:
        for key, value in _read_toml(path, problems).items():
            if key in known:
                values[key] = (value, f"{key} in {path}")
            else:
                problems.append(f"{key} in {path} is not a setting of SkynetBot. Known: {', '.join(sorted(known))}")
    for name, text in environ.items():
        key = _ALIASES.get(name) or (name.removeprefix(_PREFIX).lower() if name.startswith(_PREFIX) else "")
        if key and key in known:
            values[key] = (text, name)
        elif key and key != "config":
            problems.append(f"{name} is not a setting of SkynetBot. Known: {', '.join(sorted(known))}")

    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(OperatorSettings):
        if field.name not in values:
            continue
        value, source = values[field.name]
        try:
            good[field.name] = msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError as error:
            problems.append(f"{source} is {value!r}: {str(error)[0].lower()}{str(error)[1:]}")
    if problems:
        raise ConfigurationError(problems)
    return OperatorSettings(**good)


def _read_toml(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"The settings file {path} cannot be read: {error.strerror}. Fix SKYNETBOT_CONFIG or the file.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"The settings file {path} is not TOML: {error}")
    return {}
