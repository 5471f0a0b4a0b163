"""Polls through the local Discord: voting, rankings in private, ends by time and by hand, also when it is killed."""

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from discord_emulator.entities import Message
from skynetbot.app import App
from skynetbot.guildconfig.outcomes import Author
from skynetbot.storage.documents import DocumentRepository
from support.demo_town import Town, bot_in, eventually, free_port
from support.processes_of_bot import process, read_until

TYPES = {str: 3, int: 4, bool: 5}
EPHEMERAL = 1 << 6


def sub(name: str, **options: Any) -> list[dict[str, Any]]:
    given = [{"name": n, "type": 8 if n == "who" else TYPES[type(v)], "value": v} for n, v in options.items()]
    return [{"name": name, "type": 1, "options": given}]


def posts(town: Town) -> list[Message]:
    """The polls' own posts, newest first."""
    return [m for m in town.bot_messages("general") if m.embeds and not m.flags & EPHEMERAL]


def text_of(message: Message) -> str:
    embeds = [f"{e.get('title')}\n{e.get('description')}\n{e.get('footer')}" for e in message.embeds]
    return "\n".join([message.content, *embeds])


def current(town: Town, message: Message) -> Message:
    return next(m for m in town.bot_messages("general") if m.id == message.id)


def button(message: Message, label: str) -> str:
    for row in message.components:
        for component in row["components"]:
            if component.get("label") == label:
                return str(component["custom_id"])
    raise AssertionError(f"no button {label} on {message.components}")


def menu(message: Message) -> str:
    return next(str(c["custom_id"]) for row in message.components for c in row["components"] if c["type"] == 3)


def number(post: Message) -> str:
    found = re.search(r"Poll (\d+) ·", text_of(post))
    assert found
    return found[1]


async def create(town: Town, person: str = "bao", **options: Any) -> Message:
    answers = len(town.bot_messages("general"))
    given = {"question": "Where to?", "options": "Alps | Baltic | Coast | Desert", **options}
    await town.command(person, "poll", sub("create", **given))
    # The post, and the answer to the command.
    await eventually(lambda: len(town.bot_messages("general")) >= answers + 2)
    return posts(town)[0]


async def answer(town: Town, person: str, message: Message, custom_id: str, values: list[str] | None = None) -> Message:
    """Press, and the message that comes of it."""
    before = len(town.bot_messages("general"))
    await town.press(person, message, custom_id, values=values)
    await eventually(lambda: len(town.bot_messages("general")) > before)
    return town.bot_messages("general")[0]


async def updated(
    town: Town, person: str, message: Message, custom_id: str, values: list[str] | None = None
) -> Message:
    """Press what changes the message itself, and the message after."""

    def state() -> tuple[str, str]:
        now = current(town, message)
        return text_of(now), str(now.components)

    before = state()
    await town.press(person, message, custom_id, values=values)
    await eventually(lambda: state() != before)
    return current(town, message)


async def rank(town: Town, person: str, post: Message, order: str) -> None:
    """Fill in a ballot such as "ACB" and save it."""
    ballot = await answer(town, person, post, button(post, "Vote"))
    for name in order:
        ballot = await updated(town, person, ballot, menu(ballot), [str("ABCD".index(name))])
    ballot = await updated(town, person, ballot, button(ballot, "Save"))
    assert "saved" in ballot.content


def announcements(town: Town) -> list[str]:
    return [m.content for m in town.bot_messages("general") if "has ended." in m.content and not m.flags & EPHEMERAL]


async def ended(town: Town, post: Message, timeout_s: float = 12) -> str:
    await eventually(lambda: announcements(town), timeout_s)
    return text_of(current(town, post))


async def end_now(town: Town, post: Message) -> str:
    await town.ask("bao", "poll", sub("end", id=number(post)))
    return await ended(town, post)


async def no_jobs(app: App) -> None:
    async with asyncio.timeout(5):
        while await app.jobs.repository.counts():
            await asyncio.sleep(0.02)


async def test_vote_change_withdraw_and_end_by_hand(town: Town, app: App) -> None:
    post = await create(town)
    first = await answer(town, "chidi", post, button(post, "Alps"))
    assert "Alps" in first.content
    assert first.flags & EPHEMERAL
    assert "(changed)" in (await answer(town, "chidi", post, button(post, "Baltic"))).content
    await answer(town, "dara", post, button(post, "Alps"))
    mine = await answer(town, "dara", post, button(post, "My vote"))
    assert "Alps" in mine.content
    assert "withdrawn" in (await updated(town, "dara", mine, button(mine, "Withdraw"))).content
    assert "You have not voted" in (await answer(town, "dara", post, button(post, "My vote"))).content
    await eventually(lambda: "1 (100 %)" in text_of(current(town, post)), 8)
    who = await answer(town, "ada", post, button(post, "Who voted"))
    assert f"<@{town.demo.people['chidi'].id}>: Baltic" in text_of(who)
    assert str(town.demo.people["dara"].id) not in text_of(who)
    assert "moderators" in (await town.ask("chidi", "poll", sub("end", id=number(post)))).content
    assert "Winner: **Baltic**" in await end_now(town, post)
    assert "ended already" in (await town.ask("bao", "poll", sub("end", id=number(post)))).content
    assert "has ended" in (await answer(town, "dara", post, f"polls:vote:{number(post)}:0")).content
    after = current(town, post)
    rounds = await answer(town, "ada", after, button(after, "Rounds"))
    assert "Round 1" in text_of(rounds)
    assert {str(file["filename"]).split(".")[-1] for file in rounds.attachments} == {"csv", "txt"}
    await no_jobs(app)
    assert len([text for text in announcements(town) if "Baltic" in text]) == 1


async def test_a_hidden_approval_poll_shows_only_how_many(town: Town, app: App) -> None:
    post = await create(town, kind="approval", results="hidden", anonymous=True)
    await answer(town, "chidi", post, menu(post), ["1", "2"])
    await answer(town, "dara", post, menu(post), ["2"])
    await eventually(lambda: "2 ballots" in text_of(current(town, post)), 8)
    assert "%" not in text_of(current(town, post))
    assert "hidden until the end" in (await town.ask("ada", "poll", sub("results", id=number(post)))).content
    assert "anonymous" in (await answer(town, "ada", post, f"polls:who:{number(post)}")).content
    assert "Winner: **Coast**" in await end_now(town, post)
    for name in ("chidi", "dara"):
        assert str(town.demo.people[name].id) not in text_of(current(town, post))


async def test_a_ranked_ballot_is_saved_shown_and_changed(town: Town, app: App) -> None:
    post = await create(town, kind="ranked")
    ballot = await answer(town, "chidi", post, button(post, "Vote"))
    assert ballot.flags & EPHEMERAL
    ballot = await updated(town, "chidi", ballot, menu(ballot), ["2"])
    ballot = await updated(town, "chidi", ballot, menu(ballot), ["0"])
    assert "1. Coast\n2. Alps" in ballot.content
    ballot = await updated(town, "chidi", ballot, button(ballot, "Undo"))
    assert "Alps" not in ballot.content
    nothing = await answer(town, "chidi", post, button(post, "My vote"))
    assert "You have not voted" in nothing.content, "only Save saves"
    ballot = await updated(town, "chidi", ballot, button(ballot, "Save"))
    assert "saved" in ballot.content
    shown = await answer(town, "chidi", post, button(post, "Vote"))
    assert "1. Coast" in shown.content
    shown = await updated(town, "chidi", shown, button(shown, "Change"))
    shown = await updated(town, "chidi", shown, button(shown, "Clear"))
    shown = await updated(town, "chidi", shown, menu(shown), ["3"])
    shown = await updated(town, "chidi", shown, button(shown, "Save"))
    assert "1. Desert" in shown.content
    assert "Winner: **Desert**" in await end_now(town, post)


@pytest.mark.parametrize(
    ("options", "orders", "winners"),
    [
        ({}, ("A", "B", "A", "C"), "Winner: **Alps**"),
        # A and B have two each and C one; C leaves, and its ballot makes B the winner.
        ({"method": "irv"}, ("A", "A", "BC", "BC", "CB"), "Winner: **Baltic**"),
        # B beats A and C one against the other, though fewest have it first.
        ({"method": "schulze"}, ("AB", "AB", "CB", "CB", "BA"), "Winner: **Baltic**"),
        # The quota is floor(5 / 3) + 1 = 2: A has three, and the surplus of one brings C to it.
        ({"method": "stv", "seats": 2}, ("AC", "AC", "AC", "B", "C"), "Winners: **Alps, Coast**"),
    ],
)
async def test_it_ends_by_time_with_the_right_winners(
    town: Town, app: App, options: dict[str, Any], orders: tuple[str, ...], winners: str
) -> None:
    post = await create(town, duration="1 hour", **options)
    for person, order in zip(list(town.demo.people)[: len(orders)], orders, strict=True):
        if options:
            await rank(town, person, post, order)
        else:
            await answer(town, person, post, f"polls:vote:{number(post)}:{'ABCD'.index(order)}")
    await app.jobs.move("polls.end", number(post), 0.0)
    assert winners in await ended(town, post)
    await no_jobs(app)
    assert len(announcements(town)) == 1


async def test_only_the_role_may_vote_and_roles_weigh(town: Town, app: App) -> None:
    moderator = next(r for r in town.guild.roles.values() if r.name == "Moderator")
    changes = {"role_weights": f"{moderator.id} 3"}
    await app.guild_settings.update(town.guild.id, "polls", changes, author=Author(1, "Test"))
    post = await create(town, who=str(moderator.id))
    refused = await answer(town, "chidi", post, button(post, "Alps"))
    assert "Only members with the role" in refused.content
    weighed = await create(town, weights="roles")
    assert "counts 3 times" in (await answer(town, "dara", weighed, button(weighed, "Coast"))).content
    await answer(town, "chidi", weighed, button(weighed, "Alps"))
    await answer(town, "bao", weighed, button(weighed, "Alps"))
    assert "Winner: **Coast**" in await end_now(town, weighed)


async def test_cancelling_deletes_the_votes(town: Town, app: App) -> None:
    post = await create(town)
    await answer(town, "chidi", post, button(post, "Alps"))
    id_ = number(post)
    assert "cancelled" in (await town.ask("bao", "poll", sub("cancel", id=id_))).content
    await eventually(lambda: "was cancelled" in text_of(current(town, post)))
    assert current(town, post).components == []
    await no_jobs(app)
    assert await DocumentRepository(app.database).entries(int(id_)) == []


async def test_mistakes_are_told(town: Town, app: App) -> None:
    for options, reason in (
        ({"options": "one"}, "at least two"),
        ({"kind": "normal", "method": "irv"}, "ranked"),
        ({"duration": "whenever"}, "Say it like"),
        ({"weights": "roles"}, "No role has a weight"),
        ({"options": f"{'x' * 101} | y"}, "at most 100"),
    ):
        refused = await town.ask("bao", "poll", sub("create", **{"question": "?", "options": "a | b", **options}))
        assert reason in refused.content
    assert await app.jobs.repository.counts() == {}


@pytest.mark.timeout(90)
async def test_a_poll_survives_kill_9(town: Town, tmp_path: Path) -> None:
    environment = {
        "SKYNETBOT_DATA_DIR": str(tmp_path),
        "SKYNETBOT_WEB_PORT": str(free_port()),
        "SKYNETBOT_DISCORD_API_URL": town.emulator.rest_url,
        "DISCORD_TOKEN": town.demo.bot.token,
    }
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        post = await create(town, duration="15 seconds")
        for person, label in (("ada", "Baltic"), ("bao", "Alps"), ("chidi", "Baltic"), ("bao", "Baltic")):
            await answer(town, person, post, button(post, label))
        child.kill()
        child.wait()
    with process(["run"], environment) as child:
        await asyncio.to_thread(read_until, child, r"(is connected)")
        await answer(town, "dara", post, button(post, "Alps"))
        final = await ended(town, post, 30)
        assert "Winner: **Baltic**" in final
        assert "4 ballots" in final
        assert "3 (75 %)" in final
        await asyncio.sleep(1)
        assert len(announcements(town)) == 1
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=20)
    async with bot_in(town, tmp_path) as app:
        assert await app.jobs.repository.counts() == {}
