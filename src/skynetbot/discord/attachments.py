"""Files that people send with commands, fetched from where Discord keeps them: bounded in size and time."""

from typing import Final

import aiohttp

from skynetbot.discord.interactions import Attachment
from skynetbot.errors import SkynetBotError

__all__ = ["AttachmentRefused", "fetch_attachment"]

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)
"""A command is answered within three seconds or not at all."""
_CHUNK: Final = 64 << 10


class AttachmentRefused(SkynetBotError):
    """The file cannot be had; the text tells the person who sent it why."""


async def fetch_attachment(attachment: Attachment, max_bytes: int) -> bytes:
    """The file's content. Its address is Discord's own, out of the interaction, and redirects are not followed.

    Raises:
        AttachmentRefused: it is too large, or Discord does not give it out.
    """
    too_large = f"That file is larger than the {max_bytes:,} bytes that I take."
    if attachment.size > max_bytes:
        raise AttachmentRefused(too_large)
    content = bytearray()
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.get(attachment.url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise AttachmentRefused(f"Discord did not give me that file (status {response.status}). Send it again.")
            async for chunk in response.content.iter_chunked(_CHUNK):
                content += chunk
                # What the interaction says of the size is not what counts.
                if len(content) > max_bytes:
                    raise AttachmentRefused(too_large)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise AttachmentRefused("Discord did not give me that file in time. Send it again.") from error
    return bytes(content)
