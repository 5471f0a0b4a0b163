"""Looks at everything that `run` needs, one line each: ok, or what to do about it."""

import socket
import sys
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import msgspec

from skynetbot.errors import ConfigurationError
from skynetbot.observability.metrics import Metrics
from skynetbot.settings import OperatorSettings, token_problem
from skynetbot.storage.errors import StorageError
from skynetbot.storage.opening import store_for

__all__ = ["Finding", "examine"]

_TIMEOUT_S: Final = 10
# https://discord.com/developers/docs/resources/application#application-object-application-flags
# A bot in under 100 servers has the LIMITED form of each privileged intent.
_MEMBERS_INTENT: Final = 1 << 14 | 1 << 15
_MESSAGE_CONTENT_INTENT: Final = 1 << 18 | 1 << 19


class Finding(msgspec.Struct, frozen=True):
    """``advice`` is empty when all is well."""

    check: str
    detail: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        return not self.advice


async def examine(settings: OperatorSettings) -> AsyncIterator[Finding]:
    """Yield one finding per check, in the order in which `run` would trip over them."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", version)
    yield await _database(settings)
    yield _port(settings)
    problem = token_problem(settings.discord_token)
    if problem is not None:
        yield Finding("token", "cannot be used", problem)
        return
    yield Finding("token", "has the right form")
    async for finding in _discord(settings):
        yield finding
    if not settings.discord_client_secret:
        yield Finding(
            "dashboard login",
            "DISCORD_CLIENT_SECRET is not set",
            "Copy it from the OAuth2 page of your application, or nobody can log in to the dashboard.",
        )
    else:
        yield Finding("dashboard login", "client secret is set")


async def _database(settings: OperatorSettings) -> Finding:
    try:
        database = store_for(settings, Metrics())
    except ConfigurationError as error:
        return Finding("database", "SKYNETBOT_DATABASE_URL cannot be used", " ".join(error.problems))
    try:
        schema = await database.open()
    except StorageError as error:
        return Finding("database", database.name, str(error))
    finally:
        await database.close()
    return Finding("database", f"{database.name} opens, schema {schema}")


def _port(settings: OperatorSettings) -> Finding:
    address = f"{settings.web_host}:{settings.web_port}"
    try:
        with socket.create_server((settings.web_host, settings.web_port)):
            return Finding("dashboard port", f"{address} is free")
    except OSError as error:
        advice = "Stop what uses it, or set SKYNETBOT_WEB_PORT to another one."
        return Finding("dashboard port", f"{address}: {error.strerror}", advice)


async def _discord(settings: OperatorSettings) -> AsyncIterator[Finding]:
    headers = {"Authorization": f"Bot {settings.discord_token}"}
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(f"{settings.discord_api_url}/applications/@me") as response,
        ):
            if response.status == 401:
                yield Finding("discord", "refuses the token", "Reset the token on the Bot page and set DISCORD_TOKEN.")
                return
            response.raise_for_status()
            application = await response.json()
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        detail = f"{settings.discord_api_url} does not answer ({error!r})"
        yield Finding("discord", detail, "Check the network and SKYNETBOT_DISCORD_API_URL.")
        return
    yield Finding("discord", f"knows the application {application.get('name')!r}")
    flags = int(application.get("flags") or 0)
    for name, mask in (("Message Content", _MESSAGE_CONTENT_INTENT), ("Server Members", _MEMBERS_INTENT)):
        if flags & mask:
            yield Finding(f"intent {name}", "is on")
        else:
            advice = f"Switch on '{name} Intent' on the Bot page of your application."
            yield Finding(f"intent {name}", "is off", advice)
