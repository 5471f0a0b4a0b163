"""Fetching files that people sent: bounded, no redirects, and every failure a sentence for them."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from skynetbot.discord.attachments import AttachmentRefused, fetch_attachment
from skynetbot.discord.commands import CommandContext
from skynetbot.discord.interactions import Attachment, read_interaction


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async def file(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(int(request.match_info["kib"])):
            await response.write(b"x" * 1024)
        return response

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/file/1")

    app = web.Application()
    app.router.add_get("/file/{kib}", file)
    app.router.add_get("/elsewhere", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_a_file_within_the_limit_is_fetched_whole(base: str) -> None:
    assert await fetch_attachment(Attachment(1, f"{base}/file/4", "a.json", 4096), 4096) == b"x" * 4096


@pytest.mark.parametrize(
    ("path", "size", "said"),
    [
        ("/file/1", 5000, "larger than the 4,096 bytes"),
        ("/file/5", 10, "larger than the 4,096 bytes"),
        ("/elsewhere", 10, "status 302"),
        ("/nothing", 10, "status 404"),
    ],
)
async def test_what_cannot_be_taken_is_explained(base: str, path: str, size: int, said: str) -> None:
    with pytest.raises(AttachmentRefused, match=said):
        await fetch_attachment(Attachment(1, base + path, "a.json", size), 4096)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/passwd", "no address", ""])
async def test_an_address_that_cannot_be_fetched_is_explained(url: str) -> None:
    with pytest.raises(AttachmentRefused, match="did not give me that file"):
        await fetch_attachment(Attachment(1, url), 4096)


@pytest.mark.parametrize(
    ("resolved", "found"),
    [
        ({"attachments": {"7": {"id": "7", "url": "u", "filename": "f", "size": 3}}}, Attachment(7, "u", "f", 3)),
        ({"attachments": {"7": {"id": "7", "url": "u", "more": {}}}}, Attachment(7, "u")),
        ({"attachments": {"8": {"id": "8", "url": "u"}}}, None),
        ({"attachments": {"7": {"id": "x"}}}, None),
        ({"attachments": {"7": 5}}, None),
        ({"attachments": []}, None),
        ({}, None),
    ],
)
def test_only_a_file_that_discord_describes_is_one(resolved: dict[str, object], found: Attachment | None) -> None:
    interaction = read_interaction({"id": "1", "token": "t", "type": 2, "data": {"name": "x", "resolved": resolved}})
    context = CommandContext(interaction, {"file": "7"})
    assert context.attachment("file") == found
    assert context.attachment("other") is None
