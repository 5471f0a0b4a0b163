"""The check against Discord's OpenAPI document notices what it must, and agrees with a full JSON Schema validator."""

from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from discord_emulator.rest.openapi import Contract
from discord_emulator.rest.router import ROUTES
from discord_emulator.rest.schema import problems
from support.town import DOCUMENT, Town, contract

# Routes of people's own clients, and old forms of others that libraries still use; the document has neither.
_UNDOCUMENTED = {
    "POST /interactions",
    "POST /invites/{code}",
    "GET /guilds/{guild_id}/application-command-index",
}


@pytest.fixture
def checked() -> Contract:
    found = contract()
    if found is None:
        pytest.skip(f"Discord's OpenAPI document is not here: {DOCUMENT} (set DISCORD_OPENAPI)")
    return found


def test_the_document_has_our_routes(checked: Contract) -> None:
    missing = {f"{route.method} {route.path}" for route in ROUTES if not checked.knows(route.method, route.path)}
    assert missing <= _UNDOCUMENTED


@pytest.mark.parametrize(
    ("method", "path", "status", "answer", "says"),
    [
        ("GET", "/gateway", 200, {"url": "ws://127.0.0.1"}, None),
        ("GET", "/gateway", 200, {}, "$.url: missing"),
        ("GET", "/gateway", 200, {"url": 5}, "$.url"),
        ("GET", "/gateway", 201, {"url": "ws://127.0.0.1"}, "no such status"),
        ("DELETE", "/channels/{channel_id}/messages/{message_id}", 204, None, None),
        ("DELETE", "/channels/{channel_id}/messages/{message_id}", 204, {}, "no body here"),
        ("GET", "/users/@me", 404, {"code": 0, "message": "404: Not Found"}, None),
        ("GET", "/users/@me", 404, {"message": "404: Not Found"}, "$.code: missing"),
        ("GET", "/no/such/route", 200, {"anything": 1}, None),
    ],
)
def test_notices(checked: Contract, method: str, path: str, status: int, answer: Any, says: str | None) -> None:
    checked.check(method, path, request=None, status=status, answer=answer)
    assert len(checked.violations) == (says is not None)
    if says is not None:
        assert says in checked.violations[0]


def test_notices_requests_that_the_document_forbids(checked: Contract) -> None:
    path = "/channels/{channel_id}/messages/bulk-delete"
    checked.check("POST", path, request={"messages": "all"}, status=204, answer=None)
    assert "request: $.messages" in checked.violations[0]
    checked.check("POST", path, request={"messages": "all"}, status=400, answer={"code": 50035, "message": "no"})
    assert len(checked.violations) == 1, "a bad request that was refused is as it should be"


@pytest.mark.parametrize("content", ["", "{}", '{"components": {}}', "[]", "no"])
def test_says_which_file_is_no_document(tmp_path: Path, content: str) -> None:
    for name in ("document.json", "document.json.zst"):
        file = tmp_path / name
        file.write_text(content)
        with pytest.raises(ValueError, match=name):
            Contract.load(file)
    with pytest.raises(OSError, match="absent"):
        Contract.load(tmp_path / "absent.json")


formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


async def test_agrees_with_jsonschema(town: Town, checked: Contract) -> None:
    schemas = checked._components["schemas"]
    message = await town.call("POST", f"/channels/{town.general.id}/messages", {"content": "x"})
    guild = await town.call("GET", f"/guilds/{town.guild.id}")
    role = await town.call("GET", f"/guilds/{town.guild.id}/roles/{town.role.id}")
    for name, value in (("MessageResponse", message), ("GuildResponse", guild), ("GuildRoleResponse", role)):
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}, format_checker=formats
        )
        variants = [value, *({k: v for k, v in value.items() if k != key} for key in value)]
        variants += [{**value, key: wrong} for key in value for wrong in ([1], 2.5, "x", None)]
        for variant in variants:
            ours = list(problems(variant, schemas[name], schemas))
            assert bool(ours) == (not validator.is_valid(variant)), (name, ours)
