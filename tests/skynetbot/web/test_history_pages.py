"""History, undo, going back, export and import: pages, their JSON twins, and who may do what."""

import json
import re
from typing import Any

import msgspec
import pytest

from skynetbot.web.memory import MemoryPorts

from .conftest import MEMBER_ONLY, MINE, RUI, Client, FakeDiscord, csrf_token

HISTORY = f"/servers/{MINE}/history"
TRANSFER = f"/servers/{MINE}/transfer"
API = f"/api/servers/{MINE}/settings"
MIRA = 42


async def strikes(ports: MemoryPorts) -> Any:
    return {field.name: field.value for field in (await ports.settings.section(MINE, "wordfilter")).fields}["strikes"]


async def change(ports: MemoryPorts, feature: str = "wordfilter", **changes: Any) -> None:
    await ports.settings.update(MINE, feature, changes, actor=RUI, expected_version=None)


async def post(client: Client, path: str, **form: Any) -> Any:
    return await client.post(path, data={"_csrf": await csrf_token(client), **form})


# -- history and undo --------------------------------------------------------------------------------------------------


async def test_each_change_says_who_what_and_from_where(logged_in: Client, ports: MemoryPorts) -> None:
    assert "Nothing was changed yet" in (await logged_in.get(HISTORY)).text
    await change(ports, words=["bad<word", "worse"], log_channel="13", exempt_roles=["21", "99"])
    await change(ports, "activity", announce=False)
    page = (await logged_in.get(HISTORY)).text
    assert page.index("#2") < page.index("#1</span>")
    assert "<ins>bad&lt;word</ins>" in page
    assert "<del>badword</del>" in page
    assert "<del>none</del>" in page
    assert "<ins>#bot-log</ins>" in page
    assert "<ins>@Moderator</ins> <ins>deleted (99)</ins>" in page
    assert page.count("Rui") >= 2
    only = (await logged_in.get(f"{HISTORY}?feature=activity")).text
    assert "#2</span>" in only
    assert "#1</span>" not in only
    assert (await logged_in.get(f"{HISTORY}?feature=nothing")).status_code == 404


async def test_pages_lead_to_all_changes(logged_in: Client, ports: MemoryPorts) -> None:
    for number in range(45):
        await change(ports, strikes=number % 2 + 1)
    seen: list[str] = []
    address: str | None = HISTORY
    while address:
        page = (await logged_in.get(address)).text
        seen += re.findall(r'change-number">#(\d+)<', page)
        found = re.search(r'href="([^"]+)">Older', page)
        address = found.group(1).replace("&amp;", "&") if found else None
    assert seen == [str(number) for number in range(45, 0, -1)]
    assert (await logged_in.get(f"{HISTORY}?before=x")).status_code == 200
    assert (await logged_in.get(f"{HISTORY}?before={'9' * 40}")).status_code == 200


async def test_undo_keeps_what_came_later(logged_in: Client, ports: MemoryPorts) -> None:
    await change(ports, strikes=7)
    await change(ports, notice="later")
    answer = await post(logged_in, f"{HISTORY}/1/undo")
    assert answer.status_code == 303
    assert "Change #1 is undone." in (await logged_in.get(answer.headers["location"])).text
    assert await strikes(ports) == 3
    assert ports.settings.authors[-1] == (MIRA, "Mira Lindgren")
    again = await post(logged_in, f"{HISTORY}/1/undo")
    assert "undone already" in (await logged_in.get(again.headers["location"])).text
    for unknown in ("0", "99", "9" * 30):
        assert (await post(logged_in, f"{HISTORY}/{unknown}/undo")).status_code == 404


async def test_undo_of_what_was_changed_again_shows_both_and_changes_nothing(
    logged_in: Client, ports: MemoryPorts
) -> None:
    await change(ports, strikes=7)
    await change(ports, strikes=9)
    answer = await post(logged_in, f"{HISTORY}/1/undo")
    assert answer.status_code == 409
    assert "was not undone" in answer.text
    assert re.search(r"now</span>9", answer.text)
    assert re.search(r"before #1</span>3", answer.text)
    assert await strikes(ports) == 9


async def test_going_back_shows_first_what_it_changes(logged_in: Client, ports: MemoryPorts) -> None:
    await change(ports, strikes=7)
    await change(ports, strikes=9)
    await change(ports, "activity", announce=False)
    preview = await logged_in.get(f"{HISTORY}/1/restore")
    assert "Nothing has been changed yet." in preview.text
    assert "<del>9</del>" in preview.text
    revision = re.findall(r'name="_revision" value="(\d+)"', preview.text)[0]
    answer = await post(logged_in, f"{HISTORY}/1/restore", _revision=revision)
    assert answer.status_code == 303
    assert await strikes(ports) == 7
    assert "right after change #1" in (await logged_in.get(answer.headers["location"])).text
    assert "Nothing would change" in (await logged_in.get(f"{HISTORY}/5/restore")).text
    assert (await logged_in.get(f"{HISTORY}/99/restore")).status_code == 404


@pytest.mark.parametrize("revision", ["1", "", "x", None])
async def test_going_back_after_somebody_else_saved_asks_again(
    logged_in: Client, ports: MemoryPorts, revision: str | None
) -> None:
    await change(ports, strikes=7)
    await change(ports, notice="unseen")
    form = {} if revision is None else {"_revision": revision}
    answer = await post(logged_in, f"{HISTORY}/0/restore", **form)
    assert answer.status_code == 409
    assert "since you looked" in answer.text
    assert "unseen" in answer.text
    assert await strikes(ports) == 7


# -- export and import -------------------------------------------------------------------------------------------------


async def upload(client: Client, content: bytes) -> Any:
    form = {"_csrf": await csrf_token(client)}
    return await client.post(f"{TRANSFER}/preview", data=form, files={"file": ("s.json", content, "application/json")})


async def test_an_export_is_a_file_and_comes_back_after_a_look(logged_in: Client, ports: MemoryPorts) -> None:
    await change(ports, strikes=7, notice='“quoted” & <b>"\n')
    exported = await logged_in.get(f"{TRANSFER}/export")
    assert exported.headers["content-disposition"] == f'attachment; filename="settings-{MINE}.json"'
    assert exported.headers["content-type"] == "application/json"
    await change(ports, strikes=9, notice="")
    preview = await upload(logged_in, exported.content)
    assert preview.status_code == 200
    assert "<ins>7</ins>" in preview.text
    assert await strikes(ports) == 9
    revision = re.findall(r'name="_revision" value="(\d+)"', preview.text)[0]
    form = {"_csrf": await csrf_token(logged_in), "_revision": revision, "document": exported.text}
    # The browser sends the preview's form with its parts apart, as it does a file.
    answer = await logged_in.post(f"{TRANSFER}/import", files={name: (None, text) for name, text in form.items()})
    assert answer.status_code == 303, answer.text
    assert await strikes(ports) == 7
    assert "Imported." in (await logged_in.get(answer.headers["location"])).text
    stale = await logged_in.post(f"{TRANSFER}/import", files={name: (None, text) for name, text in form.items()})
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file first"),
        (b"{", "This is not JSON"),
        (b"\xff\xfe", "This is not JSON"),
        (b'{"<script>": {}}', "&lt;script&gt;"),
    ],
)
async def test_a_bad_file_is_explained_and_changes_nothing(
    logged_in: Client, ports: MemoryPorts, content: bytes, said: str
) -> None:
    answer = await upload(logged_in, content)
    assert answer.status_code == 422
    assert said in answer.text
    assert ports.settings.authors == []


async def test_a_file_may_have_a_mebibyte_and_no_more(logged_in: Client) -> None:
    assert (await upload(logged_in, b"[" + b" " * (1 << 20))).status_code == 422
    assert (await upload(logged_in, b" " * (1200 << 10))).status_code == 413


# -- JSON --------------------------------------------------------------------------------------------------------------


async def test_json_history_undo_restore_export_and_import(logged_in: Client, ports: MemoryPorts) -> None:
    headers = {"x-csrf-token": await csrf_token(logged_in)}
    await change(ports, strikes=7, log_channel="13")
    await change(ports, strikes=9)
    found = (await logged_in.get(f"{API}/history?limit=1")).json()["changes"]
    assert [entry["number"] for entry in found] == [2]
    (older,) = (await logged_in.get(f"{API}/history?before=2&feature=wordfilter")).json()["changes"]
    assert older["fields"]["log_channel"] == {"before": None, "after": "13"}
    assert older["author"] == {"id": "1", "name": "Rui"}

    conflict = await logged_in.post(f"{API}/undo", json={"number": 1}, headers=headers)
    assert conflict.status_code == 409
    assert conflict.json()["error"]["conflict"]["fields"] == {"strikes": {"before": 9, "after": 3}}
    undone = await logged_in.post(f"{API}/undo", json={"number": 2}, headers=headers)
    assert undone.json()["changed"][0]["fields"] == {"strikes": {"before": 9, "after": 7}}
    assert (await logged_in.get(f"{API}/history")).json()["changes"][0]["source"] == "api"

    planned = (await logged_in.post(f"{API}/restore?dry_run=1", json={"number": 0}, headers=headers)).json()
    assert await strikes(ports) == 7
    body = {"number": 0, "revision": planned["revision"] - 1}
    assert (await logged_in.post(f"{API}/restore", json=body, headers=headers)).status_code == 409
    exported = (await logged_in.get(f"{API}/export")).content
    body = {"number": 0, "revision": planned["revision"]}
    done = await logged_in.post(f"{API}/restore", json=body, headers=headers)
    assert done.json()["changed"] == planned["changed"]
    assert await strikes(ports) == 3

    dry = await logged_in.post(f"{API}/import?dry_run=1", content=exported, headers=headers)
    assert dry.status_code == 200, dry.text
    assert await strikes(ports) == 3
    stale = await logged_in.post(f"{API}/import?revision=0", content=exported, headers=headers)
    assert stale.status_code == 409
    done = await logged_in.post(f"{API}/import", content=exported, headers=headers)
    assert done.json()["changed"] == dry.json()["changed"]
    assert await strikes(ports) == 7
    bad = await logged_in.post(f"{API}/import", content=b"{", headers=headers)
    assert bad.status_code == 422
    assert "not JSON" in bad.json()["error"]["problems"][0]
    missing = await logged_in.post(f"{API}/undo", json={"number": 99}, headers=headers)
    assert missing.status_code == 404
    assert "99" in missing.json()["error"]["message"]


# -- levels ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def moderator(ports: MemoryPorts, discord: FakeDiscord) -> None:
    """Mira has no permission of Discord anywhere any more, but a role with level 2 in one server."""
    for guild in discord.guilds:
        guild.update(permissions="1024", owner=False)
    ports.guilds.roles_of[MINE, MIRA] = (21, 22)
    ports.settings.role_levels = {21: 2, 22: 1}
    ports.settings.needed = {"wordfilter": 2}


@pytest.mark.usefixtures("moderator")
async def test_a_role_with_a_level_opens_the_server_and_no_other(logged_in: Client, ports: MemoryPorts) -> None:
    listed = (await logged_in.get("/servers")).text
    assert f'href="/servers/{MINE}"' in listed
    assert f'href="/servers/{MEMBER_ONLY}"' not in listed
    assert (await logged_in.get(f"/servers/{MINE}")).status_code == 200
    assert (await logged_in.get(f"/servers/{MEMBER_ONLY}")).status_code == 403
    assert (await logged_in.get(f"/api/servers/{MINE}")).json()["level"] == 2
    ports.guilds.roles_of[MINE, MIRA] = ()
    assert (await logged_in.get(f"/servers/{MINE}")).status_code == 403
    del ports.guilds.roles_of[MINE, MIRA]
    assert (await logged_in.get(f"/servers/{MINE}")).status_code == 403, "who is not known has no role"


@pytest.mark.usefixtures("moderator")
async def test_a_level_changes_what_it_reaches_and_the_rest_is_read_only(logged_in: Client, ports: MemoryPorts) -> None:
    form = {"_version": "0", "strikes": "5", "action": "delete", "words": "badword"}
    assert (await post(logged_in, f"/servers/{MINE}/settings/wordfilter", **form)).status_code == 303
    page = (await logged_in.get(f"/servers/{MINE}/settings/activity")).text
    assert "You may look, but not change these settings." in page
    assert "needs level 3; you have level 2" in page
    assert "<fieldset disabled>" in page
    assert ">Save</button>" not in page
    before = len(ports.settings.authors)
    await change(ports, "activity", announce=False)
    await change(ports, "activity", announce=True)
    token = await csrf_token(logged_in)
    headers = {"x-csrf-token": token}
    document = json.dumps({"activity": {"announce": False}}).encode()
    refused = [
        await post(logged_in, f"/servers/{MINE}/settings/activity", _version="2"),
        await post(logged_in, f"/servers/{MINE}/settings/activity/reset"),
        await post(logged_in, f"{HISTORY}/3/undo"),
        await logged_in.get(f"{HISTORY}/2/restore"),
        await post(logged_in, f"{HISTORY}/2/restore", _revision="3"),
        await upload(logged_in, document),
        await post(logged_in, f"{TRANSFER}/import", _revision="3", document=document.decode()),
        await logged_in.patch(f"{API}/activity", json={"changes": {"announce": False}}, headers=headers),
        await logged_in.post(f"{API}/undo", json={"number": 3}, headers=headers),
        await logged_in.post(f"{API}/restore", json={"number": 2}, headers=headers),
        await logged_in.post(f"{API}/restore?dry_run=1", json={"number": 2}, headers=headers),
        await logged_in.post(f"{API}/import", content=document, headers=headers),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert all("needs level 3" in answer.text for answer in refused)
    assert len(ports.settings.authors) == before + 2
    assert (await post(logged_in, f"{HISTORY}/1/undo")).status_code == 303
    history = (await logged_in.get(HISTORY)).text
    assert 'aria-label="Undo change 1"' in history
    assert 'aria-label="Undo change 2"' not in history


@pytest.mark.usefixtures("moderator")
async def test_what_was_typed_is_shown_when_the_right_is_gone(logged_in: Client, ports: MemoryPorts) -> None:
    ports.settings.needed = {"wordfilter": 4}
    form = {"_version": "0", "strikes": "5", "notice": "typed with care", "action": "delete"}
    answer = await post(logged_in, f"/servers/{MINE}/settings/wordfilter", **form)
    assert answer.status_code == 403
    assert "typed with care" in answer.text
    assert "needs level 4" in answer.text


async def test_the_session_knows_nothing_of_levels(logged_in: Client, ports: MemoryPorts) -> None:
    """So that a level that was taken away counts at once."""
    (key,) = [key for key in ports.sessions._store if key.startswith("session:")]
    session = msgspec.json.decode(await ports.sessions.get(key) or b"{}")
    assert "level" not in json.dumps(session)
