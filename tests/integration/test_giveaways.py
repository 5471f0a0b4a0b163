"""Giveaways as people use them in the local Discord, through kills of the process too."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.entities import Message, Overwrite, Role
from integration.test_bot import configure, option, sub
from integration.test_processes import process, read_until
from skynetbot.app import App
from skynetbot.features.giveaways.records import FEATURE, LISTS, Giveaway, decode_giveaway, decode_list
from skynetbot.storage.documents import DocumentRepository
from support.demo_town import Town, bot_in, eventually, free_port
from support.servers import PostgresServer, postgres_problem

EPHEMERAL = 64


async def press(town: Town, person: str, message: Message, custom_id: str) -> None:
    """Press a button as that person, the way a client does."""
    body = {
        "type": 3,
        "application_id": str(town.demo.application.id),
        "guild_id": str(town.guild.id),
        "channel_id": str(message.channel_id),
        "message_id": str(message.id),
        "session_id": "x",
        "nonce": str(town.world.snowflakes.make()),
        "data": {"component_type": 2, "custom_id": custom_id},
    }
    headers = {"Authorization": town.demo.people[person].token}
    async with town.session.post(f"{town.emulator.rest_url}/interactions", headers=headers, json=body) as response:
        assert response.status == 204, await response.text()


def buttons(message: Message) -> list[dict[str, Any]]:
    return [button for row in message.components for button in row["components"]]


async def answer_to(town: Town, using: Awaitable[None]) -> Message:
    """What only the person sees who did this; giveaways post in the same channel meanwhile."""
    before = {message.id for message in town.bot_messages("general")}
    await using

    def answer() -> Message | None:
        return next((m for m in town.bot_messages("general") if m.id not in before and m.flags & EPHEMERAL), None)

    found: Message = await eventually(answer)
    return found


async def ask(town: Town, person: str, options: list[dict[str, Any]]) -> Message:
    return await answer_to(town, town.command(person, "giveaway", options))


async def join(town: Town, person: str, post: Message) -> Message:
    return await answer_to(town, press(town, person, post, buttons(post)[0]["custom_id"]))


def posts(town: Town, channel: str = "general") -> list[Message]:
    """Giveaway posts, the newest first."""
    return [m for m in town.bot_messages(channel) if m.embeds and (m.embeds[0].get("title") or "").startswith("🎁")]


def results(town: Town, channel: str = "general") -> list[Message]:
    """Announcements, the newest first."""
    return [m for m in town.bot_messages(channel) if m.content.startswith(("🎉", "🎲", "😔"))]


async def start(town: Town, *options: dict[str, Any], prize: str = "A boat", lasts: str = "1h") -> Message:
    answer = await ask(town, "ada", sub("start", option("prize", prize), option("duration", lasts), *options))
    assert "has started" in answer.content, answer.content
    return posts(town)[0]


def number_of(post: Message) -> str:
    return str(post.embeds[0]["footer"]["text"]).removeprefix("Giveaway ")


def id_of(town: Town, person: str) -> int:
    return town.demo.people[person].id


async def stored(app: App, post: Message) -> Giveaway:
    row = await DocumentRepository(app.database).get(FEATURE, int(number_of(post)))
    assert row is not None
    return decode_giveaway(row)


async def test_it_starts_takes_entries_ends_on_time_and_names_its_winners_once(town: Town, app: App) -> None:
    post = await start(town, option("winners", 2, 4), lasts="3s")
    began = time.time()
    assert "SHA-256" in json.dumps(post.embeds[0])
    for person in ("bao", "chidi", "emre"):
        answer = await join(town, person, post)
        assert "You are in" in answer.content
    assert not results(town)
    (result,) = await eventually(lambda: results(town))
    assert 2.5 < time.time() - began < 5
    giveaway = await stored(app, post)
    winners = giveaway.winners
    assert len(winners) == 2
    assert set(winners) < {id_of(town, person) for person in ("bao", "chidi", "emre")}
    assert sorted(result.mentions) == sorted(winners), "the winners are notified, and nobody else"
    assert giveaway.body.seed in json.dumps(result.embeds[0])
    assert giveaway.body.commitment in json.dumps(posts(town)[0].embeds[0])
    await eventually(lambda: buttons(posts(town)[0])[0].get("disabled"))
    assert f"<@{winners[0]}>" in posts(town)[0].embeds[0]["description"]
    await asyncio.sleep(1)
    assert len(results(town)) == 1
    verified = await ask(town, "freya", sub("verify", option("id", number_of(post))))
    assert "✅" in verified.embeds[0]["description"]
    assert {a["filename"] for a in verified.attachments} == {"entrants.txt", "check.py"}
    late = await join(town, "goran", post)
    assert "has ended" in late.content


async def test_a_press_joins_once_and_leaving_takes_the_entry_back(town: Town, app: App) -> None:
    post = await start(town)
    first = await join(town, "bao", post)
    again = await join(town, "bao", post)
    assert "already" in again.content
    await press(town, "bao", first, buttons(first)[0]["custom_id"])
    await eventually(lambda: "You left" in first.content)
    assert await DocumentRepository(app.database).count_entries(int(number_of(post))) == 0
    assert "You are in for" in (await join(town, "bao", post)).content
    host = await join(town, "ada", post)
    assert "You started this giveaway" in host.content


async def test_the_count_on_the_button_moves_with_one_edit_for_many_presses(town: Town, app: App) -> None:
    post = await start(town)
    edits: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            edits.append(event.data) if event.name == "MESSAGE_UPDATE" and event.data["id"] == str(post.id) else None
        )
    )
    for person in ("bao", "chidi", "emre", "freya", "goran"):
        await join(town, person, post)
    await eventually(lambda: buttons(post)[0]["label"] == "Join (5)")
    assert len(edits) <= 2
    assert edits[-1]["embeds"][0]["fields"][0]["value"] == "5"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("min_messages", 5, 4), "You need 5 messages in this server; I counted 0"),
        (("joined_days", 9, 4), "You need to be in this server for 9 days"),
        (("account_days", 3_000, 4), "Your Discord account needs to be 3,000 days old"),
        (("role", "Moderator", 8), "You need the role"),
    ],
)
async def test_a_refusal_says_which_requirement_is_missing(
    town: Town, app: App, asked: tuple[str, Any, int], said: str
) -> None:
    name, value, kind = asked
    if name == "role":
        value = str(next(role.id for role in town.guild.roles.values() if role.name == value))
    post = await start(town, option(name, value, kind))
    answer = await join(town, "bao", post)
    assert said in answer.content
    assert answer.flags & EPHEMERAL
    assert answer.content.count("•") == 1


async def test_messages_that_were_counted_let_in(town: Town, app: App) -> None:
    post = await start(town, option("min_messages", 2, 4), option("joined_days", 0, 4))
    town.say("bao", "one")
    town.say("bao", "two")
    await eventually(lambda: app.pipeline.messages == 2)
    assert "You are in for" in (await join(town, "bao", post)).content


async def test_a_role_that_is_lost_and_a_member_who_leaves_do_not_win(town: Town, app: App) -> None:
    role = next(role for role in town.guild.roles.values() if role.name == "Regular")
    people = ("bao", "dara", "freya")
    for person in people:
        member = town.guild.members[id_of(town, person)]
        town.world.update_member(town.guild, member, roles=[role.id])
    post = await start(town, option("role", str(role.id), 8), option("winners", 3, 4))
    for person in people:
        assert "You are in for" in (await join(town, person, post)).content
    town.world.update_member(town.guild, town.guild.members[id_of(town, "dara")], roles=[])
    town.world.remove_member(town.guild, id_of(town, "freya"))
    await asyncio.sleep(0.5)
    await ask(town, "ada", sub("end", option("id", number_of(post))))
    (result,) = await eventually(lambda: results(town))
    assert result.mentions == [id_of(town, "bao")]
    assert "too few entrants for 3" in result.content
    assert "1 did not meet the requirements" in result.embeds[0]["description"]


async def test_a_giveaway_without_entrants_says_so(town: Town, app: App) -> None:
    await start(town, lasts="1s")
    (result,) = await eventually(lambda: results(town))
    assert "without a winner: nobody took part" in result.content
    assert not result.mentions


async def test_a_reroll_draws_somebody_else_and_ends_when_nobody_is_left(town: Town, app: App) -> None:
    post = await start(town)
    for person in ("bao", "emre"):
        await join(town, person, post)
    refused = await ask(town, "ada", sub("reroll", option("id", number_of(post))))
    assert "has not been drawn" in refused.content
    await ask(town, "ada", sub("end", option("id", number_of(post))))
    await eventually(lambda: len(results(town)) == 1)
    await ask(town, "ada", sub("reroll", option("id", number_of(post))))
    await eventually(lambda: len(results(town)) == 2)
    second, first = results(town)
    assert second.content.startswith("🎲")
    assert {*first.mentions, *second.mentions} == {id_of(town, "bao"), id_of(town, "emre")}
    nobody = await ask(town, "ada", sub("reroll", option("id", number_of(post))))
    assert "Nobody is left" in nobody.content
    verified = await ask(town, "emre", sub("verify", option("id", number_of(post))))
    assert "✅" in verified.embeds[0]["description"]


async def test_a_cancelled_giveaway_has_no_winner_and_says_so(town: Town, app: App) -> None:
    post = await start(town, lasts="2s")
    await join(town, "bao", post)
    answer = await ask(town, "ada", sub("cancel", option("id", number_of(post))))
    assert "is cancelled" in answer.content
    await eventually(lambda: "cancelled" in post.embeds[0]["description"])
    assert "was cancelled" in (await join(town, "emre", post)).content
    await asyncio.sleep(2)
    assert not results(town)
    assert await app.jobs.repository.pending(guild_id=town.guild.id) == []
    twice = await ask(town, "ada", sub("cancel", option("id", number_of(post))))
    assert "was cancelled" in twice.content


async def test_only_moderators_run_giveaways_and_everybody_may_look(town: Town, app: App) -> None:
    wanted = sub("start", option("prize", "x"), option("duration", "1h"))
    assert "needs level 2 (moderator)" in (await ask(town, "emre", wanted)).content
    assert not posts(town)
    role = next(role for role in town.guild.roles.values() if role.name == "Moderator")
    await configure(app, town, "access", moderator_roles=[str(role.id)])
    assert "has started" in (await ask(town, "dara", wanted)).content
    post = posts(town)[0]
    for name in ("end", "cancel", "reroll"):
        refused = await ask(town, "emre", sub(name, option("id", number_of(post))))
        assert "needs level 2" in refused.content
    listed = await ask(town, "emre", sub("list"))
    assert "ends <t:" in listed.embeds[0]["description"]
    promised = await ask(town, "emre", sub("verify", option("id", number_of(post))))
    assert "secret until the draw" in promised.embeds[0]["description"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"duration": "soon"}, "is no duration"),
        ({"duration": "400d"}, "at most 90 days"),
        ({"prize": " "}, "Describe the prize"),
        ({"prize": "x" * 201}, "1 to 200"),
    ],
)
async def test_what_cannot_be_is_explained(town: Town, app: App, changes: dict[str, str], said: str) -> None:
    values = {"prize": "A boat", "duration": "1h", **changes}
    answer = await ask(town, "ada", sub("start", *(option(name, value) for name, value in values.items())))
    assert said in answer.content
    assert not posts(town)


async def test_another_servers_giveaway_and_nonsense_are_unknown(town: Town, app: App) -> None:
    for wanted in ("999", "abc", "-1", "9" * 30):
        assert "giveaway" in (await ask(town, "ada", sub("end", option("id", wanted)))).content


async def test_the_limit_of_open_giveaways_is_said(town: Town, app: App) -> None:
    await configure(app, town, "giveaways", most_open=1)
    await start(town)
    wanted = sub("start", option("prize", "x"), option("duration", "1h"))
    assert "1 is the limit" in (await ask(town, "ada", wanted)).content


def silence(town: Town, channel: str, role: Role | None = None) -> None:
    """Take the bot's right to write in a channel, or a role's."""
    silent = role or next(role for role in town.guild.roles.values() if role.bot_id == town.demo.bot.id)
    town.world.set_overwrite(town.channel(channel), Overwrite(id=silent.id, type=0, allow=0, deny=1 << 11), silent.id)


async def test_a_channel_that_is_closed_to_the_bot_is_told_at_once(town: Town, app: App) -> None:
    silence(town, "showcase")
    wanted = sub(
        "start",
        option("prize", "x"),
        option("duration", "1h"),
        option("channel", str(town.channel("showcase").id), 7),
    )
    answer = await ask(town, "ada", wanted)
    assert "nothing was started" in answer.content
    assert "Send Messages" in answer.content
    listed = await ask(town, "ada", sub("list"))
    assert "No giveaway is open" in listed.embeds[0]["description"]
    assert await app.jobs.repository.pending(guild_id=town.guild.id) == []


async def test_a_channel_that_was_closed_meanwhile_is_told_to_the_host_and_kept(town: Town, app: App) -> None:
    direct: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            direct.append(event.data)
            if event.name == "MESSAGE_CREATE"
            and "guild_id" not in event.data
            and event.data["author"]["id"] == str(town.demo.bot.id)
            else None
        )
    )
    answer = await ask(
        town,
        "ada",
        sub(
            "start",
            option("prize", "A boat"),
            option("duration", "2s"),
            option("channel", str(town.channel("showcase").id), 7),
        ),
    )
    assert "has started" in answer.content
    silence(town, "showcase")
    await eventually(lambda: any("could not announce" in message["content"] for message in direct))
    listed = await ask(town, "ada", sub("list"))
    assert "Send Messages" in listed.embeds[0]["fields"][-1]["value"]
    (dead,) = await app.jobs.repository.dead(guild_id=town.guild.id)
    assert "Send Messages" in (dead.error or "")


async def test_a_member_cannot_use_the_bot_to_write_where_they_may_not(town: Town, app: App) -> None:
    role = next(role for role in town.guild.roles.values() if role.name == "Moderator")
    await configure(app, town, "access", moderator_roles=[str(role.id)])
    channel = town.channel("showcase")
    silence(town, "showcase", role)
    wanted = sub("start", option("prize", "x"), option("duration", "1h"), option("channel", str(channel.id), 7))
    assert "may not write" in (await ask(town, "dara", wanted)).content


async def test_the_id_is_offered(town: Town, app: App) -> None:
    offered: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            offered.append(event.data["choices"]) if event.name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" else None
        )
    )
    await start(town, prize="A boat")
    post = await start(town, prize="A hat")
    await town.command("ada", "giveaway", sub("end", {**option("id", "hat"), "focused": True}), kind=4)
    await eventually(lambda: offered)
    assert [choice["value"] for choice in offered[0]] == [number_of(post)]


async def test_a_restart_without_haste_keeps_it(town: Town, tmp_path: Path) -> None:
    async with bot_in(town, tmp_path):
        post = await start(town, lasts="2s")
        await join(town, "bao", post)
    assert not results(town)
    async with bot_in(town, tmp_path):
        (result,) = await eventually(lambda: results(town))
    assert result.mentions == [id_of(town, "bao")]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_whoever_is_told_that_they_are_in_is_on_the_list(town: Town, tmp_path: Path, engine: str) -> None:
    """Everybody presses around the moment of the end; no answer promises an entry that the draw did not see."""
    problem = postgres_problem() if engine == "postgres" else None
    if problem is not None:
        pytest.skip(problem)
    people = [name for name in town.demo.people if name != "ada"]
    chance = random.Random(3)
    with PostgresServer() if engine == "postgres" else nullcontext() as server:
        changes = {"database_url": server.create_database()} if server is not None else {}
        async with bot_in(town, tmp_path, **changes) as app:
            post = await start(town)
            custom_id = buttons(post)[0]["custom_id"]

            async def late(person: str) -> None:
                await asyncio.sleep(chance.uniform(0, 0.12))
                await press(town, person, post, custom_id)

            ending = town.command("ada", "giveaway", sub("end", option("id", number_of(post))))
            await asyncio.gather(*map(late, people), asyncio.sleep(0.04), ending)
            await eventually(lambda: results(town))
            await eventually(lambda: len(_answers(town)) == len(people))
            giveaway = await stored(app, post)
            row = await DocumentRepository(app.database).get(LISTS, giveaway.body.list_id)
            assert row is not None
            listed = set(decode_list(row))
        assert {user for user, text in _answers(town).items() if "You are in for" in text} == listed
        assert giveaway.body.draws[0].entrants == len(listed)


def _answers(town: Town) -> dict[int, str]:
    """What each presser was told."""
    return {
        int(m.interaction["user"]["id"]): m.content
        for m in town.bot_messages("general")
        if m.interaction is not None and m.interaction["type"] == 3
    }


@pytest.mark.slow
@pytest.mark.parametrize("away_s", [0.2, 4.0])
async def test_kill_9_between_joining_and_the_end_loses_and_doubles_nothing(
    town: Town, tmp_path: Path, away_s: float
) -> None:
    """Killed with entries taken; back before the end, or only after it: drawn once, announced once."""
    environment = bot_environment(town, tmp_path)
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        post = await start(town, lasts="4s")
        began = time.time()
        for person in ("bao", "emre"):
            await join(town, person, post)
        child.kill()
        child.wait()
    await asyncio.sleep(away_s)
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await eventually(lambda: results(town), 15)
        assert time.time() - began >= 3.9
        await eventually(lambda: buttons(post)[0].get("disabled"))
        await asyncio.sleep(1)
        verified = await ask(town, "emre", sub("verify", option("id", number_of(post))))
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 0
    (result,) = results(town)
    assert len(result.mentions) == 1
    assert set(result.mentions) < {id_of(town, "bao"), id_of(town, "emre")}
    assert "✅" in verified.embeds[0]["description"]


@pytest.mark.slow
async def test_kill_9_at_the_moment_of_the_end_announces_once(town: Town, tmp_path: Path) -> None:
    """Killed as soon as the announcement is seen, before it can be noted that it was made; then again."""
    environment = bot_environment(town, tmp_path)
    seen = asyncio.Event()
    town.world.hub.subscribe(
        lambda event: seen.set() if event.name == "MESSAGE_CREATE" and event.data["content"].startswith("🎉") else None
    )
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        post = await start(town, lasts="2s")
        await join(town, "bao", post)
        async with asyncio.timeout(10):
            await seen.wait()
        child.kill()
        child.wait()
    for _ in range(2):
        with process(["run"], environment) as child:
            await asyncio.to_thread(read_until, child, r"(is connected)")
            await asyncio.sleep(1.5)
            child.kill()
            child.wait()
    assert len(results(town)) == 1
    assert buttons(post)[0].get("disabled"), "what the first process did not get to was done by the next"


@pytest.mark.slow
async def test_kills_at_random_instants_lose_and_double_no_draw(town: Town, tmp_path: Path) -> None:
    """Giveaways end all the time while the process is killed again and again: each draw is announced once."""
    environment = bot_environment(town, tmp_path)
    chance = random.Random(7)
    started: list[Message] = []
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        for number in range(10):
            post = await start(town, prize=f"Prize {number}", lasts=f"{3 + number}s")
            await join(town, "bao", post)
            started.append(post)
        child.kill()
        child.wait()
    for _ in range(5):
        with process(["run"], environment) as child:
            await asyncio.to_thread(read_until, child, r"(is connected)")
            await asyncio.sleep(chance.uniform(0, 1.2))
            child.kill()
            child.wait()
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await eventually(lambda: all(buttons(post)[0].get("disabled") for post in started), 20)
        await asyncio.sleep(1)
    announced = Counter(message.content.split("**")[1] for message in results(town))
    assert announced == {f"Prize {number}": 1 for number in range(10)}


def bot_environment(town: Town, data_dir: Path) -> dict[str, str]:
    return {
        "SKYNETBOT_DATA_DIR": str(data_dir),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }
