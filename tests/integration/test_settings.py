"""Settings as people change them: in Discord and on the dashboard, with history, undo, files, and two at once."""

import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from discord_emulator.entities import Message
from skynetbot.app import App
from skynetbot.features.wordfilter.settings import WordFilterSettings
from skynetbot.guildconfig.service import Author
from support.browser import chromium, watch
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
    assert "needs level 2 (moderator); you have level 0 (everyone)" in refused.content
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


# -- in the browser ----------------------------------------------------------------------------------------------------


async def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SKYNETBOT_TEST_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def board_of(browser: Browser, app: App, person: str, complaints: list[str]) -> Page:
    """A browser of its own for somebody who is logged in through the local Discord."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    # A conflict and a refusal are answers that a browser calls errors.
    watch(page, complaints, besides=("status of 409", "status of 403"))
    await page.goto(f"{app.public_url}/servers")
    await page.locator("select[name=user_id]").select_option(label=person)
    await page.get_by_test_id("authorize").click()
    await expect(page).to_have_url(re.compile(r"/servers"))
    return page


@pytest.mark.browser
async def test_two_people_at_once_on_the_dashboard_lose_nothing(town: Town, app: App) -> None:
    keeper = town.world.create_role(town.guild, "Keeper", permissions=1 << 5, position=2)
    town.guild.members[town.demo.people["bao"].id].roles.append(keeper.id)
    complaints: list[str] = []
    address = f"{app.public_url}/servers/{town.guild.id}"
    async with chromium() as browser:
        ada = await board_of(browser, app, "Ada", complaints)
        bao = await board_of(browser, app, "Bao", complaints)
        for page in (ada, bao):
            await page.goto(f"{address}/settings/wordfilter")
        # Different fields: both stand, without a question.
        await ada.get_by_label("Unwanted words").fill("apple\npear")
        await ada.get_by_role("button", name="Save").click()
        await expect(ada.get_by_role("status")).to_contain_text("Saved.")
        await bao.get_by_label("Warn where").select_option("direct")
        await bao.get_by_role("button", name="Save").click()
        await expect(bao.get_by_role("status")).to_contain_text("Saved.")
        await expect(bao.get_by_label("Unwanted words")).to_have_value("apple\npear")

        # The same field: who is later sees both, and what is in nobody's way is together already.
        await ada.goto(f"{address}/settings/wordfilter")
        await bao.get_by_label("Unwanted words").fill("apple\nplum")
        await bao.get_by_role("button", name="Save").click()
        await expect(bao.get_by_role("status")).to_contain_text("Saved.")
        await ada.get_by_label("Unwanted words").fill("apple\nfig")
        await ada.get_by_role("switch", name="Filter words").check()
        await ada.get_by_role("button", name="Save").click()
        await expect(ada.get_by_role("alert")).to_contain_text("Bao saved while you were typing.")
        await expect(ada.locator("#field-words-theirs")).to_contain_text("plum")
        await expect(ada.locator("#field-words")).to_have_value("apple\nfig")
        await expect(ada.get_by_role("switch", name="Filter words")).to_be_checked()
        await shot(ada, "real-conflict")
        await ada.get_by_role("checkbox", name="Keep theirs").check()
        await ada.get_by_role("button", name="Save").click()
        await expect(ada.get_by_role("status")).to_contain_text("Saved.")
        value = (await app.guild_settings.snapshot(town.guild.id)).get(WordFilterSettings)
        assert (value.enabled, value.words, value.warn_where) == (True, ("apple", "plum"), "direct")

        # And one in Discord at the same time.
        await ada.goto(f"{address}/settings/wordfilter")
        await set_words(town, "bao", "cherry")
        await ada.get_by_role("switch", name="Delete the message").uncheck()
        await ada.get_by_role("button", name="Save").click()
        await expect(ada.get_by_role("status")).to_contain_text("Saved.")
        assert await words(app, town) == ("cherry",)

        # Bao may not change who may change what.
        await bao.goto(f"{address}/settings/access")
        await expect(bao.get_by_text("You may look, but not change these settings.")).to_be_visible()
        await expect(bao.get_by_role("button", name="Save")).to_have_count(0)
        await shot(bao, "real-access-readonly")
        await ada.goto(f"{address}/settings/access")
        await shot(ada, "real-access")
    assert complaints == []


@pytest.mark.browser
async def test_undo_export_and_import_on_the_dashboard(town: Town, app: App, tmp_path: Path) -> None:
    complaints: list[str] = []
    await set_words(town, "ada", "apple")
    await set_words(town, "ada", "apple, pear")
    address = f"{app.public_url}/servers/{town.guild.id}"
    async with chromium() as browser:
        page = await board_of(browser, app, "Ada", complaints)
        await page.goto(address)
        await page.get_by_role("link", name="Export and import").click()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download the settings").click()
        exported = tmp_path / "settings.json"
        await (await download.value).save_as(exported)

        await page.get_by_role("link", name="History", exact=True).click()
        await page.get_by_role("button", name="Undo change 2").click()
        await expect(page.get_by_role("status")).to_contain_text("Change #2 is undone.")
        assert await words(app, town) == ("apple",)
        await shot(page, "real-history")
        # Discord shows it, too, and can take it back.
        shown = (await settings(town, "ada", "history")).embeds[0]["fields"]
        assert "removed pear" in shown[0]["value"]
        assert "(dashboard)" in shown[0]["value"]

        await page.get_by_role("link", name="Export and import").click()
        await page.get_by_label("File of settings").set_input_files(exported)
        await page.get_by_role("button", name="Show what it changes").click()
        await expect(page.locator("ins")).to_have_text(["pear"])
        # Somebody else saves between the look and the press: nothing is done unseen.
        await set_words(town, "ada", "plum")
        await page.get_by_role("button", name="Import now").click()
        await expect(page.get_by_role("alert")).to_contain_text("since you looked")
        await expect(page.locator("del")).to_have_text(["plum"])
        assert await words(app, town) == ("plum",)
        await shot(page, "real-import-moved")
        await page.get_by_role("button", name="Import now").click()
        await expect(page.get_by_role("status")).to_contain_text("Imported.")
        assert await words(app, town) == ("apple", "pear")
    assert complaints == []


@pytest.mark.browser
async def test_a_file_is_imported_from_the_chat_page(town: Town, app: App, tmp_path: Path) -> None:
    complaints: list[str] = []
    await set_words(town, "ada", "apple")
    exported = tmp_path / "settings.json"
    exported.write_bytes(msgspec.json.encode(await app.guild_settings.export(town.guild.id)))
    await set_words(town, "ada", "plum")
    async with chromium() as browser:
        chat = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
        watch(chat, complaints)
        await chat.goto(f"{town.emulator.url}/#/{town.guild.id}/{town.channel('general').id}?as=ada")
        await chat.get_by_test_id("composer").press_sequentially("/settings import")
        await chat.locator('[data-testid="picker-item"][data-label="/settings import"]').click()
        await chat.locator('[data-testid="command-option"][data-name="file"]').set_input_files(exported)
        await chat.locator('[data-testid="command-add"][data-name="confirm"]').click()
        await chat.locator('[data-testid="picker-item"][data-label="True"]').click()
        await chat.get_by_test_id("command-send").click()
        await expect(chat.get_by_test_id("message").last).to_contain_text("Imported.")
        await shot(chat, "real-chat-import")
    assert await words(app, town) == ("apple",)
    assert complaints == []
