"""What is pending in a server and what was given up: the page, its JSON, and who may let something run again."""

import re
from typing import Any

import pytest

from skynetbot.web.memory import MemoryPorts
from skynetbot.web.timers_port import TimerView

from .conftest import FOREIGN, MEMBER_ONLY, MINE, Client, FakeDiscord, csrf_token

PAGE = f"/servers/{MINE}/timers"
API = f"/api/servers/{MINE}/timers"


def view(id_: int, **changes: Any) -> TimerView:
    values: dict[str, Any] = {
        "id": id_,
        "queue": "reminders.fire",
        "title": f"Reminder <{id_}>",
        "due": 4_000_000_000.0 + id_,
        "user_id": 5001,
        "user_name": "Mira & co",
        "running": False,
        "repeats": False,
        "attempts": 0,
        "error": "",
        **changes,
    }
    return TimerView(**values)


async def test_the_page_says_when_what_for_whom_and_why(logged_in: Client, ports: MemoryPorts) -> None:
    empty = (await logged_in.get(PAGE)).text
    assert "Nothing is pending" in empty
    assert "Given up" not in empty
    ports.timers.waiting[MINE] = [
        view(1, attempts=2, error="ConnectionError('<lost>')"),
        view(2, running=True, repeats=True, user_name=""),
        view(3, user_id=None, user_name="", title=""),
    ]
    ports.timers.given_up[MINE] = [view(9, attempts=8, error="unknown channel")]
    ports.timers.waiting[FOREIGN] = [view(77, title="of somebody else")]
    page = (await logged_in.get(PAGE)).text
    for text in (
        "Reminder &lt;1&gt;",
        "For <b>Mira &amp; co</b>",
        "2 attempts",
        "Last error: ConnectionError(&#39;&lt;lost&gt;&#39;)",
        "runs now",
        "repeats",
        "For member 5001",
        "For the server",
        "<b>reminders.fire</b>",
        "unknown channel",
        "8 attempts",
    ):
        assert text in page, text
    assert re.search(r"in \d+ y \d+ d · ", page)
    assert "of somebody else" not in page
    assert 'href="' + PAGE + '"' in (await logged_in.get(f"/servers/{MINE}")).text


async def test_pages_lead_to_everything_pending_and_given_up(logged_in: Client, ports: MemoryPorts) -> None:
    # Many are due at the same time, so that a page ends between them.
    ports.timers.waiting[MINE] = [view(number, due=4_000_000_000.125 + number // 40) for number in range(1, 71)]
    ports.timers.given_up[MINE] = [view(number) for number in range(100, 160)]
    seen: list[int] = []
    address: str | None = PAGE
    while address:
        page = (await logged_in.get(address)).text
        seen += map(int, re.findall(r"<b>Reminder &lt;(\d+)&gt;</b>", page))
        found = re.search(r'href="([^"]+)">Later', page)
        address = found.group(1) if found else None
    assert seen == list(range(1, 71))
    seen.clear()
    address = PAGE
    while address:
        page = (await logged_in.get(address)).text
        seen += map(int, re.findall(r'change-number">#(\d+)<', page))
        found = re.search(r'href="([^"#]+)#dead-title">Older', page)
        address = found.group(1) if found else None
    assert seen == list(range(159, 99, -1))
    for odd in ("after=x", "after=1,", "after=nan,1", "after=inf,1", f"after=1,{'9' * 40}", "before=-1", "before=x"):
        assert (await logged_in.get(f"{PAGE}?{odd}")).status_code == 200
    assert "Nothing later" in (await logged_in.get(f"{PAGE}?after=9000000000.0,1")).text


async def test_what_was_given_up_runs_again_once(logged_in: Client, ports: MemoryPorts) -> None:
    ports.timers.given_up[MINE] = [view(9, error="unknown channel")]
    ports.timers.given_up[FOREIGN] = [view(10)]
    form = {"_csrf": await csrf_token(logged_in)}
    assert (await logged_in.post(f"{PAGE}/9/again")).status_code == 403, "without its token"
    answer = await logged_in.post(f"{PAGE}/9/again", data=form)
    assert answer.status_code == 303
    assert "#9 runs again now." in (await logged_in.get(answer.headers["location"])).text
    assert [timer.id for timer in ports.timers.waiting[MINE]] == [9]
    for gone in (9, 10, 0, "9" * 18, "9" * 30):
        answer = await logged_in.post(f"{PAGE}/{gone}/again", data=form)
        assert answer.status_code == 303
        assert "was not started" in (told := (await logged_in.get(answer.headers["location"])).text) or (
            "Nothing was started" in told
        )
    assert len(ports.timers.given_up[FOREIGN]) == 1, "of another server"


async def test_moderators_look_and_managers_run_again(
    logged_in: Client, ports: MemoryPorts, discord: FakeDiscord
) -> None:
    ports.timers.given_up[MEMBER_ONLY] = [view(9)]
    ports.guilds.roles_of[MEMBER_ONLY, 42] = (21,)
    there = f"/servers/{MEMBER_ONLY}/timers"
    assert (await logged_in.get(there)).status_code == 403, "no level there"
    ports.settings.role_levels[21] = 2
    page = (await logged_in.get(there)).text
    assert "Managers of this server may let it run again." in page
    assert "Run again" not in page
    answer = await logged_in.post(f"{there}/9/again", data={"_csrf": await csrf_token(logged_in)})
    assert answer.status_code == 403
    assert "needs level 3" in answer.text
    assert len(ports.timers.given_up[MEMBER_ONLY]) == 1
    assert (await logged_in.get(f"/api{there}")).json()["may_run_again"] is False


@pytest.mark.parametrize("path", [PAGE, API])
async def test_strangers_see_nothing(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in (302, 303, 401)


async def test_the_api_pages_on_with_what_it_gave(logged_in: Client, ports: MemoryPorts) -> None:
    ports.timers.waiting[MINE] = [view(number, due=0.1 + 0.2 * number) for number in range(1, 31)]
    ports.timers.given_up[MINE] = [view(number, user_id=None, error="no") for number in range(50, 80)]
    first = (await logged_in.get(API)).json()
    assert first["pending"][0] == {
        "id": "1",
        "queue": "reminders.fire",
        "title": "Reminder <1>",
        "due": 0.1 + 0.2,
        "user_id": "5001",
        "user_name": "Mira & co",
        "running": False,
        "repeats": False,
        "attempts": 0,
        "error": None,
    }
    assert first["dead"][0]["user_id"] is None
    second = (await logged_in.get(API, params={"after": first["next"], "before": first["dead_next"]})).json()
    assert [timer["id"] for timer in first["pending"] + second["pending"]] == [str(n) for n in range(1, 31)]
    assert [timer["id"] for timer in first["dead"] + second["dead"]] == [str(n) for n in range(79, 49, -1)]
    assert (second["next"], second["dead_next"]) == (None, None)
