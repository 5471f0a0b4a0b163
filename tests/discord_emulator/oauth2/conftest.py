"""The town in which the OAuth2 tests play."""

from collections.abc import AsyncIterator

import pytest

from support.town import Town, open_town


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as opened:
        yield opened
