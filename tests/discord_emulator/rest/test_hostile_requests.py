"""Whatever is sent to whatever route, the answer is never a 500 and always has Discord's form."""

import random
import re
from typing import Any

import pytest

from discord_emulator.rest.call import Route
from discord_emulator.rest.router import ROUTES
from support.town import Town

_PARAMETER = re.compile(r"{(\w+)[^}]*}")
_JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1 << 70,
    1.5,
    "",
    "x",
    "9" * 40,
    "٣",
    "\ud83d",
    [],
    [None],
    [[]],
    [{}],
    {},
    {"a": None},
    {"id": None},
    [{"id": "1", "position": -5}],
)
_FIELDS = re.split(
    " ",
    "name type content embeds components attachments flags nonce enforce_nonce allowed_mentions message_reference "
    "tts messages permissions allow deny id position parent_id permission_overwrites color colors roles nick mute "
    "data communication_disabled_until delete_message_seconds user_ids days include_roles channel_id application_id "
    "message_id recipient_id options description max_age max_uses topic rate_limit_per_user archived message poll "
    "system_channel_id verification_level username default_member_permissions bitrate auto_archive_duration",
)
_QUERIES = (
    "limit",
    "before",
    "after",
    "around",
    "action_type",
    "user_id",
    "days",
    "include_roles",
    "query",
    "thread_id",
)


def _path(town: Town, route: Route, chance: random.Random, message_id: int, hook: dict[str, Any]) -> str:
    real = {
        "guild_id": str(town.guild.id),
        "channel_id": str(town.general.id),
        "message_id": str(message_id),
        "user_id": str(town.ada.id),
        "role_id": str(town.role.id),
        "application_id": str(town.application.id),
        "webhook_id": hook["id"],
        "token": hook["token"],
        "emoji": "%F0%9F%91%8D",
        "overwrite_id": str(town.ada.id),
    }

    def fill(found: re.Match[str]) -> str:
        return (
            real.get(found.group(1), "1")
            if chance.random() < 0.85
            else chance.choice(("0", "x", "9" * 30, "-1", "%00"))
        )

    return _PARAMETER.sub(fill, route.path)


@pytest.mark.parametrize("seed", range(6))
async def test_no_request_is_a_crash(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    hook = await town.call("POST", f"/channels/{town.general.id}/webhooks", {"name": "Hook"})
    contract = town.emulator.context.rooms.get("contract")
    for route in chance.sample(ROUTES, k=len(ROUTES)):
        if route.method == "DELETE" and route.path in ("/users/@me/guilds/{guild_id}", "/channels/{channel_id}"):
            continue
        message = town.world.create_message(town.general, town.ada.id, "here")
        body = chance.choice(_JUNK)
        if chance.random() < 0.75:
            names = chance.sample(_FIELDS, k=chance.randrange(1, 25))
            body = {name: chance.choice(_JUNK) for name in names}
            if chance.random() < 0.2:
                body = [body]
        query = "&".join(
            f"{name}={chance.choice(('0', '-1', 'x', '9' * 30, '', '1', '%00'))}"
            for name in chance.sample(_QUERIES, k=chance.randrange(4))
        )
        url = f"{town.emulator.rest_url}{_path(town, route, chance, message.id, hook)}?{query}"
        headers = {"Authorization": f"Bot {town.bot.token}"}
        async with town.http.request(route.method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 500, f"{route.method} {url} {body!r}: {text}"
            if response.status >= 400 and response.content_type == "application/json":
                answer = await response.json()
                assert isinstance(answer["code"], int)
                assert answer["message"]
        if town.bot.id not in town.guild.members:
            town.world.add_member(town.guild, town.bot)
        if contract is not None:
            # Junk that is accepted (numbers that Discord bounds and this server does not) is no broken promise;
            # an answer of the wrong form is.
            wrong = [line for line in contract.violations if ", request: " not in line]
            assert not wrong, f"{route.method} {url} {body!r}: {wrong}"
            contract.violations.clear()


def _spoiled(value: Any, chance: random.Random) -> Any:
    """The value with one part of it, however deep, replaced by junk or left out."""
    inside = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not inside or chance.random() < 0.25:
        return chance.choice(_JUNK)
    chosen = chance.choice(inside)
    copy = dict(value) if isinstance(value, dict) else list(value)
    if chance.random() < 0.15:
        del copy[chosen]
    else:
        copy[chosen] = _spoiled(value[chosen], chance)
    return copy


@pytest.mark.parametrize("seed", range(3))
async def test_almost_right_requests_are_no_crash(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    option = {"type": 3, "name": "o", "description": "d", "choices": [{"name": "c", "value": "v"}]}
    command = {
        "name": "look",
        "description": "d",
        "options": [{"type": 1, "name": "sub", "description": "d", "options": [option]}],
        "default_member_permissions": "8",
    }
    made = await town.call("POST", f"/applications/{town.application.id}/commands", {"name": "a", "description": "d"})
    message = {
        "content": "hello",
        "embeds": [{"title": "t", "color": 1, "fields": [{"name": "n", "value": "v"}], "footer": {"text": "f"}}],
        "components": [{"type": 1, "components": [{"type": 3, "custom_id": "c", "options": [{"label": "l"}]}]}],
        "allowed_mentions": {"parse": ["users"], "roles": ["1"]},
        "message_reference": {"message_id": "1", "fail_if_not_exists": False},
        "attachments": [{"id": 0, "filename": "f"}],
        "nonce": "n",
        "enforce_nonce": True,
        "flags": 4,
    }
    chosen = {"type": 1, "name": "sub", "options": [{"type": 6, "name": "o", "value": str(town.ada.id)}]}
    started = {
        "type": 2,
        "application_id": str(town.application.id),
        "channel_id": str(town.general.id),
        "guild_id": str(town.guild.id),
        "nonce": "1",
        "data": {"id": made["id"], "type": 1, "options": [chosen]},
    }
    guild = f"/guilds/{town.guild.id}"
    right: tuple[tuple[str, str, Any], ...] = (
        ("POST", f"/channels/{town.general.id}/messages", message),
        ("POST", f"/applications/{town.application.id}/commands", command),
        ("PUT", f"/applications/{town.application.id}/guilds/{town.guild.id}/commands", [command]),
        ("POST", "/interactions", started),
        ("POST", "callback", {"type": 4, "data": message}),
        ("POST", "callback", {"type": 9, "data": {"custom_id": "m", "title": "t", "components": [{"type": 1}]}}),
        ("PATCH", f"{guild}/members/{town.ada.id}", {"nick": "n", "roles": [str(town.role.id)], "mute": True}),
        ("POST", f"{guild}/roles", {"name": "r", "permissions": "8", "color": 5, "colors": {"primary_color": 5}}),
        ("POST", f"{guild}/channels", {"name": "c", "permission_overwrites": [{"id": "1", "type": 0, "allow": "8"}]}),
        ("POST", f"/channels/{town.general.id}/threads", {"name": "t", "type": 11, "auto_archive_duration": 60}),
    )
    for _ in range(60):
        for method, path, body in right:
            caller = town.ada if path == "/interactions" else town.bot
            if path == "callback":
                await town.call("POST", "/interactions", started, by=town.ada)
                newest = next(reversed(town.world.interactions.values()))
                path = f"/interactions/{newest.id}/{newest.token}/callback?with_response=true"  # noqa: PLW2901
            spoiled = _spoiled(body, chance)
            headers = {"Authorization": f"Bot {caller.token}" if caller.bot else caller.token}
            url = town.emulator.rest_url + path
            async with town.http.request(method, url, json=spoiled, headers=headers) as response:
                assert response.status < 500, f"{method} {path} {spoiled!r}"
    contract = town.emulator.context.rooms.get("contract")
    if contract is not None:
        wrong = [line for line in contract.violations if ", request: " not in line]
        contract.violations.clear()
        assert not wrong


async def test_pictures(town: Town) -> None:
    base = town.emulator.url + "/cdn"
    for path, kind in (
        (f"/avatars/{town.ada.id}/abc.png?size=64", "image/png"),
        (f"/icons/{town.guild.id}/abc.svg", "image/svg+xml"),
        ("/embed/avatars/3.png", "image/png"),
        (f"/avatars/{town.ada.id}/abc.png?size=99999999999", "image/png"),
    ):
        async with town.http.get(base + path) as response:
            assert response.status == 200
            assert response.content_type == kind
            body = await response.read()
            assert body.startswith(b"\x89PNG\r\n\x1a\n" if kind == "image/png" else b"<svg ")
    async with town.http.get(f"{base}/avatars/1/abc.exe") as response:
        assert response.status == 415
    async with town.http.get(f"{base}/attachments/1/x.txt") as response:
        assert response.status == 404
