"""A real evening of chat through gateway, bot and database: every author's count equals a plain recount."""

from collections import Counter
from pathlib import Path

import pytest

from discord_emulator.replay import Replay, read_events
from skynetbot.app import App
from support.demo_town import Town, bot_in, eventually


async def play(town: Town, app: App, path: Path, limit: int) -> tuple[Replay, Counter[tuple[str, str]]]:
    replay = Replay(
        town.world, town.emulator.gateway, town.demo.application, path, speed=0, owner=town.demo.people["ada"]
    )
    replay.prepare(limit=limit)
    await replay.run(limit=limit)
    expected = Counter((e.c, e.u) for e in read_events(path, limit=limit) if e.k in "ma" and not e.b)
    total = sum(expected.values())
    await eventually(lambda: app.pipeline.messages >= total, 60)
    await app.writes.flush()
    return replay, expected


async def stored(replay: Replay, app: App) -> Counter[tuple[str, str]]:
    streams = {guild.id: stream for stream, guild in replay.guilds.items()}
    authors = {user.id: name for name, user in replay.authors.items()}
    counts = await app.activity.counts()
    return Counter({(streams[guild], authors[user]): n for (guild, user), n in counts.items()})


async def test_counts_of_sixteen_chats_equal_a_plain_recount(town: Town, tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "chat" / "dev" / "twitch_16_streams.jsonl.zst"
    if not path.is_file():
        pytest.skip(f"outside data is not here: {path}")
    async with bot_in(town, tmp_path) as app:
        replay, expected = await play(town, app, path, limit=15_000)
        assert await stored(replay, app) == expected
        assert len(replay.guilds) == 16
        assert app.plans.shed == 0


async def test_counts_stay_exact_when_the_connection_drops_in_between(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    lines = [f'{{"t":{n},"c":"s{n % 3}","u":"u{n % 7}","k":"m","x":"message {n}"}}\n' for n in range(3_000)]
    path.write_text("".join(lines))
    async with bot_in(town, tmp_path) as app:
        town.world.hub.subscribe(
            lambda event: (
                town.emulator.gateway.drop(code=4000)
                if event.name == "MESSAGE_CREATE" and event.data["content"] in ("message 500", "message 2000")
                else None
            )
        )
        replay, expected = await play(town, app, path, limit=3_000)
        assert await stored(replay, app) == expected
        assert town.emulator.gateway.counters["resumes"] >= 1
