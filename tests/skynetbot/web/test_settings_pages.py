"""The settings form and its JSON twin: nothing typed is lost, nothing is overwritten unseen."""

import pytest

from skynetbot.web.memory import MemoryPorts
from skynetbot.web.ports import ActionRecord

from .conftest import MINE, RUI, Client, FakeDiscord, csrf_token, make_config

FORM = f"/servers/{MINE}/settings/wordfilter"
API = f"/api/servers/{MINE}/settings/wordfilter"


async def values(ports: MemoryPorts) -> dict[str, object]:
    return {field.name: field.value for field in (await ports.settings.section(MINE, "wordfilter")).fields}


async def test_save_reads_every_kind_of_field(logged_in: Client, ports: MemoryPorts) -> None:
    form = {
        "_csrf": await csrf_token(logged_in),
        "_version": "0",
        "enabled": "on",
        "words": "one\r\n two \r\n\r\n",
        "action": "warn",
        "strikes": "5",
        "notice": "Mind your words",
        "log_channel": "13",
        "ignored_channels": ["11", "12"],
        "exempt_roles": ["21"],
    }
    answer = await logged_in.post(FORM, data=form)
    assert answer.status_code == 303
    assert await values(ports) == {
        "enabled": True,
        "words": ("one", "two"),
        "action": "warn",
        "strikes": 5,
        "notice": "Mind your words",
        "log_channel": 13,
        "ignored_channels": (11, 12),
        "exempt_roles": (21,),
    }
    assert {*ports.settings.authors} == {(42, "Mira Lindgren")}
    page = await logged_in.get(answer.headers["location"])
    assert "Saved." in page.text
    assert 'name="_version" value="1"' in page.text


async def test_what_is_not_sent_is_off_or_empty(logged_in: Client, ports: MemoryPorts) -> None:
    form = {"_csrf": await csrf_token(logged_in), "_version": "0", "strikes": "3", "action": "log"}
    assert (await logged_in.post(FORM, data=form)).status_code == 303
    saved = await values(ports)
    assert saved["enabled"] is False
    assert saved["log_channel"] is None
    assert saved["ignored_channels"] == ()


async def test_a_bad_value_keeps_what_was_typed(logged_in: Client, ports: MemoryPorts) -> None:
    form = {"_csrf": await csrf_token(logged_in), "_version": "0", "strikes": "<99>", "words": "kept <i>"}
    answer = await logged_in.post(FORM, data=form)
    assert answer.status_code == 422
    assert "Give a whole number." in answer.text
    assert 'value="&lt;99&gt;"' in answer.text
    assert "kept &lt;i&gt;" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert ports.settings.authors == []


@pytest.mark.parametrize("version", ["0", "", "x", "-1"])
async def test_an_old_form_does_not_overwrite(logged_in: Client, ports: MemoryPorts, version: str) -> None:
    await ports.settings.update(MINE, "wordfilter", {"strikes": 7}, actor=RUI, expected_version=None)
    form = {"_csrf": await csrf_token(logged_in), "_version": version, "strikes": "5", "action": "delete"}
    answer = await logged_in.post(FORM, data=form)
    assert answer.status_code == 409
    assert "Rui saved while you were typing" in answer.text
    assert "<dd>7</dd>" in answer.text
    assert 'value="5"' in answer.text
    assert (await values(ports))["strikes"] == 7
    kept = await logged_in.post(FORM, data={**form, "_version": "1", "_keep": "strikes"})
    assert kept.status_code == 303
    assert (await values(ports))["strikes"] == 7
    assert (await logged_in.post(FORM, data={**form, "_version": "2"})).status_code == 303
    assert (await values(ports))["strikes"] == 5


async def test_what_does_not_conflict_is_merged_into_the_form(logged_in: Client, ports: MemoryPorts) -> None:
    theirs = {"strikes": 7, "notice": "theirs", "words": ["badword", "theirs"]}
    await ports.settings.update(MINE, "wordfilter", theirs, actor=RUI, expected_version=None)
    form = {
        "_csrf": await csrf_token(logged_in),
        "_version": "0",
        "strikes": "3",
        "notice": "mine",
        "words": "badword\nmine",
        "action": "warn",
    }
    answer = await logged_in.post(FORM, data=form)
    assert answer.status_code == 409
    page = answer.text
    assert 'name="strikes" value="7"' in page, "theirs, which is in nobody's way"
    assert '<option value="warn" selected>' in page, "mine, which is in nobody's way"
    assert 'name="notice" value="mine"' in page
    assert "<dd>theirs</dd>" in page
    assert "badword\nmine</textarea>" in page
    assert page.count('name="_keep"') == 2
    assert "Only theirs" in page
    assert (await values(ports))["notice"] == "theirs"


async def test_an_old_form_that_changes_other_fields_saves_both(logged_in: Client, ports: MemoryPorts) -> None:
    await ports.settings.update(MINE, "wordfilter", {"strikes": 7}, actor=RUI, expected_version=None)
    form = {"_csrf": await csrf_token(logged_in), "_version": "0", "strikes": "3", "words": "badword", "action": "log"}
    assert (await logged_in.post(FORM, data=form)).status_code == 303
    saved = await values(ports)
    assert (saved["strikes"], saved["action"]) == (7, "log")


async def test_a_reset_gives_the_defaults(logged_in: Client, ports: MemoryPorts) -> None:
    assert "Reset Word filter now" not in (await logged_in.get(FORM)).text
    await ports.settings.update(MINE, "wordfilter", {"strikes": 7}, actor=RUI, expected_version=None)
    assert "Reset Word filter now" in (await logged_in.get(FORM)).text
    answer = await logged_in.post(f"{FORM}/reset", data={"_csrf": await csrf_token(logged_in)})
    assert answer.status_code == 303
    assert (await values(ports))["strikes"] == 3
    assert "These are the defaults now." in (await logged_in.get(answer.headers["location"])).text


async def test_a_deleted_channel_stays_visible(logged_in: Client, ports: MemoryPorts) -> None:
    await ports.settings.update(MINE, "wordfilter", {"log_channel": 999}, actor=RUI, expected_version=None)
    assert '<option value="999" selected>deleted (999)</option>' in (await logged_in.get(FORM)).text


async def test_an_unknown_feature_is_not_found(logged_in: Client) -> None:
    assert (await logged_in.get(f"/servers/{MINE}/settings/nothing")).status_code == 404
    assert (await logged_in.get(f"/api/servers/{MINE}/settings/nothing")).status_code == 404


async def test_json_read_and_patch(logged_in: Client, ports: MemoryPorts) -> None:
    headers = {"x-csrf-token": await csrf_token(logged_in)}
    assert (await logged_in.get(API)).json()["values"]["strikes"] == 3
    body: dict[str, object] = {
        "changes": {"strikes": 9, "log_channel": "13", "exempt_roles": ["21"]},
        "version": 0,
    }
    answer = await logged_in.patch(API, json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert answer.json()["values"]["log_channel"] == "13"
    assert answer.json()["values"]["exempt_roles"] == ["21"]

    conflict = await logged_in.patch(API, json={"changes": {"strikes": 8}, "version": 0}, headers=headers)
    assert conflict.status_code == 409
    assert conflict.json()["error"]["current"]["version"] == 1
    assert conflict.json()["error"]["conflicts"] == {"strikes": {"theirs": 9, "mine": 8}}

    bad = await logged_in.patch(API, json={"changes": {"strikes": 99, "nope": 1}}, headers=headers)
    assert bad.status_code == 422
    assert set(bad.json()["error"]["fields"]) == {"strikes", "nope"}
    assert (await values(ports))["strikes"] == 9


@pytest.mark.parametrize("body", ["{", "[]", '{"changes": 1}', '{"changes": {}, "extra": 1}', "null", ""])
async def test_json_that_makes_no_sense_is_refused(logged_in: Client, body: str) -> None:
    headers = {"x-csrf-token": await csrf_token(logged_in), "content-type": "application/json"}
    answer = await logged_in.patch(API, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


async def test_json_of_a_server(logged_in: Client) -> None:
    body = (await logged_in.get(f"/api/servers/{MINE}")).json()
    assert body["id"] == str(MINE)
    assert body["totals"] == {"messages_total": 48_210, "messages_today": 312, "members_seen": 97}
    assert body["top"][0]["user_id"] == "5000"
    assert body["actions"][0]["id"] == 8
    assert [entry["feature"] for entry in body["settings"]] == ["wordfilter", "activity"]


@pytest.mark.parametrize(
    ("kind", "summary", "tone"),
    [
        ("word filter", "Deleted a message and warned", "warn"),
        ("word filter", "Deleted a message", "delete"),
        ("rank", "Reached Regular", "rank"),
        ("word filter (incomplete)", "Logged a message", "other"),
    ],
)
async def test_actions_look_like_what_they_did(
    logged_in: Client, ports: MemoryPorts, kind: str, summary: str, tone: str
) -> None:
    ports.actions.records = [ActionRecord(1, 1_790_000_000.0, MINE, kind, "Jonas", summary, "why", None, None)]
    assert f"kind-{tone}" in (await logged_in.get(f"/servers/{MINE}")).text


async def test_icons_come_from_discord_only_for_discord(discord: FakeDiscord) -> None:
    assert make_config(discord, cdn_url=None).images_from == ""
    real = make_config(discord, cdn_url=None, oauth_api_base="https://discord.com/api/v10")
    assert real.images_from == "https://cdn.discordapp.com"
