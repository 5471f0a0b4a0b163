"""The timers page in a real browser: without script, at a phone's width, in both themes."""

import time
from typing import Any

import pytest

from skynetbot.web.memory import MemoryPorts
from skynetbot.web.server import WebServer

from .conftest import MINE
from .test_browser import CONTRAST, browser, expect, open_visit, pytestmark, server
from .test_timers_pages import PAGE, view

__all__ = ["browser", "pytestmark", "server"]


def fill(ports: MemoryPorts) -> None:
    now = time.time()
    long = "Reminder: water the plants on the balcony, and " + "averyverylongwordwithoutanyspaceinit" * 4
    ports.timers.waiting[MINE] = [
        view(1, title="Message of the day", queue="motd.post", due=now + 5, user_id=None, user_name="", repeats=True),
        view(2, title="Announcement 12: Summer fair", queue="announcements.post", due=now + 7_500, user_name="Mira"),
        view(3, title=long, due=now + 90_000, user_name="a-name-that-is-really-rather-long-for-a-row"),
        view(4, title="Reminder: tea", due=now - 3, running=True, attempts=2, user_name="クロエ"),
        view(5, title="Poll ends", queue="polls.end", due=now + 30, attempts=3, error="ConnectionError: " + "x" * 90),
        *(view(number, title=f"Reminder {number}", due=now + 1e6 + number) for number in range(6, 40)),
    ]
    ports.timers.given_up[MINE] = [
        view(91, title=long, due=now - 86_400, attempts=8, error="ConnectionError('lost') (attempt 8 of 8)"),
        view(90, title="Giveaway ends", queue="giveaways.end", due=now - 90_000, attempts=1, error="unknown channel"),
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_timers_fit_a_phone_and_can_be_read(
    browser: Any, server: WebServer, ports: MemoryPorts, theme: str
) -> None:
    fill(ports)
    visit = await open_visit(browser, server, color_scheme=theme)
    await visit.log_in()
    await visit.go(PAGE)
    await visit.shoot(f"timers-{theme}")
    assert await visit.page.evaluate(CONTRAST) == []
    await visit.page.set_viewport_size({"width": 360, "height": 740})
    assert await visit.overflow() <= 0
    await visit.shoot(f"timers-{theme}-phone")
    assert visit.problems == []


async def test_timers_are_complete_without_script(browser: Any, server: WebServer, ports: MemoryPorts) -> None:
    fill(ports)
    visit = await open_visit(browser, server, java_script_enabled=False)
    await visit.log_in()
    await visit.go(f"/servers/{MINE}")
    page = visit.page
    await page.get_by_role("link", name="Timers").click()
    await expect(page.get_by_role("heading", name="Timers")).to_be_visible()
    await page.get_by_role("link", name="Later").click()
    await expect(page.get_by_text("Reminder 39")).to_be_visible()
    await page.get_by_role("link", name="The next ones").click()
    await page.get_by_role("button", name="Run 90 again").click()
    await expect(page.get_by_role("status")).to_contain_text("#90 runs again now.")
    await expect(page.get_by_role("button", name="Run 90 again")).to_have_count(0)
    assert visit.problems == []
