"""The chat page in a browser: slash commands, buttons, menus, forms and answers that only one person sees."""

import re

import pytest
from playwright.async_api import expect

from tests.discord_emulator.chat.conftest import Scene, command, message, shot

pytestmark = pytest.mark.browser


async def test_a_command_is_found_filled_in_and_answered(scene: Scene) -> None:
    page, other = await scene.open("ada"), await scene.open("bao")
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/")
    await expect(page.get_by_test_id("picker-item").first).to_be_visible()
    await shot(page, "picker")
    await composer.press_sequentially("ech")
    await expect(page.get_by_test_id("picker-item")).to_have_count(1)
    await expect(page.get_by_test_id("picker-item")).to_contain_text("Say something back")
    await composer.press("Enter")
    field = page.locator('[data-testid="command-option"][data-name="text"]')
    await expect(field).to_be_focused()
    await field.press("Enter")
    await expect(page.get_by_test_id("command-hint")).to_have_text("text: is required")
    await field.fill("good morning")
    await page.locator('[data-testid="command-add"][data-name="times"]').click()
    times = page.locator('[data-testid="command-option"][data-name="times"]')
    await times.fill("9")
    await times.press("Enter")
    await expect(page.get_by_test_id("command-hint")).to_have_text("times: must be at most 5")
    await times.fill("2")
    await page.locator('[data-testid="command-add"][data-name="tone"]').click()
    await page.locator('[data-testid="picker-item"][data-label="Loud"]').click()
    await page.locator('[data-testid="command-add"][data-name="who"]').click()
    who = page.locator('[data-testid="command-option"][data-name="who"]')
    await who.press_sequentially("bao")
    await shot(page, "options")
    await who.press("Enter")
    await who.press("Enter")
    answer = message(page, "You said:")
    await expect(answer).to_contain_text("good morning")
    await expect(answer.get_by_test_id("command-header")).to_have_text(re.compile("Ada used /echo"))
    await expect(message(other, "You said:")).to_be_visible()
    assert [o["value"] for o in scene.bot.seen[-1]["data"]["options"]] == [
        "good morning",
        2,
        "loud",
        str(scene.demo.people["bao"].id),
    ]


async def test_subcommands_carry_their_path(scene: Scene) -> None:
    page = await scene.open("ada")
    await command(page, "settings role add", role="Regular")
    answer = message(page, "Path: role")
    await expect(answer.get_by_test_id("command-header")).to_have_text(re.compile("used /settings role add"))
    group = scene.bot.seen[-1]["data"]["options"][0]
    assert (group["type"], group["name"], group["options"][0]["name"]) == (2, "role", "add")
    assert group["options"][0]["options"][0]["name"] == "role"


async def test_autocomplete_suggests_while_typing(scene: Scene) -> None:
    page = await scene.open("ada")
    await page.get_by_test_id("composer").press_sequentially("/fruit ")
    field = page.locator('[data-testid="command-option"][data-name="name"]')
    await field.press_sequentially("ap")
    await expect(page.get_by_test_id("picker-item")).to_have_text(["Apple", "Apricot"])
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(field).to_have_value("Apricot")
    await field.press("Enter")
    await expect(message(page, "A fine apricot")).to_be_visible()


async def test_buttons_update_fail_and_open_links(scene: Scene) -> None:
    page = await scene.open("ada")
    await command(page, "panel")
    panel = message(page, "Control panel")
    await expect(panel.get_by_test_id("embed")).to_contain_text("Latency")
    await shot(page, "panel")
    await expect(panel.get_by_test_id("button").filter(has_text="Off")).to_be_disabled()
    await expect(panel.get_by_test_id("button").filter(has_text="Docs")).to_have_attribute(
        "href", "https://example.com/docs"
    )
    await panel.get_by_test_id("button").filter(has_text="Dead").click()
    await expect(panel.get_by_test_id("interaction-failed")).to_be_visible()
    await panel.get_by_test_id("button").filter(has_text="Press me").click()
    await expect(panel.get_by_test_id("message-content")).to_contain_text("Pressed by ada")
    await expect(panel.get_by_test_id("interaction-failed")).to_have_count(0)


async def test_menus_send_what_was_chosen(scene: Scene) -> None:
    page = await scene.open("ada")
    await command(page, "panel")
    colours, person = page.get_by_test_id("select").nth(0), page.get_by_test_id("select").nth(1)
    await colours.click()
    await page.get_by_test_id("select-option").filter(has_text="Red").click()
    await page.get_by_test_id("select-option").filter(has_text="Blue").click()
    await shot(page, "select")
    await page.keyboard.press("Escape")
    await expect(message(page, "Chosen: red, blue")).to_be_visible()
    await person.click()
    await page.locator(".select-search").fill("chi")
    await page.locator(".select-search").press("Enter")
    await expect(message(page, f"Chosen: {scene.demo.people['chidi'].id}")).to_be_visible()


async def test_a_form_is_checked_and_sent(scene: Scene) -> None:
    page = await scene.open("ada")
    await command(page, "panel")
    await page.get_by_test_id("button").filter(has_text="Form").click()
    modal = page.get_by_test_id("modal")
    await expect(modal).to_be_visible()
    await modal.locator('[data-custom-id="title"]').fill("no")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_contain_text("Must be at least 3 characters.")
    await modal.locator('[data-custom-id="title"]').fill("Nice bot")
    await modal.locator('[data-custom-id="details"]').fill("keep going")
    await shot(page, "modal")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    await expect(message(page, "Thanks: Nice bot / keep going")).to_be_visible()


async def test_an_ephemeral_answer_is_seen_by_one_and_dismissed(scene: Scene) -> None:
    ada, bao = await scene.open("ada"), await scene.open("bao")
    await command(ada, "secret")
    secret = message(ada, "Between us")
    await expect(secret.get_by_test_id("ephemeral-note")).to_contain_text("Only you can see this")
    await shot(ada, "ephemeral")
    await command(bao, "ping")
    await expect(message(bao, "Pong!")).to_be_visible()
    await expect(bao.get_by_test_id("message").filter(has_text="Between us")).to_have_count(0)
    await secret.get_by_test_id("dismiss").click()
    await expect(ada.get_by_test_id("message").filter(has_text="Between us")).to_have_count(0)


async def test_a_slow_answer_thinks_and_a_missing_one_fails(scene: Scene) -> None:
    page = await scene.open("ada")
    await command(page, "think")
    await expect(message(page, "Tester is thinking…")).to_be_visible()
    await command(page, "silent")
    note = page.get_by_test_id("pending-command")
    await expect(note.get_by_test_id("interaction-failed")).to_have_text("The application did not respond")
    await shot(page, "thinking")
    await scene.bot.finish_thinking("Forty-two")
    await expect(message(page, "Forty-two")).to_be_visible()
    await expect(page.get_by_test_id("message").filter(has_text="thinking")).to_have_count(0)


async def test_layout_components_and_files_are_shown(scene: Scene) -> None:
    page = await scene.open("ada")
    guild = scene.demo.guilds["Pixel Harbour"]
    general = scene.demo.world.channels[guild.system_channel_id or 0]
    card = {
        "type": 17,
        "accent_color": 0xF0B232,
        "components": [
            {"type": 10, "content": "## Release\nIt is **out**."},
            {"type": 14, "divider": True},
            {
                "type": 9,
                "components": [{"type": 10, "content": "Read what changed"}],
                "accessory": {"type": 2, "style": 1, "label": "Read", "custom_id": "dead"},
            },
        ],
    }
    scene.demo.world.create_message(general, scene.demo.bot.id, components=[card], flags=1 << 15)
    await expect(message(page, "Release").locator("h4")).to_have_text("Release")
    await expect(message(page, "Release").get_by_test_id("button")).to_have_text("Read")
    await page.locator('.composer-slot input[type="file"]').set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    )
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("attachment").last).to_contain_text("notes.txt")
    await expect(page.get_by_test_id("attachment").last).to_contain_text("5 bytes")
    await shot(page, "layout")
