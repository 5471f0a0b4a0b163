"""A running emulator with a small bot in it, and headless Chromium looking at the chat page."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from discord_emulator.server import Emulator
from discord_emulator.worlds import DemoWorld, demo_world
from tests.discord_emulator.chat.chat_bot import ChatBot

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Scene:
    """The emulator, its demo world, the bot, and the tabs that the test opened."""

    emulator: Emulator
    demo: DemoWorld
    bot: ChatBot
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)
    """Console errors that a test provokes on purpose."""

    async def open(self, user: str, *, guild: str = "Pixel Harbour", channel: str = "general") -> Page:
        """A new tab on the page as that user, in that channel, with its messages loaded."""
        context = await self.browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page = await context.new_page()
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        target = self.demo.guilds[guild]
        place = next(c for c in target.channels.values() if c.name == channel)
        await page.goto(f"{self.emulator.url}/#/{target.id}/{place.id}?as={user}")
        await expect(page.get_by_test_id("channel-title")).to_have_text(channel)
        await expect(page.locator("#connection")).to_be_hidden()
        await expect(page.locator("#messages")).to_have_attribute("aria-busy", "false")
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(pattern.search(text) for pattern in self.expected):
            self.complaints.append(f"{kind}: {text}")


def message(page: Page, text: str) -> Locator:
    """The last shown message with that text."""
    return page.get_by_test_id("message").filter(has_text=text).last


async def say(page: Page, text: str) -> None:
    """Type into the composer and send."""
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def command(page: Page, name: str, **options: str) -> None:
    """Choose a slash command from the picker, fill its options in and send it."""
    await page.get_by_test_id("composer").press_sequentially(f"/{name}")
    await page.locator(f'[data-testid="picker-item"][data-label="/{name}"]').click()
    for option, value in options.items():
        await page.locator(f'[data-testid="command-option"][data-name="{option}"]').fill(value)
    await page.get_by_test_id("command-send").click()


async def shot(page: Page, name: str) -> None:
    """Keep a picture when CHAT_SHOTS names a folder."""
    folder = os.environ.get("CHAT_SHOTS")
    if folder:
        await page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium: install it or name it in the variable CHROMIUM")
    return path


@pytest.fixture
async def scene(chromium_path: str) -> AsyncIterator[Scene]:
    demo = demo_world(bot_name="Tester")
    async with (
        Emulator(demo.world, identify_window_s=0.0, interaction_timeout_s=1.0) as emulator,
        ChatBot(emulator, demo) as bot,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        scene = Scene(emulator=emulator, demo=demo, bot=bot, browser=browser)
        yield scene
        await browser.close()
        assert scene.complaints == [], "the page complained in the console"
