"""Application commands: registering them, replacing them all, who may use them, and the picker's index."""

from typing import Any

import pytest

from support.town import Town

PING = {"name": "ping", "description": "Answers."}


def commands(town: Town, *, guild: bool = False) -> str:
    return f"/applications/{town.application.id}{f'/guilds/{town.guild.id}' if guild else ''}/commands"


@pytest.mark.parametrize("guild", [False, True])
async def test_life_of_a_command(town: Town, guild: bool) -> None:
    path = commands(town, guild=guild)
    made = await town.call("POST", path, PING, expect=201)
    assert made.get("guild_id") == (str(town.guild.id) if guild else None)
    again = await town.call("POST", path, {**PING, "description": "Answers again."}, expect=200)
    assert again["id"] == made["id"]
    assert again["version"] != made["version"]
    one = f"{path}/{made['id']}"
    assert (await town.call("PATCH", one, {"name": "pong"}))["name"] == "pong"
    assert (await town.call("GET", one))["description"] == "Answers again."
    assert len(await town.call("GET", path)) == 1
    await town.call("DELETE", one, expect=204)
    await town.refused(10063, "GET", one, status=404)
    assert await town.call("GET", path) == []


async def test_replace_all_keeps_ids(town: Town) -> None:
    path = commands(town)
    first = await town.call("PUT", path, [PING, {"name": "help", "description": "Helps."}])
    second = await town.call("PUT", path, [PING, {"name": "Report", "type": 3}])
    assert {c["name"] for c in second} == {"ping", "Report"}
    assert next(c["id"] for c in first if c["name"] == "ping") == next(c["id"] for c in second if c["name"] == "ping")
    assert await town.call("PUT", path, []) == []
    await town.refused(50035, "PUT", path, [PING, PING])
    await town.refused(50109, "PUT", path, PING)
    await town.refused(30032, "PUT", path, [{"name": f"c{n}", "description": "d"} for n in range(101)])


async def test_options_of_every_kind(town: Town) -> None:
    leaf = [
        {"type": kind, "name": f"o{kind}", "description": "d", "required": kind == 3} for kind in (3, 4, 5, 6, 7, 8, 9)
    ]
    leaf += [{"type": 10, "name": "number", "description": "d", "choices": [{"name": "half", "value": 0.5}]}]
    body = {
        "name": "all",
        "description": "Everything.",
        "default_member_permissions": "8192",
        "contexts": [0],
        "integration_types": [0],
        "nsfw": False,
        "options": [
            {"type": 1, "name": "sub", "description": "d", "options": leaf},
            {
                "type": 2,
                "name": "group",
                "description": "d",
                "options": [{"type": 1, "name": "inner", "description": "d"}],
            },
        ],
    }
    made = await town.call("POST", commands(town), body)
    assert made["options"][0]["options"][0]["type"] == 3
    assert made["default_member_permissions"] == "8192"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Upper", "description": "d"},
        {"name": "two words", "description": "d"},
        {"name": "x" * 33, "description": "d"},
        {"name": "x"},
        {"name": "x", "description": ""},
        {"name": "x", "description": "d" * 101},
        {"name": "x", "description": "d", "type": 9},
        {"name": "x", "description": "d", "options": [{"type": 3, "name": "o"}]},
        {"name": "x", "description": "d", "options": [{"type": 3, "name": "o", "description": "d"}] * 26},
        {"name": "x", "description": "d", "options": "none"},
        {"name": "x", "description": "d", "default_member_permissions": "admin"},
        {
            "name": "x",
            "description": "d",
            "options": [
                {"type": 3, "name": "a", "description": "d"},
                {"type": 3, "name": "b", "description": "d", "required": True},
            ],
        },
    ],
)
async def test_refuses_bad_commands(town: Town, body: dict[str, Any]) -> None:
    await town.refused(50035, "POST", commands(town), body, status=400)


async def test_only_its_own_application(town: Town) -> None:
    other, _ = town.world.create_application("Other", town.owner)
    await town.refused(20012, "GET", f"/applications/{other.id}/commands", status=403)
    await town.refused(10002, "GET", "/applications/1/commands")
    await town.refused(20012, "GET", commands(town), by=town.ada)


async def test_index_shows_what_a_member_may_use(town: Town) -> None:
    await town.call("PUT", commands(town), [PING, {**PING, "name": "ban", "default_member_permissions": "4"}])
    await town.call("POST", commands(town, guild=True), {**PING, "name": "local", "default_member_permissions": "0"})
    path = f"/guilds/{town.guild.id}/application-command-index"
    hers = await town.call("GET", path, by=town.ada)
    assert [c["name"] for c in hers["application_commands"]] == ["ping"]
    assert hers["applications"][0]["bot"]["id"] == str(town.bot.id)
    owners = await town.call("GET", path, by=town.owner)
    assert {c["name"] for c in owners["application_commands"]} == {"ping", "ban", "local"}


async def test_permissions_of_commands(town: Town) -> None:
    made = await town.call("POST", commands(town), PING)
    path = f"{commands(town, guild=True)}/{made['id']}/permissions"
    await town.refused(10066, "GET", path)
    body = {"permissions": [{"id": str(town.role.id), "type": 1, "permission": False}]}
    await town.call("PUT", path, body, by=town.owner)
    assert (await town.call("GET", path))["permissions"] == body["permissions"]
    assert len(await town.call("GET", commands(town, guild=True) + "/permissions")) == 1
    assert town.heard("APPLICATION_COMMAND_PERMISSIONS_UPDATE")
    await town.refused(50013, "PUT", path, body, by=town.ada)
