"""The dashboard in a real browser: login, live numbers, forms, a phone's width, contrast in both themes."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from skynetbot.web.memory import MemoryPorts
from skynetbot.web.ports import ActionRecord, ActivityTotals, LiveUpdate
from skynetbot.web.server import WebServer
from skynetbot.web.settings_port import Actor

from .conftest import ABSENT, FOREIGN, MEMBER_ONLY, MINE, RUI, FakeDiscord, make_config

playwright_api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
expect = playwright_api.expect
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not at /usr/bin/chromium"),
]
# Where to keep pictures of the pages; nowhere unless a person asks for them.
SHOTS = os.environ.get("SKYNETBOT_TEST_SCREENSHOTS", "")

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => (c * top[3] + below[i] * (255 - top[3])) / 255);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none" && !at.matches(".hero")) return null;
      layers.push(rgba(style.backgroundColor));
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest(".gradient, .skip")) continue;
    const back = ground(element);
    if (!back) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(over(rgba(style.color), back)), light(back)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${walk.currentNode.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


@pytest.fixture
async def server(ports: MemoryPorts, discord: FakeDiscord) -> AsyncIterator[WebServer]:
    server = WebServer(ports.as_web_ports(), make_config(discord, public_url=""), port=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        await browser.close()


class Visit:
    """A page that notes every console error and every request that leaves the machine."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.problems: list[str] = []
        self.allowed: tuple[str, ...] = ()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(text in message.text for text in self.allowed):
            self.problems.append(message.text)

    async def go(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def log_in(self) -> None:
        await self.go("/")
        await self.page.get_by_role("link", name="Log in with Discord").click()
        await expect(self.page.get_by_role("heading", name="My servers")).to_be_visible()

    async def shoot(self, name: str) -> None:
        if SHOTS:
            await self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)

    async def overflow(self) -> int:
        width: int = await self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width


async def open_visit(browser: Any, server: WebServer, **options: Any) -> Visit:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, **options)
    await context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    context.set_default_timeout(10_000)
    return Visit(await context.new_page(), server.url)


async def test_login_live_counters_and_logout(browser: Any, server: WebServer, ports: MemoryPorts) -> None:
    visit = await open_visit(browser, server)
    await visit.log_in()
    await visit.shoot("servers-light")
    await visit.page.get_by_role("link", name="Pixel <b>Garden</b>").click()
    await expect(visit.page.locator("[data-live-badge]")).to_have_attribute("data-state", "on")
    await expect(visit.page.locator("[data-total=messages_today]")).to_have_text("312")
    new = ActionRecord(99, 1_790_001_000.0, MINE, "member_warned", "Tove", "Member <i>warned</i>", "Rule", 11, 7)
    recent = await ports.actions.recent(MINE, 19)
    ports.live.publish(MINE, LiveUpdate(ActivityTotals(48_211, 313, 98), (new, *recent)))
    await expect(visit.page.locator("[data-total=messages_today]")).to_have_text("313", timeout=1000)
    await expect(visit.page.locator("[data-actions] li").first).to_contain_text("Member <i>warned</i>")
    await visit.shoot("server-light")
    await visit.page.get_by_role("button", name="Log out").click()
    await expect(visit.page.get_by_role("link", name="Log in with Discord")).to_be_visible()
    assert visit.problems == []


async def test_settings_reject_conflict_and_save(browser: Any, server: WebServer, ports: MemoryPorts) -> None:
    visit = await open_visit(browser, server)
    visit.allowed = ("status of 422", "status of 409")
    await visit.log_in()
    await visit.go(f"/servers/{MINE}/settings/wordfilter")
    await visit.shoot("settings-light")
    await visit.page.get_by_label("Warnings before a mute").fill("99")
    await visit.page.get_by_label("Words").fill("first\nsecond")
    await expect(visit.page.get_by_text("Not saved yet")).to_be_visible()
    await visit.page.get_by_role("button", name="Save").click()
    await expect(visit.page.locator("#field-strikes-error")).to_have_text("Give at most 20.")
    await expect(visit.page.get_by_label("Words")).to_have_value("first\nsecond")
    await expect(visit.page.get_by_label("Warnings before a mute")).to_have_attribute("aria-invalid", "true")
    await visit.shoot("settings-error")

    await ports.settings.update(MINE, "wordfilter", {"strikes": 7}, actor=RUI, expected_version=None)
    await visit.page.get_by_label("Warnings before a mute").fill("5")
    await visit.page.get_by_role("button", name="Save").click()
    await expect(visit.page.locator("#field-strikes-theirs")).to_contain_text("7")
    await expect(visit.page.locator("#field-words-theirs")).to_have_count(0)
    await expect(visit.page.get_by_label("Words")).to_have_value("first\nsecond")
    await expect(visit.page.get_by_role("textbox", name="Warnings before a mute")).to_have_value("5")
    await visit.shoot("settings-conflict")
    assert await visit.page.evaluate(CONTRAST) == []
    await visit.page.set_viewport_size({"width": 390, "height": 844})
    assert await visit.overflow() == 0
    await visit.shoot("settings-conflict-phone")
    await visit.page.get_by_role("button", name="Save").click()
    await expect(visit.page.get_by_role("status")).to_contain_text("Saved.")
    saved = await ports.settings.section(MINE, "wordfilter")
    assert {field.name: field.value for field in saved.fields}["strikes"] == 5
    assert visit.problems == []


async def fill_history(ports: MemoryPorts) -> None:
    long = [f"a rather long phrase number {number}" for number in range(30)]
    mira = Actor(42, "Mira Lindgren", 4, "discord")
    for feature, changes, actor in (
        ("wordfilter", {"enabled": True, "words": ["badword", "worse", "spoil*"], "log_channel": "13"}, RUI),
        ("activity", {"announce": False}, mira),
        ("wordfilter", {"words": ["badword", *long], "notice": "Please <b>mind</b> your words. " * 3}, mira),
        ("wordfilter", {"exempt_roles": ["21"], "strikes": 7, "action": "warn"}, RUI),
        ("wordfilter", {"strikes": 9}, mira),
    ):
        await ports.settings.update(MINE, feature, changes, actor=actor, expected_version=None)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_phone_width_and_contrast(browser: Any, server: WebServer, ports: MemoryPorts, theme: str) -> None:
    visit = await open_visit(browser, server, color_scheme=theme)
    visit.allowed = ("status of 404", "status of 403")
    await fill_history(ports)
    ports.settings.needed = {"activity": 4}
    await visit.log_in()
    paths = {
        "landing": "/",
        "servers": "/servers",
        "server": f"/servers/{MINE}",
        "settings": f"/servers/{MINE}/settings/wordfilter",
        "readonly": f"/servers/{MINE}/settings/activity",
        "history": f"/servers/{MINE}/history",
        "plan": f"/servers/{MINE}/history/3/restore",
        "transfer": f"/servers/{MINE}/transfer",
        "absent": f"/servers/{ABSENT}",
        "nopermission": f"/servers/{MEMBER_ONLY}",
        "hidden": f"/servers/{FOREIGN}",
        "missing": "/nowhere",
    }
    for name, path in paths.items():
        await visit.page.set_viewport_size({"width": 1280, "height": 800})
        await visit.go(path)
        assert await visit.page.evaluate(CONTRAST) == [], f"{name}, {theme}"
        await visit.shoot(f"{name}-{theme}")
        await visit.page.set_viewport_size({"width": 390, "height": 844})
        assert await visit.overflow() == 0, f"{name} at 390 px"
        await visit.shoot(f"{name}-{theme}-phone")
    assert visit.problems == []


async def test_empty_states_and_keyboard(browser: Any, server: WebServer, ports: MemoryPorts) -> None:
    ports.actions.records.clear()
    ports.activity.members.clear()
    visit = await open_visit(browser, server)
    await visit.log_in()
    await visit.go(f"/servers/{MINE}")
    await expect(visit.page.get_by_text("Nothing happened yet")).to_be_visible()
    await expect(visit.page.get_by_text("Nobody has written yet")).to_be_visible()
    await visit.shoot("server-empty")
    await visit.page.keyboard.press("Tab")
    await expect(visit.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    assert visit.problems == []


async def test_pages_are_complete_without_script(browser: Any, server: WebServer, ports: MemoryPorts) -> None:
    visit = await open_visit(browser, server, java_script_enabled=False)
    await visit.log_in()
    await visit.go(f"/servers/{MINE}")
    await expect(visit.page.locator("[data-total=messages_total]")).to_have_text("48,210")
    await expect(visit.page.locator("[data-actions] li")).to_have_count(8)
    await visit.go(f"/servers/{MINE}/settings/activity")
    await visit.page.get_by_role("switch", name="Announce ranks").uncheck()
    await visit.page.get_by_role("button", name="Save").click()
    await expect(visit.page.get_by_role("status")).to_contain_text("Saved.")
    section = await ports.settings.section(MINE, "activity")
    assert section.fields[0].value is False


async def test_history_undo_go_back_and_import_without_script(
    browser: Any, server: WebServer, ports: MemoryPorts, tmp_path: Path
) -> None:
    await fill_history(ports)
    visit = await open_visit(browser, server, java_script_enabled=False)
    visit.allowed = ("status of 409",)
    page = visit.page
    await visit.log_in()
    await visit.go(f"/servers/{MINE}")
    await page.get_by_role("link", name="History of settings").click()
    await expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo change 4").click()
    await expect(page.get_by_role("heading", name="Change #4 was not undone")).to_be_visible()
    await visit.shoot("undo-conflict")
    await page.get_by_role("link", name="Back to the history").click()
    await page.get_by_role("button", name="Undo change 5").click()
    await expect(page.get_by_role("status")).to_contain_text("Change #5 is undone.")
    await page.get_by_role("link", name="Export and import").click()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the settings").click()
    exported = tmp_path / "settings.json"
    await (await download.value).save_as(exported)
    await page.get_by_role("link", name="History").click()
    await page.get_by_role("link", name="Restore to right after change 1").click()
    await page.get_by_role("button", name="Go back now").click()
    await expect(page.get_by_role("status")).to_contain_text("right after change #1")
    await page.get_by_role("link", name="Export and import").click()
    await page.get_by_label("File of settings").set_input_files(exported)
    await page.get_by_role("button", name="Show what it changes").click()
    await expect(page.get_by_role("heading", name="Import settings")).to_be_visible()
    await visit.shoot("import-plan")
    await page.get_by_role("button", name="Import now").click()
    await expect(page.get_by_role("status")).to_contain_text("Imported.")
    saved = await ports.settings.section(MINE, "wordfilter")
    assert {field.name: field.value for field in saved.fields}["strikes"] == 7
    await page.get_by_role("link", name="Word filter").first.click()
    await page.get_by_text("Reset to defaults").click()
    await page.get_by_role("button", name="Reset Word filter now").click()
    await expect(page.get_by_role("status")).to_contain_text("These are the defaults now.")
    assert visit.problems == []


async def test_lost_permission_ends_the_stream(
    browser: Any, server: WebServer, ports: MemoryPorts, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skynetbot.web.routes.servers._HEARTBEAT_S", 0.05)
    visit = await open_visit(browser, server)
    await visit.log_in()
    await visit.go(f"/servers/{MINE}")
    await expect(visit.page.locator("[data-live-badge]")).to_have_attribute("data-state", "on")
    for key in [key for key in ports.sessions._store if key.startswith("session:")]:
        session = msgspec.json.decode(await ports.sessions.get(key) or b"{}")
        session["guilds"] = []
        await ports.sessions.set(key, msgspec.json.encode(session))
    await expect(visit.page.locator("[data-live-text]")).to_contain_text("no longer have access")
    async with asyncio.timeout(5):
        while ports.live.subscribers(MINE):
            await asyncio.sleep(0.01)
    assert visit.problems == []
