"""Settings as people change them: in Discord and on the dashboard, with history, undo, files, and two at once."""

from typing import Any

import msgspec
import pytest

from discord_emulator.entities import Message
from skynetbot.app import App
from skynetbot.features.wordfilter.settings import WordFilterSettings
from skynetbot.guildconfig.service import Author
from support.demo_town import Town, eventually


def option(name: str, value: Any, kind: int = 3) -> dict[str, Any]:
    return {"name": name, "type": kind, "value": value}


def sub(name: str, *options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "type": 1, "options": list(options)}]


CONFIRM = option("confirm", True, 5)


async def settings(town: Town, person: str, name: str, *options: dict[str, Any], file: bytes | None = None) -> Message:
    return await town.ask(person, "settings", sub(name, *options), file=file)


async def set_words(town: Town, person: str, value: str) -> Message:
    return await settings(
        town, person, "set", option("feature", "wordfilter"), option("setting", "words"), option("value", value)
    )


def role(town: Town, name: str) -> int:
    return next(role.id for role in town.guild.roles.values() if role.name == name)


async def words(app: App, town: Town) -> tuple[str, ...]:
    return (await app.guild_settings.snapshot(town.guild.id)).get(WordFilterSettings).words


async def test_history_undo_and_restore_from_discord(town: Town, app: App) -> None:
    assert "never changed" in (await settings(town, "ada", "history")).content
    await set_words(town, "ada", "apple")
    await set_words(town, "ada", "apple, pear")
    await settings(
        town, "ada", "set", option("feature", "activity"), option("setting", "announce"), option("value", "off")
    )
    await settings(
        town, "ada", "set", option("feature", "wordfilter"), option("setting", "enabled"), option("value", "on")
    )
    shown = (await settings(town, "ada", "history", option("feature", "wordfilter"))).embeds[0]["fields"]
    assert [field["name"].split(" ")[0] for field in shown][-2:] == ["#2", "#1"]
    assert "added pear" in shown[-2]["value"]
    assert "by Ada (discord)" in shown[-2]["value"]
    assert "<t:" in shown[-2]["value"]

    undone = await settings(town, "ada", "undo", option("number", "2"))
    assert "Undone: change #2" in undone.content
    assert await words(app, town) == ("apple",)
    refused = await settings(town, "ada", "undo", option("number", "1"))
    assert "Word filter" not in refused.content
    assert "Name at least one word" in refused.content, "the filter is on, so its only word cannot go"

    planned = await settings(town, "ada", "restore", option("number", "1"))
    assert "would change" in planned.content
    assert (await app.guild_settings.snapshot(town.guild.id)).get(WordFilterSettings).enabled
    assert "Went back" in (await settings(town, "ada", "restore", option("number", "#1"), CONFIRM)).content
    assert not (await app.guild_settings.snapshot(town.guild.id)).get(WordFilterSettings).enabled
    reset = await settings(town, "ada", "reset", option("feature", "wordfilter"))
    assert "removed apple" in reset.content
    assert "defaults already" in (await settings(town, "ada", "reset", option("feature", "wordfilter"))).content


async def test_undo_of_what_was_changed_again_shows_both(town: Town, app: App) -> None:
    await set_words(town, "ada", "apple")
    await set_words(town, "ada", "pear")
    answer = await settings(town, "ada", "undo", option("number", "1"))
    assert "Nothing was changed" in answer.content
    assert "is now pear; not saved: none" in answer.content
    assert await words(app, town) == ("pear",)


@pytest.mark.parametrize(("number", "said"), [("x", "number of a change"), ("99", "no change number 99"), ("-1", "12")])
async def test_a_number_that_is_none_is_explained(town: Town, app: App, number: str, said: str) -> None:
    await set_words(town, "ada", "apple")
    for command in ("undo", "restore"):
        assert said in (await settings(town, "ada", command, option("number", number))).content


async def test_recent_changes_are_offered_to_undo(town: Town, app: App) -> None:
    offered: list[Any] = []
    town.world.hub.subscribe(
        lambda event: (
            offered.append(event.data["choices"]) if event.name == "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE" else None
        )
    )
    await set_words(town, "ada", "apple")
    for person in ("ada", "emre"):
        await town.command(person, "settings", sub("undo", {**option("number", ""), "focused": True}), kind=4)
    await eventually(lambda: len(offered) == 2)
    assert [[choice["value"] for choice in choices] for choices in offered].count(["1"]) == 1
    assert [] in offered, "who may not look is offered nothing"
    label = next(choices for choices in offered if choices)[0]["name"]
    assert label == "#1 Word filter by Ada – Unwanted words: added apple"


async def test_an_export_comes_back_as_an_import(town: Town, app: App) -> None:
    await set_words(town, "ada", "apple, pear")
    answer = await settings(town, "ada", "export")
    (attachment,) = answer.attachments
    assert attachment["filename"] == f"settings-{town.guild.id}.json"
    async with town.session.get(attachment["url"]) as response:
        exported = await response.read()
    await set_words(town, "ada", "plum")
    file = option("file", "0", 11)
    planned = await settings(town, "ada", "import", file, file=exported)
    assert "added apple, pear; removed plum" in planned.content
    assert await words(app, town) == ("plum",)
    done = await settings(town, "ada", "import", file, CONFIRM, file=exported)
    assert "Imported" in done.content
    assert await words(app, town) == ("apple", "pear")
    assert "already" in (await settings(town, "ada", "import", file, CONFIRM, file=exported)).content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b'{"format": "skynetbot.settings/1", "features": {"nothing": {}}}', "no feature 'nothing'"),
        (b" " * ((1 << 20) + 1), "larger than the 1,048,576 bytes"),
    ],
    ids=["broken", "unknown", "large"],
)
async def test_a_file_that_cannot_be_taken_is_explained(town: Town, app: App, content: bytes, said: str) -> None:
    answer = await settings(town, "ada", "import", option("file", "0", 11), CONFIRM, file=content)
    assert said in answer.content
    assert (await app.guild_settings.snapshot(town.guild.id)).revision == 0


async def test_levels_open_what_they_reach_and_nothing_else(town: Town, app: App) -> None:
    """Dara is a moderator by role, without any permission of Discord for settings."""
    guild_id = town.guild.id
    refused = await set_words(town, "dara", "apple")
    assert "needs level 1 (trusted); you have level 0 (everyone)" in refused.content
    assert "Manage Server" in refused.content
    await app.guild_settings.update(
        guild_id,
        "access",
        {"moderator_roles": [str(role(town, "Moderator"))], "feature_levels": ["wordfilter 2"]},
        author=Author(1, "Test"),
    )
    assert "Saved" in (await set_words(town, "dara", "apple")).content
    shown = await settings(town, "dara", "show", option("feature", "activity"))
    assert "needs level 3 (manager)" in shown.embeds[0]["footer"]["text"]
    refused = await settings(
        town, "dara", "set", option("feature", "activity"), option("setting", "announce"), option("value", "off")
    )
    assert "needs level 3 (manager); you have level 2 (moderator)" in refused.content
    refused = await settings(town, "dara", "undo", option("number", "1"))
    assert "needs level 4 (administrator)" in refused.content
    refused = await settings(town, "dara", "restore", option("number", "0"))
    assert "Access needs level 4" in refused.content
    document = msgspec.json.encode(await app.guild_settings.export(guild_id))
    widened = document.replace(b'"manager_roles":[]', b'"manager_roles":["%d"]' % role(town, "Moderator"))
    assert widened != document
    refused = await settings(town, "dara", "import", option("file", "0", 11), CONFIRM, file=widened)
    assert "Access needs level 4" in refused.content
    assert (await app.guild_settings.snapshot(guild_id)).revision == 2


async def test_two_people_in_discord_at_once_lose_nothing(town: Town, app: App) -> None:
    manager = town.world.create_role(town.guild, "Keeper", permissions=1 << 5, position=2)
    town.guild.members[town.demo.people["bao"].id].roles.append(manager.id)
    log = str(town.channel("mod-log").id)
    await town.command(
        "ada",
        "settings",
        sub("set", option("feature", "wordfilter"), option("setting", "words"), option("value", "a, b")),
    )
    await town.command(
        "bao",
        "settings",
        sub("set", option("feature", "wordfilter"), option("setting", "log_channel"), option("value", log)),
    )
    await settings(town, "ada", "show", option("feature", "wordfilter"))
    await eventually(lambda: len([m for m in town.bot_messages("general") if "Saved" in m.content]) == 2)
    value = (await app.guild_settings.snapshot(town.guild.id)).get(WordFilterSettings)
    assert (value.words, value.log_channel) == (("a", "b"), int(log))
    history = await app.guild_settings.history(town.guild.id)
    assert {revision.author.name for revision in history} == {"Ada", "Bao"}
