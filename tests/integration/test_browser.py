"""A newcomer's first minute in a real browser: write in the chat page, get answers, watch the dashboard move.

With SKYNETBOT_SCREENSHOTS naming a folder, the pictures of the README are written there.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from skynetbot.demo import choose_demo_settings
from support.browser import chromium, watch
from support.demo_town import Town, bot_in

pytestmark = pytest.mark.browser


async def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SKYNETBOT_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def test_the_first_minute(town: Town, tmp_path: Path) -> None:
    complaints: list[str] = []
    async with bot_in(town, tmp_path) as app, chromium() as browser:
        await choose_demo_settings(app, town.demo)
        chat = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
        watch(chat, complaints)
        channel = town.channel("general")
        await chat.goto(f"{town.emulator.url}/#/{town.guild.id}/{channel.id}?as=emre")
        await expect(chat.get_by_test_id("channel-title")).to_have_text("general")

        # The dashboard, logged in through the local Discord's own consent page.
        board = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
        watch(board, complaints)
        await board.goto(f"{app.public_url}/servers")
        await board.locator("select[name=user_id]").select_option(label="Ada")
        await board.get_by_test_id("authorize").click()
        await expect(board).to_have_url(re.compile(r"/servers"))
        await board.goto(f"{app.public_url}/servers/{town.guild.id}")
        await expect(board.locator("[data-live-badge]")).to_have_attribute("data-state", "on")

        # Typing moves the dashboard within a second, without reloading.
        await say(chat, "hello everyone")
        today = board.locator("[data-total=messages_today]")
        await expect(today).to_have_text("1")

        # The bot answers a slash command.
        await chat.get_by_test_id("composer").press_sequentially("/stats")
        await chat.locator('[data-testid="picker-item"][data-label="/stats"]').click()
        await chat.get_by_test_id("command-send").click()
        await expect(chat.get_by_test_id("embed").last).to_contain_text("Activity of Pixel Harbour")

        # The word filter acts, and the dashboard shows it.
        await say(chat, "what a SPOILER")
        await expect(chat.get_by_test_id("message").filter(has_text="please mind your words")).to_be_visible()
        await expect(chat.get_by_test_id("message").filter(has_text="what a SPOILER")).to_have_count(0)
        await expect(board.locator("[data-actions]")).to_contain_text("Unwanted word “spoiler”")
        await expect(board.locator("[data-top]")).to_contain_text("Emre")
        await shot(chat, "chat")
        await shot(board, "dashboard")

        # A setting changed on the dashboard works in the chat at once.
        await board.goto(f"{app.public_url}/servers/{town.guild.id}/settings/wordfilter")
        await board.locator("textarea[name=words]").fill("spoiler\nturnip")
        await board.get_by_role("button", name=re.compile("Save")).first.click()
        await expect(board.get_by_text(re.compile("Saved|saved")).first).to_be_visible()
        await shot(board, "settings")
        await say(chat, "a turnip!")
        await expect(chat.get_by_test_id("message").filter(has_text="a turnip!")).to_have_count(0)
    assert complaints == []
