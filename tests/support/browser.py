"""Headless Chromium from the machine's own packages; tests are skipped with a reason where there is none."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser for one test."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium, or set CHROMIUM)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


def watch(page: Page, complaints: list[str], besides: Sequence[str] = ()) -> None:
    """Collect every console error of the page; those that have one of the texts ``besides`` are expected."""

    def told(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in besides):
            complaints.append(message.text)

    page.on("console", told)
    page.on("pageerror", lambda error: complaints.append(str(error)))
