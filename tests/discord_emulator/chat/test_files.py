"""The files of the chat page, without a browser: headers, types, and that the policy can hold."""

import re
from pathlib import Path

import aiohttp
import pytest

import discord_emulator.chat as chat
from discord_emulator.server import Emulator

STATIC = Path(chat.__file__).parent / "static"


async def test_the_page_is_served_with_a_strict_policy() -> None:
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        async with http.get(f"{emulator.url}/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.status == 200
            assert answer.content_type == "text/html"
            assert "unsafe" not in policy
            assert "script-src 'self'" in policy
            etag = answer.headers["ETag"]
        async with http.get(f"{emulator.url}/", headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
        async with http.get(f"{emulator.url}/chat/main.js") as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
        for missing in ("nothing.js", "..%2Froutes.py"):
            async with http.get(f"{emulator.url}/chat/{missing}") as answer:
                assert answer.status == 404


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_a_file_keeps_to_the_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", text)
    if path.suffix == ".html":
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
    for name in re.findall(r'(?:from "\./|"/chat/)([\w.]+)"', text):
        assert (STATIC / name).is_file(), f"{path.name} asks for {name}"
