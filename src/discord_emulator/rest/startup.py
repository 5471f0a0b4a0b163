"""What a library asks first: where the gateway is, and who it is."""

from typing import Any, Final

from discord_emulator import payloads
from discord_emulator.rest.call import Call, Route
from discord_emulator.rest.errors import ApiError

__all__ = ["ROUTES"]


async def gateway(call: Call) -> dict[str, Any]:
    return {"url": call.context.gateway_url}


async def gateway_bot(call: Call) -> dict[str, Any]:
    application = call.application
    if application is None:
        raise ApiError(401, 0, "401: Unauthorized")
    return {
        "url": call.context.gateway_url,
        "shards": max(1, len(call.world.guilds) // 1000),
        "session_start_limit": {
            "total": 1000,
            "remaining": application.session_starts_left,
            "reset_after": 86_400_000,
            "max_concurrency": application.max_concurrency,
        },
    }


async def own_application(call: Call) -> dict[str, Any]:
    application = call.application
    if application is None:
        raise ApiError(401, 0, "401: Unauthorized")
    world = call.world
    count = sum(call.me.id in guild.members for guild in world.guilds.values())
    return payloads.application_payload(application, call.me, world.user(application.owner_id), count)


async def empty_list(_: Call) -> list[Any]:
    return []


async def sticker_packs(_: Call) -> dict[str, Any]:
    return {"sticker_packs": []}


async def voice_regions(_: Call) -> list[Any]:
    return [{"id": "us-east", "name": "US East", "custom": False, "deprecated": False, "optimal": True}]


ROUTES: Final = (
    Route("GET", "/gateway", gateway, login=False),
    Route("GET", "/gateway/bot", gateway_bot),
    Route("GET", "/applications/@me", own_application),
    Route("GET", "/oauth2/applications/@me", own_application),
    Route("GET", "/voice/regions", voice_regions),
    Route("GET", "/soundboard-default-sounds", empty_list),
    Route("GET", "/sticker-packs", sticker_packs),
)
