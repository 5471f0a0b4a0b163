"""The chat page in a browser: switching users, sending, reading, markdown, reactions, replies, edits."""

import re

import pytest
from playwright.async_api import expect

from tests.discord_emulator.chat.conftest import Scene, message, say, shot

pytestmark = pytest.mark.browser

MARKED = """# Title
**bold** *slanted* __under__ ~~gone~~ `code` ||hidden||
> quoted
- one
- two
```py
print("<b>")
```
[a link](https://example.com/x) <t:1700000000:R> <script>alert(1)</script>"""


async def test_becoming_another_user_and_seeing_each_other_live(scene: Scene) -> None:
    ada = await scene.open("ada")
    bao = await scene.open("ada")
    await bao.get_by_test_id("user-switcher").click()
    await bao.locator('[data-testid="user-option"][data-username="bao"]').click()
    await expect(bao.get_by_test_id("user-switcher")).to_contain_text("Bao")
    await expect(bao.get_by_test_id("channel-title")).to_have_text("general")
    await say(ada, "Hello from Ada")
    await expect(message(bao, "Hello from Ada").get_by_test_id("message-content")).to_have_text("Hello from Ada")
    await say(bao, "Hi Ada, hi @ada\nsecond line")
    await expect(message(ada, "second line")).to_contain_text("Hi Ada")
    await expect(ada.get_by_test_id("composer")).to_have_value("")
    await shot(ada, "talking")
    await bao.reload()
    await expect(bao.get_by_test_id("user-switcher")).to_contain_text("Bao")
    await expect(message(bao, "Hello from Ada")).to_be_visible()


async def test_an_unread_channel_and_a_mention_are_marked(scene: Scene) -> None:
    ada = await scene.open("ada", channel="help")
    bao = await scene.open("bao")
    composer = bao.get_by_test_id("composer")
    await composer.press_sequentially("look @ad")
    await bao.locator('[data-testid="picker-item"][data-label="Ada"]').click()
    await composer.press("Enter")
    await expect(message(bao, "look @Ada").locator(".mention")).to_have_text("@Ada")
    general = ada.locator('[data-testid="channel"][data-name="general"]')
    await expect(general).to_have_class(re.compile("unread"))
    await expect(general.locator(".count")).to_have_text("1")
    await expect(ada).to_have_title(re.compile(r"^\(1\)"))
    await shot(ada, "unread")
    await general.click()
    await expect(message(ada, "look @Ada")).to_have_class(re.compile("mentioned"))
    await expect(general.locator(".count")).to_have_count(0)


async def test_markdown_is_shown_and_text_is_never_markup(scene: Scene) -> None:
    page = await scene.open("ada")
    await say(page, MARKED)
    shown = message(page, "Title").get_by_test_id("message-content")
    await expect(shown.locator("h3")).to_have_text("Title")
    for tag, text in (("strong", "bold"), ("em", "slanted"), ("u", "under"), ("s", "gone"), ("blockquote", "quoted")):
        await expect(shown.locator(tag)).to_have_text(text)
    await expect(shown.locator("code").first).to_have_text("code")
    await expect(shown.locator("pre")).to_have_text('print("<b>")')
    await expect(shown.locator("li")).to_have_text(["one", "two"])
    await expect(shown.locator("a")).to_have_attribute("href", "https://example.com/x")
    await expect(shown.locator("time")).to_have_text(re.compile("ago"))
    await expect(shown).to_contain_text("<script>alert(1)</script>")
    assert await page.locator("#messages script").count() == 0
    spoiler = shown.locator(".spoiler")
    await spoiler.click()
    await expect(spoiler).to_have_class(re.compile("shown"))
    await shot(page, "markdown")


async def test_reactions_toggle_and_count_for_everybody(scene: Scene) -> None:
    ada, bao = await scene.open("ada"), await scene.open("bao")
    await say(ada, "react to this")
    row = message(bao, "react to this")
    await row.hover()
    await row.get_by_test_id("add-reaction").click()
    await bao.locator('[data-testid="emoji"][data-emoji="🎉"]').click()
    reaction = message(ada, "react to this").get_by_test_id("reaction")
    await expect(reaction).to_have_text("🎉1")
    await expect(reaction).to_have_attribute("aria-pressed", "false")
    await reaction.click()
    await expect(reaction).to_have_text("🎉2")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    await shot(ada, "reactions")
    await reaction.click()
    await expect(reaction).to_have_text("🎉1")


async def test_reply_edit_and_delete(scene: Scene) -> None:
    ada, bao = await scene.open("ada"), await scene.open("bao")
    await say(ada, "first draft")
    row = message(bao, "first draft")
    await row.hover()
    await row.get_by_test_id("reply").click()
    await expect(bao.get_by_test_id("reply-bar")).to_contain_text("Ada")
    await say(bao, "an answer")
    await expect(message(ada, "an answer").get_by_test_id("reply-line")).to_contain_text("first draft")
    await ada.get_by_test_id("composer").press("ArrowUp")
    await ada.get_by_test_id("edit-box").fill("final text")
    await ada.get_by_test_id("edit-box").press("Enter")
    edited = bao.get_by_test_id("message").filter(has=bao.locator(".edited"))
    await expect(edited.get_by_test_id("message-content")).to_have_text("final text (edited)")
    await expect(message(bao, "an answer").get_by_test_id("reply-line")).to_contain_text("final text")
    own = ada.get_by_test_id("message").filter(has=ada.locator(".edited"))
    await own.hover()
    await shot(ada, "reply")
    await own.get_by_test_id("delete").click()
    await ada.get_by_test_id("confirm-yes").click()
    await expect(edited).to_have_count(0)


async def test_typing_is_shown_and_members_are_grouped(scene: Scene) -> None:
    ada, bao = await scene.open("ada"), await scene.open("bao")
    await bao.get_by_test_id("composer").press_sequentially("hm")
    await expect(ada.locator("#typing")).to_have_text("Bao is typing…")
    await expect(ada.locator(".member-group").first).to_contain_text("Tester — 1")
    await expect(ada.locator('[data-testid="member"][data-name="Tester"]').get_by_test_id("bot-tag")).to_be_visible()
    await ada.locator('[data-testid="member"][data-name="dara"]').click()
    await expect(ada.get_by_test_id("profile")).to_contain_text("Moderator")
    await shot(ada, "profile")


async def test_a_direct_message(scene: Scene) -> None:
    ada, bao = await scene.open("ada"), await scene.open("bao")
    await ada.locator('[data-testid="member"][data-name="bao"]').click()
    await ada.get_by_test_id("open-dm").click()
    await expect(ada.get_by_test_id("channel-title")).to_have_text("Bao")
    await say(ada, "just between us")
    await bao.get_by_test_id("home").click()
    await bao.locator('[data-testid="channel"][data-name="Ada"]').click()
    await expect(message(bao, "just between us")).to_be_visible()


@pytest.mark.parametrize("resumable", [True, False], ids=["resumed", "started afresh"])
async def test_a_dropped_connection_comes_back_and_misses_nothing(scene: Scene, *, resumable: bool) -> None:
    page = await scene.open("ada")
    await page.get_by_test_id("composer").fill("half a thought")
    await page.evaluate("window.first = document.querySelector('[data-testid=message]')")
    ada = scene.demo.people["ada"].id
    gateway = scene.emulator.gateway
    hit = gateway.drop(user_id=ada) if resumable else gateway.invalidate(resumable=False, user_id=ada)
    assert hit == 1
    guild = scene.demo.guilds["Pixel Harbour"]
    general = scene.demo.world.channels[guild.system_channel_id or 0]
    scene.demo.world.create_message(general, scene.demo.people["bao"].id, "said meanwhile")
    await expect(message(page, "said meanwhile")).to_be_visible()
    await expect(page.locator("#connection")).to_be_hidden()
    await expect(page.get_by_test_id("composer")).to_have_value("half a thought")
    if resumable:
        assert await page.evaluate("window.first.isConnected"), "a resumed session keeps what is shown"


async def test_hostile_text_does_not_hold_the_page_up(scene: Scene) -> None:
    page = await scene.open("ada")
    slowest = await page.evaluate(
        """async () => {
            const { markdown } = await import("/chat/markdown.js");
            const context = { store: { users: new Map(), guilds: new Map(), channels: new Map() }, guildId: null };
            let slowest = 0;
            const pieces = ["*", "_*", "**_", "||*", "[", "[a](", "`", "``` ", "~~_", "> ", "<@", "__*a", "- ", "# "];
            for (const piece of pieces) {
                const start = performance.now();
                markdown(piece.repeat(4096 / piece.length), context);
                slowest = Math.max(slowest, performance.now() - start);
            }
            return slowest;
        }"""
    )
    assert slowest < 1000


async def test_a_stream_of_messages_keeps_the_page_quick_and_bounded(scene: Scene) -> None:
    page = await scene.open("ada")
    guild = scene.demo.guilds["Pixel Harbour"]
    general = scene.demo.world.channels[guild.system_channel_id or 0]
    people = list(scene.demo.people.values())
    for number in range(600):
        scene.demo.world.create_message(general, people[number % len(people)].id, f"line {number}")
    await expect(message(page, "line 599")).to_be_visible()
    assert await page.get_by_test_id("message").count() == 200
    await page.locator("#scroller").evaluate("node => { node.scrollTop = 0; }")
    await expect(page.get_by_test_id("message").filter(has_text="line 360")).to_have_count(1)
    await expect(page.locator("#jump")).to_be_visible()
    scene.demo.world.create_message(general, people[0].id, "the newest")
    await expect(page.locator("#jump")).to_contain_text("1 new message")
    await page.locator("#jump").click()
    await expect(message(page, "the newest")).to_be_in_viewport()


async def test_the_light_theme_is_kept(scene: Scene) -> None:
    page = await scene.open("ada")
    await page.get_by_test_id("theme").click()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.get_by_test_id("message").first).to_be_visible()
    await shot(page, "light")
